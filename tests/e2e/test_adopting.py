"""docs/adopting.md and the client's README, as a newcomer follows them: every block is taken from the page, built, and run."""

import re

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.e2e import foreign_app
from tests.e2e.acceptance import PATIENCE_MS, end_session
from tests.e2e.processes import Bff, Stack
from upstream_mocks.provider.authorization import SIGN_IN_COOKIE


@pytest.fixture(scope="module")
def adopted(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Bff:
    """A BFF before a foreign app, built with the packed client."""
    dist = foreign_app.make(tmp_path_factory.mktemp("foreign"))
    return stack.add_bff("adopted", {"app.static_dir": str(dist)})


@pytest.mark.req("S14", "S15")
def test_ten_lines_put_a_foreign_react_app_behind_the_bff(
    adopted: Bff, context: BrowserContext
) -> None:
    """Signed in by redirect, one call to the API, signed out: no step that the page does not say."""
    page = context.new_page()
    page.goto(adopted.url)
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_role("heading", name="Orders of Ada")).to_be_visible(timeout=PATIENCE_MS)
    assert page.locator(".bff-banner").bounding_box()["height"] == 0  # type: ignore[index]
    page.get_by_role("button", name="Call").click()
    expect(page.locator("output")).to_have_text("200", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name=re.compile("Ada"))).to_be_visible(timeout=PATIENCE_MS)
    assert "__Host-Http-bff" not in [cookie["name"] for cookie in context.cookies()]


@pytest.mark.req("S14", "S15")
def test_the_recipe_without_a_bundler_runs_as_it_is_printed(
    adopted: Bff, stack: Stack, context: BrowserContext
) -> None:
    """Sign-in by its button; its dialog when the session ends; its sign-in window, and it closes."""
    page = context.new_page()
    page.goto(f"{adopted.url}/plain.html")
    page.get_by_role("button", name="Sign in", exact=True).click()
    with page.expect_response("**/bff/events", timeout=PATIENCE_MS):
        page.get_by_role("button", name=re.compile("Grace")).click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_hidden()
    end_session(stack, "grace")
    over = page.get_by_role("dialog")
    expect(over).to_be_visible(timeout=PATIENCE_MS)
    context.clear_cookies(name=SIGN_IN_COOKIE)  # the provider asks again who it is
    with page.expect_popup() as opened:
        over.get_by_role("button", name="Sign in again").click()
    opened.value.get_by_role("button", name=re.compile("Grace")).click()
    expect(over).to_be_hidden(timeout=PATIENCE_MS)


@pytest.mark.req("S5", "S15")
def test_28_three_redirects_that_led_nowhere_are_the_last(
    adopted: Bff, context: BrowserContext
) -> None:
    """A sign-in that comes back with nobody signed in, as where cookies are refused: a button, and no loop."""
    led: list[str] = []

    def lead_back(route: Route) -> None:
        led.append(route.request.url)
        route.fulfill(status=302, headers={"location": adopted.url})

    context.route("**/bff/login?*", lead_back)
    page = context.new_page()
    page.goto(adopted.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(500)  # time for one more
    assert len(led) == 3
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=PATIENCE_MS)
    assert len(led) == 3
