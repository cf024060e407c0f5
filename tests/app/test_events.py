"""GET /bff/events in process: who is let in, how many, and what a stream looks like."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from bff.adapters.closing import ProcessClosing
from bff.endpoints.dependencies import BrowserCookies, Request, Surroundings
from bff.endpoints.events import SessionEvents
from bff.errors import (
    MethodNotAllowed,
    RateLimited,
    SessionExpired,
    SessionRequired,
    SessionRevoked,
)
from bff.flows.access import Presented
from bff.flows.watch import HEARTBEAT, Told, WatchFlow
from bff.session.model import SessionKey

Steps = Callable[[], AsyncIterator[Told]]


class Page:
    """One open stream, and what came over it."""

    def __init__(self, events: SessionEvents, method: str = "GET") -> None:
        self.left = asyncio.Event()
        self._news = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        scope: dict[str, Any] = {"method": method, "headers": [], "client": None}
        work = events(scope, self._receive, self._send, Request(scope, "req_12345678", 0.0))
        self.task = asyncio.create_task(work)

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self._news.set()

    async def until(self, text: str) -> None:
        """Until ``text`` has come."""
        async with asyncio.timeout(5):
            while text not in self.text:
                self._news.clear()
                await self._news.wait()

    @property
    def text(self) -> str:
        """All that came."""
        return b"".join(message.get("body", b"") for message in self.sent).decode()


def events_over(
    steps: Steps, *, key: str | None = "k", per_session: int = 2, per_process: int = 3
) -> tuple[SessionEvents, ProcessClosing]:
    """The endpoint over a scripted flow."""
    presented = Presented(SessionKey(key), 0, 0.0, "s_other") if key else None
    closing = ProcessClosing()

    def watch(shown: Presented) -> AsyncIterator[Told]:
        assert shown.pinned_ref is None
        return steps()

    flow = cast("WatchFlow", SimpleNamespace(watch=watch))
    cookies = cast("BrowserCookies", SimpleNamespace(presented=lambda _request: presented))
    around = cast("Surroundings", SimpleNamespace(https=True))
    limits = {"per_session": per_session, "per_process": per_process}
    return SessionEvents(flow, cookies, around, closing, **limits), closing


async def forever() -> AsyncIterator[Told]:
    """A session to which nothing happens."""
    yield Told("hello", "s_1")
    await asyncio.Event().wait()


@pytest.mark.req("N56", "S16")
async def test_a_stream_says_hello_what_happens_and_the_end() -> None:
    """The public reference and a reason, nothing else; then it is over."""

    async def steps() -> AsyncIterator[Told]:
        yield Told("hello", "s_1")
        yield HEARTBEAT
        yield Told("refreshed", "s_1")
        yield Told("changed", "s_1", "claims")
        raise SessionRevoked("admin")

    events, _ = events_over(steps)
    page = Page(events)
    assert await page.task == 200
    assert page.text == (
        "retry: 3000\n\n"
        'event: hello\ndata: {"ref":"s_1","reason":null}\n\n'
        ": still here\n\n"
        'event: refreshed\ndata: {"ref":"s_1","reason":null}\n\n'
        'event: changed\ndata: {"ref":"s_1","reason":"claims"}\n\n'
        'event: ended\ndata: {"ref":"s_1","reason":"revoked"}\n\n'
    )
    headers = dict(page.sent[0]["headers"])
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert headers[b"cache-control"] == b"no-store"
    assert page.sent[-1] == {"type": "http.response.body", "body": b""}
    assert events.open == 0


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (SessionExpired("idle"), "idle_timeout"),
        (SessionRevoked("idp_logout"), "idp_logout"),
        (SessionRequired("signed_out"), "signed_out"),
        (SessionRequired("replaced"), "replaced"),
        (SessionRequired(), "unknown"),
    ],
)
async def test_the_end_is_told_in_the_clients_words(error: Exception, word: str) -> None:
    """Closed vocabulary; ``replaced`` is a sign-in elsewhere in the same browser."""

    async def steps() -> AsyncIterator[Told]:
        yield Told("hello", "s_1")
        raise error

    page = Page(events_over(steps)[0])
    await page.task
    assert msgspec.json.decode(page.text.rpartition("data: ")[2]) == {"ref": "s_1", "reason": word}


async def test_nobody_is_told_anything_without_a_session() -> None:
    """A problem, before anything was sent; another method is refused too."""

    async def over() -> AsyncIterator[Told]:
        for told in (SessionRequired("signed_out"), HEARTBEAT):
            if isinstance(told, Exception):
                raise told
            yield told

    for steps, key, method, error in (
        (forever, None, "GET", SessionRequired),
        (over, "k", "GET", SessionRequired),
        (forever, "k", "POST", MethodNotAllowed),
    ):
        events, _ = events_over(steps, key=key)
        page = Page(events, method)
        with pytest.raises(error):
            await page.task
        assert page.sent == []
        assert events.open == 0


async def test_a_page_that_leaves_frees_its_place() -> None:
    """Two places for a session: the third page is refused, and let in when one has left."""
    events, _ = events_over(forever)
    pages = [Page(events), Page(events)]
    for page in pages:
        await page.until("hello")
    with pytest.raises(RateLimited):
        await Page(events).task
    pages[0].left.set()
    await pages[0].task
    third = Page(events)
    await third.until("hello")
    assert events.open == 2
    for page in (pages[1], third):
        page.left.set()
        await page.task
    assert events.open == 0


async def test_a_process_holds_so_many_and_no_more() -> None:
    """Over all sessions."""
    events, _ = events_over(forever, per_session=9, per_process=1)
    page = Page(events)
    await page.until("hello")
    with pytest.raises(RateLimited):
        await Page(events).task
    page.left.set()
    await page.task


async def test_a_process_that_leaves_lets_everybody_go() -> None:
    """The stream ends whole, and no new one begins."""
    events, closing = events_over(forever)
    page = Page(events)
    await page.until("hello")
    closing.begin()
    assert await page.task == 200
    assert page.sent[-1] == {"type": "http.response.body", "body": b""}
    with pytest.raises(RateLimited):
        await Page(events).task
