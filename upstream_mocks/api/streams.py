"""Bytes in quantity, both ways, in constant memory; a client that leaves is noticed and counted."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import WebSocket, asgi, websocket
from litestar.types import Receive, Scope, Send

from upstream_mocks.api import answers
from upstream_mocks.api.party import Api, api_of, header_pairs, token_of
from upstream_mocks.api.query import number, query_of

# Byte i of a download is i % 251: prime, so that no power of two repeats it.
PERIOD = 251
BLOCK = bytes(range(PERIOD)) * 256
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
BYTES = ("content-type", "application/octet-stream")


async def body_of(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body, piece by piece; ends early if the client leaves."""
    more = True
    while more:
        message: Any = await receive()
        if message["type"] != "http.request":
            return
        yield message.get("body", b"")
        more = message.get("more_body", False)


class Listener:
    """The client at the other end, as long as it is there."""

    def __init__(self, api: Api, receive: Receive) -> None:
        self._api = api
        self._gone = asyncio.ensure_future(self._left(receive))

    async def _left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    @property
    def here(self) -> bool:
        """Whether anybody still listens."""
        return not self._gone.done()

    async def pause(self, seconds: float) -> bool:
        """Wait; whether anybody still listens then."""
        if seconds > 0:
            waiting = asyncio.ensure_future(self._api.pause(seconds))
            try:
                await asyncio.wait({waiting, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
        else:
            await asyncio.sleep(0)
        return self.here

    def close(self) -> None:
        """The answer is over; count the client if it left before."""
        if self._gone.done():
            self._api.stats.abandoned += 1
        self._gone.cancel()


@asynccontextmanager
async def listening(scope: Scope, receive: Receive) -> AsyncIterator[Listener]:
    """While an answer is being made."""
    listener = Listener(api_of(scope), receive)
    try:
        yield listener
    finally:
        listener.close()


@asgi("/slow", copy_scope=False)
async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer after ``seconds`` (default 1)."""
    seconds = number(query_of(scope), "seconds", 1.0)
    async with listening(scope, receive) as listener:
        if await listener.pause(seconds):
            await answers.json(send, {"waited": seconds})


@asgi("/stream", copy_scope=False)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """``chunks`` (default 10) of ``size`` bytes (default 1024), ``interval`` seconds apart."""
    query = query_of(scope)
    size, interval = int(number(query, "size", 1024)), number(query, "interval", 0)
    async with listening(scope, receive) as listener:
        await answers.start(send, 200, [BYTES, answers.NO_STORE])
        for _ in range(int(number(query, "chunks", 10))):
            await answers.part(send, b"x" * size)
            if not await listener.pause(interval):
                return
        await answers.part(send, b"", more=False)


@asgi("/sse", copy_scope=False)
async def sse(scope: Scope, receive: Receive, send: Send) -> None:
    """``count`` events (default 10), ``interval`` seconds apart, going on after Last-Event-ID."""
    query = query_of(scope)
    fields = {name.lower(): value for name, value in header_pairs(scope)}
    last = fields.get("last-event-id", "")
    first = int(last) + 1 if last.isdecimal() else 1
    interval = number(query, "interval", 0)
    async with listening(scope, receive) as listener:
        await answers.start(send, 200, [("content-type", "text/event-stream"), answers.NO_STORE])
        for n in range(first, first + int(number(query, "count", 10))):
            await answers.part(send, f'id: {n}\nevent: tick\ndata: {{"n": {n}}}\n\n'.encode())
            if not await listener.pause(interval):
                return
        await answers.part(send, b"", more=False)


@asgi("/upload", copy_scope=False)
async def upload(scope: Scope, receive: Receive, send: Send) -> None:
    """How many bytes came, and their digest."""
    del scope
    length, pieces, digest = 0, 0, hashlib.sha256()
    async for piece in body_of(receive):
        length, pieces = length + len(piece), pieces + 1
        digest.update(piece)
    await answers.json(send, {"bytes": length, "pieces": pieces, "sha256": digest.hexdigest()})


@asgi("/download", copy_scope=False)
async def download(scope: Scope, receive: Receive, send: Send) -> None:
    """``size`` bytes (default 1 MiB), or a single range of them (RFC 9110, section 14)."""
    size = int(number(query_of(scope), "size", 1024 * 1024))
    fields = {name.lower(): value for name, value in header_pairs(scope)}
    span, status = range(size), 200
    headers = [BYTES, answers.NO_STORE, ("accept-ranges", "bytes"), ("etag", f'"{size}"')]
    if "range" in fields:
        asked = asked_range(fields["range"], size)
        if asked is None:
            unsatisfied = ("content-range", f"bytes */{size}")
            await answers.whole(send, 416, b"", [*headers, unsatisfied])
            return
        span, status = asked, 206
        headers.append(("content-range", f"bytes {span.start}-{span.stop - 1}/{size}"))
    async with listening(scope, receive) as listener:
        await answers.start(send, status, [*headers, ("content-length", str(len(span)))])
        for at in range(span.start, span.stop, len(BLOCK)):
            await answers.part(send, bytes_from(at, min(len(BLOCK), span.stop - at)))
            if not listener.here:
                return
        await answers.part(send, b"", more=False)


def bytes_from(start: int, length: int) -> bytes:
    """At most a block of the endless download."""
    offset = start % PERIOD
    return (BLOCK + BLOCK[:PERIOD])[offset : offset + length]


def asked_range(field: str, size: int) -> range | None:
    """One range of bytes; None if there is nothing in it, or it asks for several."""
    match = RANGE.fullmatch(field)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        stop = min(size, int(match[2]) + 1) if match[2] else size
    return range(start, stop) if start < stop else None


@websocket("/ws")
async def echo_socket(socket: WebSocket[Any, Any, Any]) -> None:
    """Sends back what comes.

    The text "close:CODE" closes; "push:COUNT:SIZE" sends so many texts; "leak" the bearer token.
    """
    offered = socket.scope.get("subprotocols") or []
    await socket.accept(subprotocols=offered[0] if offered else None)
    while True:
        message: Any = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text: str | None = message.get("text")
        if text is None:
            await socket.send_bytes(message["bytes"])
        elif text.startswith("close:"):
            await socket.close(int(text.removeprefix("close:")), "as asked")
            return
        elif text.startswith("push:"):
            _, count, size = text.split(":")
            for _ in range(int(count)):
                await socket.send_text("x" * int(size))
        elif text == "leak":
            await socket.send_text(token_of(socket.scope) or "")
        else:
            await socket.send_text(text)
