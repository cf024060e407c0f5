"""Acceptance, every page: accessible, usable by keyboard, small or enlarged, within its policy.

The numbers are the list's own.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acceptance import ENDED, PAGES, axe, dialog, end_session, good_weather, sign_in
from tests.e2e.processes import Stack

VIOLATIONS = """() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI} on ${location.pathname}`));
}"""


@pytest.fixture(autouse=True)
def _good_weather(stack: Stack) -> None:
    """No fault survives its test."""
    good_weather(stack)


def settled(page: Page, path: str) -> None:
    """The page is there, and what it loads has come."""
    page.goto(path)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


@pytest.mark.req("S15")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_31_axe_finds_nothing_on_any_page(page: Page, scheme: str) -> None:
    """Contrast included, in both schemes; the landing page, then each page inside, the log open."""
    page.emulate_media(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    page.goto("/")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert axe(page) == []
    sign_in(page)
    found = {}
    for path in PAGES:
        settled(page, path)
        page.get_by_role("button", name="Request log").click()
        if wrong := axe(page):
            found[path] = wrong
    assert found == {}


@pytest.mark.req("S15")
def test_31_the_dialogs_have_nothing_wrong_either(page: Page, stack: Stack) -> None:
    """Delete, not signed out, ended, switched; the expiry dialog is looked at where it is waited for."""
    sign_in(page, to="/leads/lead-1")
    page.get_by_role("button", name="Delete").click()
    dialog(page, "Delete Inga Sveinsdóttir?")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    page.route("**/bff/logout", lambda route: route.abort())
    page.get_by_test_id("sign-out").click()
    dialog(page, "You are not signed out yet")
    assert axe(page) == []
    page.unroute("**/bff/logout")
    page.reload()
    expect(page.get_by_test_id("user-name")).to_be_visible()
    other = page.context.new_page()
    sign_in(other, "Grace")
    dialog(page, "Different account")
    assert axe(page) == []
    end_session(stack, "grace")
    dialog(other, ENDED)
    assert axe(other) == []


@pytest.mark.req("S15")
def test_31_everything_can_be_done_from_the_keyboard(page: Page, stack: Stack) -> None:
    """Skip link, navigation, a form, a dialog and back; the focus is always seen."""
    page.goto("/")
    button = page.get_by_test_id("sign-in")
    expect(button).to_be_visible()
    _tab_to(page, "Sign in")
    assert button.evaluate("(e) => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Ada Lovelace")).to_be_visible()
    _tab_to(page, "Ada Lovelace")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    _tab_to(page, "Aurora Design Summit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Aurora Design Summit")).to_be_visible()
    expect(page.locator("main")).to_be_focused()
    _tab_to(page, "Inga Sveinsdóttir")
    page.keyboard.press("Enter")
    _tab_to(page, "Delete")
    page.keyboard.press("Enter")
    dialog(page, "Delete Inga Sveinsdóttir?")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_be_focused()
    end_session(stack, "ada")
    box = dialog(page, ENDED)
    expect(box.get_by_role("button").first).to_be_focused()


@pytest.mark.req("S15", "S16")
def test_31_the_dialogs_are_answered_from_the_keyboard(page: Page) -> None:
    """A sign-out that failed is left again; of two accounts one is chosen. Tab goes round inside, Escape answers nothing."""
    sign_in(page)
    page.route("**/bff/logout", lambda route: route.abort())
    page.get_by_test_id("sign-out").focus()
    page.keyboard.press("Enter")
    box = dialog(page, "You are not signed out yet")
    _tab_to(page, "Back to the page")
    page.keyboard.press("Enter")
    expect(box).to_have_count(0)
    page.unroute("**/bff/logout")

    other = page.context.new_page()
    sign_in(other, "Grace")
    box = dialog(page, "Different account")
    page.keyboard.press("Escape")
    expect(box).to_be_visible()
    expect(box.get_by_role("button", name="Continue as Grace")).to_be_focused()
    _tab_to(page, "Sign out")
    _tab_to(page, "Continue as Grace")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("user-name")).to_contain_text("Grace")
    expect(box).to_have_count(0)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement?.textContent ?? ''")
        if name in focused and len(focused) < 120:
            return
    raise AssertionError(f"{name!r} cannot be reached with Tab")


@pytest.mark.req("N117")
def test_32_the_pages_stay_within_their_policy(page: Page) -> None:
    """No violation is reported on any page: no inline script or style, nothing foreign, no HTML sink."""
    page.add_init_script(f"({VIOLATIONS})()")
    sign_in(page)
    for path in PAGES:
        settled(page, path)
        assert page.evaluate("window.violations") == []
    page.evaluate("() => { try { document.body.innerHTML = '<p>x</p>' } catch { /* refused */ } }")
    page.wait_for_function("window.violations.length > 0")


@pytest.mark.req("S15")
@pytest.mark.parametrize("width", [320, 640])
def test_35_every_page_fits_a_small_or_enlarged_window(page: Page, width: int) -> None:
    """320 px, and 1280 px at 200 %: nothing is cut off sideways."""
    page.set_viewport_size({"width": width, "height": 720})
    page.goto("/")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    excess = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(excess) <= 0
    sign_in(page)
    wide = {}
    for path in PAGES:
        settled(page, path)
        if page.evaluate(excess) > 0:
            wide[path] = page.evaluate(excess)
    assert wide == {}
