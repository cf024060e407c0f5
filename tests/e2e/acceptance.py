"""What the acceptance tests of the browser's side share: signing in, a client of the test's own, levers."""

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.processes import ROOT, Stack
from upstream_mocks.provider.authorization import SIGN_IN_COOKIE

PATIENCE_MS = 20_000
PATIENCE_SECONDS = 20.0
STILL = """() => document.getAnimations().every((each) =>
  each.playState === 'finished' || each.effect?.getComputedTiming().iterations === Infinity)"""
"""Nothing fades in or out: halfway, every contrast is too low."""
ENDED = re.compile("signed out|was ended|sign in", re.IGNORECASE)
"""What the dialog of a session that is over may be called, by its reason."""

PAGES = (
    "/",
    "/events",
    "/events/aurora-2026",
    "/leads",
    "/leads/lead-1",
    "/leads/new",
    "/files",
    "/session",
    "/profile",
    "/see",
    "/bench",
)
CLIENT = """async (options) => {
    const { createBffClient } = await import('/bff/client.js');
    window.c = createBffClient(options);
    return (await window.c.session({ fresh: true }))?.ref ?? null;
}"""


def sign_in(page: Page, name: str = "Ada", to: str = "/see", origin: str = "") -> None:
    """Through the provider's page to ``to``; /see asks no API."""
    page.goto(f"{origin}/bff/login?return_to={to}&prompt=login")
    page.get_by_role("button", name=re.compile(name)).click()
    expect(page.get_by_test_id("user-name")).to_contain_text(name)


def own_client(page: Page, **options: Any) -> str:
    """``window.c``: a client of the test's own in the page, with these options; the session's reference."""
    ref: str = page.evaluate(CLIENT, {"sync": False, "activity": "requests", **options})
    return ref


def calls(stack: Stack, what: str) -> int:
    """How often ``what`` ("POST /leads") has reached the API."""
    count: int = stack.ask("api", "GET", "/__stats")["requests"].get(what, 0)
    return count


def renewals(stack: Stack) -> int:
    """How many refresh grants the provider has made."""
    count: int = stack.ask("provider", "GET", "/__stats")["issued"].get("refresh_token", 0)
    return count


def fault(stack: Stack, party: str = "provider", **what: Any) -> None:
    """A bad day begins."""
    stack.ask(party, "POST", "/__faults", what)


def good_weather(stack: Stack) -> None:
    """No fault, no count, the first events and leads."""
    stack.ask("provider", "POST", "/__reset")
    stack.ask("api", "POST", "/__reset")


def until(what: Callable[[], bool], why: str) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def dialog(page: Page, title: str | re.Pattern[str]) -> Locator:
    """The alert dialog of this title, open."""
    found = page.get_by_role("alertdialog", name=title)
    expect(found).to_be_visible(timeout=PATIENCE_MS)
    expect(found.locator(":focus")).to_have_count(1, timeout=PATIENCE_MS)  # it takes keys
    return found


def banner(page: Page) -> Locator:
    """The line that says what does not answer."""
    return page.locator(".bff-banner")


def deaf(context: BrowserContext) -> None:
    """Pages of this context hear no session events, as behind a proxy that holds them back."""
    context.route("**/bff/events", lambda route: route.abort())


def end_session(stack: Stack, sub: str) -> None:
    """The provider ends it, behind the page's back."""
    stack.ask("provider", "POST", "/__backchannel-logout", {"sub": sub})


def sign_in_popup(page: Page, name: str) -> None:
    """Answer the ended dialog from the keyboard: its first button has the focus, and opens a window."""
    page.context.clear_cookies(name=SIGN_IN_COOKIE)  # the provider asks again who it is
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    opened.value.get_by_role("button", name=re.compile(name)).click()


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is, once nothing on it moves any more."""
    source = (ROOT / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    page.evaluate(f"{source};0")
    page.wait_for_function(STILL)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}" for each in found]
