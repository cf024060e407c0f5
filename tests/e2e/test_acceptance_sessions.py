"""Acceptance, sessions: their ends, several tabs, sign-in over a page that stays. The numbers are the list's own."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.acceptance import (
    ENDED,
    PATIENCE_MS,
    calls,
    deaf,
    dialog,
    end_session,
    good_weather,
    sign_in,
    sign_in_popup,
    until,
)
from tests.e2e.processes import Stack

NewContext = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def _good_weather(stack: Stack) -> None:
    """No fault survives its test."""
    good_weather(stack)


def fill_and_save(page: Page) -> None:
    """The long form, and Save."""
    form = page.get_by_test_id("lead-form")
    form.get_by_label("Name", exact=True).fill("Katherine Johnson")
    form.get_by_label("Company").fill("Langley")
    form.get_by_label("E-mail").fill("katherine@langley.example")
    form.get_by_label("What did you talk about?").fill("Trajectories")
    form.get_by_role("button", name="Save lead").click()


@pytest.mark.req("S4", "S15", "N53")
def test_14_a_form_survives_the_end_of_its_session_and_save_completes(
    page: Page, stack: Stack
) -> None:
    """The session is over, Save waits, a window signs in again, and the lead is there once."""
    deaf(page.context)
    sign_in(page, to="/leads/new")
    end_session(stack, "ada")
    fill_and_save(page)
    dialog(page, ENDED)
    expect(page.get_by_label("What did you talk about?")).to_have_value("Trajectories")
    sign_in_popup(page, "Ada")
    expect(page.get_by_test_id("lead-row").filter(has_text="Katherine Johnson")).to_have_count(
        1, timeout=PATIENCE_MS
    )
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert calls(stack, "POST /leads") == 1


@pytest.mark.req("S4", "S16")
def test_15_somebody_else_signing_in_sends_nothing_of_the_first(page: Page, stack: Stack) -> None:
    """Grace in the window: Ada's lead stays unsent, and the page asks what to do."""
    deaf(page.context)
    sign_in(page, to="/leads/new")
    end_session(stack, "ada")
    fill_and_save(page)
    dialog(page, ENDED)
    sign_in_popup(page, "Grace")
    dialog(page, "Different account")
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    assert calls(stack, "POST /leads") == 0


@pytest.mark.req("N56", "S16")
def test_16_a_sign_out_in_one_tab_covers_the_other(page: Page) -> None:
    """Within a second, as the second tab's own clock says."""
    sign_in(page)
    other = page.context.new_page()
    other.goto("/see")
    expect(other.get_by_test_id("user-name")).to_be_visible()
    other.evaluate(
        """() => { window.endedAt = new Promise((resolve) => new MutationObserver(
            () => document.querySelector('dialog[open]') && resolve(Date.now())
        ).observe(document, { subtree: true, childList: true, attributes: true })) }"""
    )
    left: list[float] = []
    page.on(
        "response",
        lambda answer: left.append(time.time()) if answer.url.endswith("/bff/logout") else None,
    )
    page.get_by_test_id("sign-out").click()
    dialog(other, ENDED)
    ended_at = other.evaluate("window.endedAt") / 1000
    until(lambda: bool(left), "the sign-out was never answered")
    assert ended_at - left[0] < 1.0


@pytest.mark.req("N56", "N58", "S16")
def test_16_a_sign_out_everywhere_is_seen_in_another_browser(
    page: Page, stack: Stack, new_context: NewContext
) -> None:
    """No channel between the two: session events bring it, through another process."""
    names = stack.bffs
    second = names.get("bff-events") or stack.add_bff("bff-events")
    elsewhere = new_context().new_page()
    sign_in(elsewhere, origin=second.url)
    sign_in(page, to="/profile")
    page.get_by_role("button", name="Sign out everywhere").click()
    dialog(elsewhere, ENDED)
    expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.req("N58", "S16")
def test_16_another_browser_is_signed_out_from_the_list_of_ones_own(
    page: Page, new_context: NewContext
) -> None:
    """The profile names where one is signed in; the one that is ended there says so by itself."""
    elsewhere = new_context().new_page()
    sign_in(elsewhere, "Alan")
    sign_in(page, "Alan", to="/profile")
    mine = page.get_by_test_id("my-sessions")
    expect(mine.get_by_role("listitem")).to_have_count(2)
    mine.get_by_role("button", name="End it").click()
    dialog(elsewhere, ENDED)
    expect(mine.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_test_id("user-name")).to_contain_text("Alan")


@pytest.mark.req("N56", "N105")
def test_18_back_after_a_sign_out_shows_nothing(page: Page) -> None:
    """The shell is neither stored nor restored with somebody in it."""
    sign_in(page, to="/leads")
    shell = page.reload()
    assert shell is not None
    assert shell.headers["cache-control"] == "no-store"
    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=PATIENCE_MS)
    page.evaluate("setTimeout(() => history.back(), 0)")
    expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("lead-row")).to_have_count(0)
    expect(page.get_by_test_id("user-name")).to_have_count(0)


@pytest.mark.req("S16")
def test_19_a_laptop_that_slept_past_its_limit_asks_and_goes_on(page: Page) -> None:
    """The server says the session lives: nothing is lost."""
    page.clock.install()
    sign_in(page, to="/leads/new")
    page.get_by_label("What did you talk about?").fill("Half a sentence")
    with page.expect_response("**/bff/session") as asked:
        page.clock.fast_forward("25:00:00")
    assert asked.value.json()["authenticated"]
    page.wait_for_function("!document.documentElement.inert")
    expect(page.get_by_role("alertdialog")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    expect(page.get_by_label("What did you talk about?")).to_have_value("Half a sentence")


@pytest.mark.req("S16", "S15")
def test_20_a_laptop_that_slept_too_long_is_told_over_the_intact_page(
    page: Page, stack: Stack
) -> None:
    """The session has gone meanwhile."""
    deaf(page.context)
    page.clock.install()
    sign_in(page)
    end_session(stack, "ada")
    page.clock.fast_forward("25:00:00")
    dialog(page, ENDED)
    expect(page.get_by_test_id("verdict")).to_contain_text("No credential found")


@pytest.mark.req("S16")
@pytest.mark.parametrize("days", [-1, 1])
def test_21_a_wrong_clock_changes_nothing(page: Page, days: int) -> None:
    """A day early or late: signed in, not warned, and as long to go as the server says."""
    page.clock.install(time=datetime.now() + timedelta(days=days))  # noqa: DTZ005  as a browser takes it
    sign_in(page, to="/session")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"^(23:59|24:00|1 d 00:00)")).first).to_be_visible()


@pytest.mark.req("N57", "N106", "S16")
def test_24_a_back_channel_logout_ends_the_page_by_itself(page: Page, stack: Stack) -> None:
    """Nothing was clicked."""
    sign_in(page)
    with page.expect_response("**/bff/events"):
        page.reload()
    expect(page.get_by_test_id("user-name")).to_be_visible()
    end_session(stack, "ada")
    dialog(page, ENDED)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


@pytest.mark.req("S15")
def test_26_a_sign_in_window_works_for_a_page_that_isolates_itself(
    page: Page, stack: Stack
) -> None:
    """Cross-Origin-Opener-Policy: same-origin; the window is never asked whether it is closed."""

    def isolate(route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "cross-origin-opener-policy": "same-origin"}
        route.fulfill(response=answer, headers=headers)

    page.route("**/see", isolate)
    sign_in(page)
    with page.expect_response("**/bff/events"):
        page.reload()
    expect(page.get_by_test_id("user-name")).to_be_visible()
    end_session(stack, "ada")
    dialog(page, ENDED)
    sign_in_popup(page, "Ada")
    expect(page.get_by_role("alertdialog")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


@pytest.mark.req("S15")
def test_27_a_blocked_window_offers_another_way(page: Page, stack: Stack) -> None:
    """Said in words, and one click leads to the redirect."""
    page.add_init_script("window.open = () => null")
    sign_in(page)
    with page.expect_response("**/bff/events"):
        page.reload()
    expect(page.get_by_test_id("user-name")).to_be_visible()
    end_session(stack, "ada")
    box = dialog(page, ENDED)
    page.keyboard.press("Enter")
    expect(box).to_contain_text("blocked", timeout=PATIENCE_MS)


@pytest.mark.req("S5", "N23")
def test_28_a_refused_sign_in_does_not_loop(page: Page) -> None:
    """One navigation to the provider, an error with a reference, and peace."""
    left: list[Any] = []
    page.on("request", lambda request: left.append(1) if "/bff/login" in request.url else None)
    page.goto("/leads")
    page.get_by_test_id("sign-in").click()
    page.get_by_role("button", name=re.compile("Deny")).click()
    expect(page.get_by_role("alert")).to_contain_text("Reference req_")
    page.wait_for_timeout(1000)  # time for a loop to begin
    assert len(left) == 1
    page.reload()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.req("S15", "N56")
def test_30_a_sign_out_that_failed_claims_nothing(page: Page) -> None:
    """The server cannot be reached: the page says so, and tries again when asked."""
    sign_in(page)
    page.route("**/bff/logout", lambda route: route.abort())
    page.get_by_test_id("sign-out").click()
    dialog(page, "You are not signed out yet")
    assert [c["name"] for c in page.context.cookies()].count("__Host-Http-bff") == 1
    page.unroute("**/bff/logout")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=PATIENCE_MS)
    assert "__Host-Http-bff" not in [c["name"] for c in page.context.cookies()]
