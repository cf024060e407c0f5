"""The client library as the server hands it out, in two real tabs: what happens elsewhere is seen here, and nobody polled."""

import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.processes import Stack
from tests.e2e.test_browser import sign_in

PATIENCE_SECONDS = 20
CLIENT = """async () => {
  const { createBffClient } = await import('/bff/client.js')
  globalThis.client = createBffClient({ pollMs: false })
  client.subscribe(() => {})
  await client.session()
}"""
SEEN = """() => { const { status, ended, covered } = client.getSnapshot(); return { status, ended, covered } }"""


def _sees(page: Page, wanted: dict[str, Any]) -> None:
    """Raises AssertionError unless the client in ``page`` comes to this state."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (seen := page.evaluate(SEEN)) != wanted:
        assert time.monotonic() < deadline, seen
        page.wait_for_timeout(50)


@pytest.mark.req("S16", "N57")
def test_an_end_at_the_provider_reaches_an_idle_page_with_its_reason(
    page: Page, stack: Stack
) -> None:
    """The page keeps the work and says who ended it."""
    sign_in(page, "Grace")
    page.evaluate(CLIENT)
    _sees(page, {"status": "authenticated", "ended": None, "covered": False})
    stack.ask("provider", "POST", "/__backchannel-logout", {"sub": "grace"})
    _sees(page, {"status": "ended", "ended": "idp_logout", "covered": False})


@pytest.mark.req("S16", "N56")
def test_a_sign_out_in_one_tab_covers_the_other(page: Page, context: BrowserContext) -> None:
    """And it stays covered: who signed out does not want to be read."""
    sign_in(page)
    other = context.new_page()
    other.goto("/")
    other.evaluate(CLIENT)
    _sees(other, {"status": "authenticated", "ended": None, "covered": False})
    page.get_by_test_id("sign-out").click()
    _sees(other, {"status": "ended", "ended": "signed_out", "covered": True})
    assert other.evaluate("document.documentElement.style.opacity") == "0"
