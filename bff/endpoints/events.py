"""GET /bff/events: what happens to the page's session, told as it happens (server-sent events).

Plain ASGI, so that a page that leaves and a process that ends are both noticed at once. A page's
EventSource cannot send ``BFF-Session``; the gate lets it in by where it comes from. Nothing is told
that GET /bff/session would not tell: the public reference, and why.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from bff.browser.headers import json_headers
from bff.endpoints.api import Send
from bff.endpoints.dependencies import BrowserCookies, Request, Surroundings
from bff.endpoints.leaving import Receive
from bff.endpoints.problems import ended_reason
from bff.errors import MethodNotAllowed, RateLimited, SessionNotUsable, SessionRequired
from bff.flows.access import Presented
from bff.flows.closing import Closing
from bff.flows.watch import Told, WatchFlow
from bff.session.model import SessionKey

HEARTBEAT = b": still here\n\n"
RECONNECT_MS = 3000
BUSY_SECONDS = 30.0


class SessionEvents:
    """Tells pages; so many at a time for one session, and for this process."""

    def __init__(
        self,
        flow: WatchFlow,
        cookies: BrowserCookies,
        around: Surroundings,
        closing: Closing,
        *,
        per_session: int,
        per_process: int,
    ) -> None:
        """When the ``closing`` begins, every page is let go, and comes back to a process that stays."""
        self._flow = flow
        self._cookies = cookies
        self._around = around
        self._per_session = per_session
        self._per_process = per_process
        self._watching: Counter[SessionKey] = Counter()
        self._closing = closing

    @property
    def open(self) -> int:
        """How many pages are being told right now."""
        return self._watching.total()

    async def __call__(self, scope: Any, receive: Receive, send: Send, request: Request) -> int:  # noqa: ANN401  ASGI's
        """Tell one page, until it leaves, its session ends, or the process does; the status.

        Raises MethodNotAllowed, RateLimited, SessionNotUsable, StoreUnavailable, before anything
        was sent.
        """
        if scope["method"] != "GET":
            raise MethodNotAllowed(("GET",))
        presented = self._cookies.presented(request)
        if presented is None:
            raise SessionRequired
        unpinned = Presented(presented.key, presented.generation, presented.arrived_at)
        with self._seat(presented.key):
            told = _texts(self._flow.watch(unpinned))
            gone = asyncio.create_task(_left(receive))
            closing = asyncio.create_task(self._closing.heard())
            try:
                first = await anext(told)
                await send(self._start(request))
                await send(_piece(b"retry: %d\n\n" % RECONNECT_MS + first))
                await _tell(told, send, {gone, closing})
                if not gone.done():
                    await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()
                closing.cancel()
                await told.aclose()
        return 200

    @contextmanager
    def _seat(self, key: SessionKey) -> Iterator[None]:
        """One of the places there are. A browser keeps few connections; most must stay free."""
        full = self.open >= self._per_process or self._watching[key] >= self._per_session
        if full or self._closing.begun:
            raise RateLimited(BUSY_SECONDS)
        self._watching[key] += 1
        try:
            with self._closing.holding():
                yield
        finally:
            self._watching[key] -= 1
            if not self._watching[key]:
                del self._watching[key]

    def _start(self, request: Request) -> dict[str, Any]:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),  # nginx would hold the events back
            (b"x-request-id", request.id.encode("ascii")),
            *json_headers(https=self._around.https),
        ]
        return {"type": "http.response.start", "status": 200, "headers": headers}


async def _tell(told: AsyncIterator[bytes], send: Send, ends: set[asyncio.Task[Any]]) -> None:
    """Pass on each text until there are no more, or one of ``ends`` has come."""
    while True:
        following = asyncio.ensure_future(anext(told, None))
        done, _ = await asyncio.wait({following, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if following not in done:
            await _stop(following)
            return
        text = following.result()
        if text is None:
            return
        await send(_piece(text))


async def _stop(work: asyncio.Future[Any]) -> None:
    """Cancel until it has ended: a question to the store that is under way may swallow one cancellation."""
    while not work.done():
        work.cancel()
        await asyncio.wait({work}, timeout=0.2)


async def _texts(watching: AsyncIterator[Told]) -> AsyncGenerator[bytes, None]:
    """The stream as text; it ends with ``ended``.

    Raises what the watching raises before anything was said.
    """
    ref = ""
    try:
        async for told in watching:
            ref = told.ref or ref
            yield HEARTBEAT if told.what == "heartbeat" else _event(told.what, ref, told.reason)
    except SessionNotUsable as error:
        if not ref:
            raise
        yield _event("ended", ref, _word(error))


def _word(error: SessionNotUsable) -> str:
    """Why it ended, in the client's words; ``replaced`` when the browser signed in anew."""
    reason = getattr(error, "reason", None)
    return "replaced" if reason == "replaced" else ended_reason(error) or "unknown"


def _event(name: str, ref: str, reason: str | None) -> bytes:
    data = msgspec.json.encode({"ref": ref, "reason": reason})
    return b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), data)


def _piece(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _left(receive: Receive) -> None:
    """Until the page has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
