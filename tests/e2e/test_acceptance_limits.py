"""Acceptance, limits that are short enough to be waited for, and a Redis that goes away. The numbers are the list's own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.acceptance import PATIENCE_MS, axe, banner, dialog, own_client, sign_in
from tests.e2e.processes import Bff, Stack

NewContext = Callable[..., BrowserContext]
IDLE_SECONDS = 40
HIDDEN = """() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Bff, Bff]]:
    """One BFF whose sessions end after forty idle seconds, one whose sessions end after forty seconds."""
    stack = Stack(tmp_path_factory.mktemp("short"))
    idle = {"session.idle_seconds": IDLE_SECONDS, "session.touch_interval_seconds": 2}
    try:
        stack.start()
        yield (
            stack,
            stack.add_bff("idle", idle),
            stack.add_bff("absolute", {**idle, "session.absolute_seconds": IDLE_SECONDS}),
        )
    finally:
        stack.end()


@pytest.mark.req("S3", "S15", "S16", "N53", "N54")
def test_12_and_13_typing_stays_silence_is_warned_and_the_absolute_limit_offers_no_more(
    short: tuple[Stack, Bff, Bff], new_context: NewContext
) -> None:
    """Three browsers wait together: one types, one is silent in two tabs, one reaches its last second."""
    _, idle, absolute = short
    typist = new_context().new_page()
    silent = new_context().new_page()
    last = new_context().new_page()
    sign_in(last, origin=absolute.url)
    sign_in(silent, "Grace", origin=idle.url)
    second = silent.context.new_page()
    second.goto(f"{idle.url}/see")
    expect(second.get_by_test_id("user-name")).to_be_visible()
    sign_in(typist, "Alan", to="/leads/new", origin=idle.url)
    began = time.monotonic()
    field, warned = typist.get_by_label("What did you talk about?"), False
    while time.monotonic() - began < IDLE_SECONDS + 5:
        field.press_sequentially("on and on ", delay=20)
        typist.wait_for_timeout(500)
        if not warned and silent.get_by_role("alertdialog").count():
            warned = True
            _extend_in_one_tab(silent, second)
            _absolute_end(last)
    assert warned
    expect(typist.get_by_role("alertdialog")).to_have_count(0)
    assert own_client(typist)


def _extend_in_one_tab(silent: Page, second: Page) -> None:
    """The button of one tab closes the dialog of both."""
    dialog(second, "Are you still there?")
    assert axe(silent) == []
    expect(silent.get_by_role("button", name="Stay signed in")).to_be_focused()
    silent.keyboard.press("Enter")
    for page in (silent, second):
        expect(page.get_by_role("alertdialog")).to_have_count(0, timeout=PATIENCE_MS)


def _absolute_end(last: Page) -> None:
    """Nothing to extend."""
    expect(last.get_by_role("alertdialog")).to_be_visible(timeout=PATIENCE_MS)
    expect(last.get_by_role("button", name="Stay signed in")).to_have_count(0)
    assert axe(last) == []


@pytest.mark.req("N53", "S16")
def test_25_a_hidden_page_does_not_keep_its_session_alive(
    short: tuple[Stack, Bff, Bff], new_context: NewContext
) -> None:
    """Redis's own word: calls of a hidden page leave ``touch`` alone, calls of a visible one move it."""
    stack, idle, _ = short
    page = new_context().new_page()
    sign_in(page, "Ada", origin=idle.url)
    ref = own_client(page)
    store: Any = redis.Redis(port=stack.redis_port)
    name = next(
        key
        for key in store.scan_iter("bff:*:session")
        if f'"ref":"{ref}"'.encode() in store.hget(key, "core")
    )
    page.wait_for_timeout(2500)  # longer than the interval at which use is recorded
    before = store.hget(name, "touch")
    page.evaluate(HIDDEN)
    assert page.evaluate("async () => (await c.fetch('/api/me')).status") == 200
    page.wait_for_timeout(500)
    assert store.hget(name, "touch") == before
    page.evaluate("() => { delete document.visibilityState; delete document.hidden }")
    assert page.evaluate("async () => (await c.fetch('/api/me')).status") == 200
    deadline = time.monotonic() + 10
    while store.hget(name, "touch") == before:
        assert time.monotonic() < deadline, "use was never recorded"
        time.sleep(0.05)
    store.close()


AWAY = """() => fetch('/api/events', {headers: {'BFF-Session': 'any'}}).then((a) => a.status === 503)"""
"""The loss of Redis is noticed: a copy held in the process answers until then, a second at most."""


@pytest.mark.req("S5", "N123")
def test_08_redis_goes_away_and_comes_back(
    short: tuple[Stack, Bff, Bff], new_context: NewContext
) -> None:
    """A banner, then everything as before."""
    stack, idle, _ = short
    page = new_context().new_page()
    sign_in(page, to="/events", origin=idle.url)
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    stack.keep()
    stack.kill("redis")
    page.wait_for_function(AWAY)
    page.get_by_role("button", name="Reload").click()
    expect(banner(page)).to_contain_text("Service not responding", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    stack.restart("redis")
    expect(banner(page)).to_be_empty(timeout=2 * PATIENCE_MS)
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_test_id("event-card").first).to_be_visible(timeout=PATIENCE_MS)
