"""The console with fifty thousand sessions (acceptance case 34): totals right, paging complete while others come."""

import asyncio
import random
import threading
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect
from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.settings import values
from bff.settings.model import Settings
from bff.settings.read import load_settings
from tests.benchmarks.lists_load import AT_ONCE, a_session
from tests.e2e.processes import Stack
from tests.e2e.test_console import open_console

THERE, COMING = 50_000, 2_000
WALK = """async () => {
  const refs = []
  let cursor = '', total = 0
  do {
    const answer = await fetch('/bff/console/api/sessions?limit=200&cursor=' + cursor, { headers: { 'BFF-Session': 'any' } })
    const page = await answer.json()
    refs.push(...page.rows.map(row => row.ref))
    cursor = page.next
    total = page.total
  } while (cursor)
  return [refs, total]
}"""
FIRST_PAGE_MS = 300  # the median of nine, on whatever machine this is
FIRST = """async () => {
  const took = []
  for (let round = 0; round < 9; round++) {
    const start = performance.now()
    const answer = await fetch('/bff/console/api/sessions?limit=50', { headers: { 'BFF-Session': 'any' } })
    await answer.json()
    took.push(performance.now() - start)
  }
  return took.sort((a, b) => a - b)[4]
}"""


async def begin(port: int, settings: Settings, numbers: range) -> None:
    """Sessions as sign-ins make them, some hundred at a time; they began within the last day."""
    dice, key, prefix = random.Random(numbers.start), values.lookup_key(settings), "bff"
    record = SessionRecord(values.seal(settings), key, dice.randbytes)
    async with Redis(port=port, protocol=2, max_connections=AT_ONCE) as redis:
        store = RedisSessionStore(
            redis,
            record,
            RedisNews(redis, channel(prefix)),
            limits=values.session_limits(settings),
            lookup_key=key,
            prefix=prefix,
        )
        for start in range(numbers.start, numbers.stop, AT_ONCE):
            some = range(start, min(start + AT_ONCE, numbers.stop))
            made = [
                a_session(number, settings.provider.issuer, time.time(), dice, key)
                for number in some
            ]
            await asyncio.gather(*map(store.create, made))


def beginning(stack: Stack, settings: Settings, numbers: range) -> threading.Thread:
    """The same beside the test, whose own event loop is the browser's."""
    work = threading.Thread(
        target=lambda: asyncio.run(begin(stack.redis_port, settings, numbers)), daemon=True
    )
    work.start()
    return work


@pytest.mark.req("S11")
def test_34_fifty_thousand_sessions_are_counted_and_walked(
    new_stack: Callable[..., Stack], new_context: Callable[..., BrowserContext]
) -> None:
    """Everyone who was there is met once, whoever comes meanwhile; the total is exact; the first page comes in time."""
    stack = new_stack()
    bff = stack.add_bff("bff")
    text = (stack.folder / "bff.toml").read_text()
    settings, _ = load_settings(text, {}, lambda name: name)
    beginning(stack, settings, range(THERE)).join()
    page = new_context().new_page()
    open_console(page, origin=bff.url)
    page.goto(f"{bff.url}/bff/console/sessions")
    expect(page.get_by_text("showing 50 of 50,001")).to_be_visible()
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_text("showing 100 of 50,001")).to_be_visible()
    assert page.evaluate(FIRST) < FIRST_PAGE_MS

    comers = beginning(stack, settings, range(THERE, THERE + COMING))
    refs, _ = page.evaluate(WALK)
    comers.join()
    assert len(refs) == len(set(refs))
    assert {f"s_{number:022d}" for number in range(THERE)} <= set(refs)
    page.reload()
    expect(page.get_by_text("showing 50 of 52,001")).to_be_visible()
