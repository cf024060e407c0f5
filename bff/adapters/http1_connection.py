"""One HTTP/1.1 connection to an API: one request at a time, back-pressure both ways (RFC 9112).

Written by hand over asyncio, because a general client costs more than the rest of a proxied call
together. Two rules keep it small: a connection about which anything is doubtful is closed, and
nothing is retried here.
"""

import asyncio
import select
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Protocol, cast

from bff.adapters.deadline import Deadline
from bff.adapters.http1_body import ResponseBody
from bff.adapters.http1_response import ResponseReader
from bff.errors import ResourceServerResponseInvalid, ResourceServerTimedOut
from bff.resource.messages import Fields
from bff.resource.routes import Timeouts

HIGH_WATER = 256 * 1024
"""Bytes of body that may wait for the browser before we stop reading from the API."""


class ConnectionStale(Exception):
    """A connection that had served before was closed without a byte of this response."""


class Keeper(Protocol):
    """Who looks after connections while they are not in use."""

    def release(self, connection: "Connection") -> None:
        """It may carry another request."""
        ...

    def lost(self, connection: "Connection") -> None:
        """It is gone."""
        ...


class Listener(Protocol):
    """Who waits for a response head: a future, or whoever can be told as one is."""

    def done(self) -> bool:
        """Whether it was told already."""
        ...

    def set_result(self, result: tuple[int, Fields], /) -> None:
        """The head is here; if the whole response is, the connection is free again."""
        ...

    def set_exception(self, exception: BaseException, /) -> None:
        """There will be none."""
        ...

    def exception(self) -> BaseException | None:
        """What it was told; a future then does not complain that nobody asked."""
        ...


class Connection(asyncio.Protocol):
    """A connection, idle or in the middle of one exchange."""

    def __init__(self, loop: asyncio.AbstractEventLoop, keeper: Keeper, keep_alive: float) -> None:
        self._loop = loop
        self._keeper = keeper
        self._keep_alive = keep_alive
        self._reader = ResponseReader()
        self._deadline = Deadline(loop, self._expired)
        self._poll = select.poll()
        self._closed = False
        self._served = False
        self._writable: asyncio.Future[None] | None = None
        self._reading_paused = False
        # The exchange under way; there is none while the body is None.
        self._body: ResponseBody | None = None
        self._upload: asyncio.Task[None] | None = None
        self._sent = True

    @property
    def closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._closed or self._transport.is_closing()

    def usable(self) -> bool:
        """Whether an idle connection is still open, as far as this machine knows at this moment.

        Anything to read on it, an end of input included, is news that nobody asked for. (Not so on
        a new one: a TLS server's session tickets may be on their way.)
        """
        return not (self.closing or self._poll.poll(0))

    def begin(
        self, head: bytes, listener: Listener, *, head_only: bool, timeouts: Timeouts
    ) -> ResponseBody:
        """Send a whole request, of which ``head`` is all, or the beginning of one.

        ``listener`` is told of the response head.
        """
        self._timeouts = timeouts
        self._reader.begin(head_only=head_only)
        self._body = body = ResponseBody(self, self._loop)
        self._head = listener
        self._transport.write(head)
        self._deadline.set(timeouts.first_byte)
        return body

    def upload(self, pieces: AsyncGenerator[bytes, None], body: ResponseBody) -> None:
        """Send the rest of the request while the response may already be coming."""
        self._sent = False
        self._upload = self._loop.create_task(self._send(pieces))
        self._upload.add_done_callback(partial(self._uploaded, body))

    def abandon(self, body: ResponseBody) -> None:
        """Nobody waits for the response any more."""
        self._fail(body, ResourceServerResponseInvalid("abandoned"))

    def close(self) -> None:
        """Close it; a response under way breaks off."""
        if self._body is not None:
            self.abandon(self._body)
        else:
            self._transport.abort()

    def taken(self) -> None:
        """The body's buffer is empty again."""
        if self._reading_paused:
            self._resume_reading()
            self._deadline.set(self._timeouts.idle)

    # ------------------------------------------------------------------ called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Bytes from the API."""
        body, reader = self._body, self._reader
        if body is None:
            self._transport.abort()
            return
        try:
            reader.feed(data)
        except ResourceServerResponseInvalid as error:
            self._fail(body, error)
            return
        if not reader.status:
            return
        if reader.pieces:
            body.add(reader.pieces)
            reader.pieces = []
        if reader.complete:
            self._finish(body)
            return
        if body.size <= HIGH_WATER:
            self._deadline.set(self._timeouts.idle)
        else:
            self._reading_paused = True
            self._transport.pause_reading()
            self._deadline.clear()  # the browser is slow, not the API
        if not self._head.done():
            self._head.set_result((reader.status, reader.fields))

    def eof_received(self) -> None:
        """The API has said all: whatever we have not sent yet will not be read."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._closed = True
        body = self._body
        if body is not None:
            if exc is None and self._reader.end_of_input():
                self._finish(body)
            elif self._served and self._reader.silent:
                self._fail(body, ConnectionStale())
            else:
                self._fail(body, ResourceServerResponseInvalid("truncated"))
        self._deadline.stop()
        self.resume_writing()
        self._keeper.lost(self)

    def pause_writing(self) -> None:
        """The API reads more slowly than we write."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # ------------------------------------------------------------------ within

    async def _send(self, pieces: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(pieces):
            async for piece in pieces:
                self._transport.write(piece)
                self._deadline.set(self._timeouts.idle)
                if self._writable is not None:
                    await self._writable

    def _uploaded(self, body: ResponseBody, upload: asyncio.Task[None]) -> None:
        """The rest of the request is sent, or never will be."""
        if upload.cancelled():
            return
        error = upload.exception()
        if upload is not self._upload:  # the exchange is over
            return
        if error is not None:
            self._fail(body, error)
            return
        self._sent = True
        self._upload = None
        if not self._head.done():
            self._deadline.set(self._timeouts.first_byte)

    def _finish(self, body: ResponseBody) -> None:
        """The response is complete; whoever hears of it may use the connection at once."""
        reader, listener = self._reader, self._head
        told = (reader.status, reader.fields)
        self._body = None
        body.end()
        reusable = reader.reusable and self._sent and not self._closed
        self._stop_upload()
        self._served = True
        self._resume_reading()
        if reusable:
            self._deadline.set(self._keep_alive)
            self._keeper.release(self)
        else:
            self._transport.abort()
        if not listener.done():
            listener.set_result(told)

    def _fail(self, body: ResponseBody, error: BaseException) -> None:
        """There will be no complete response."""
        self._body = None
        self._stop_upload()
        body.end(error)
        self._transport.abort()
        if not self._head.done():
            self._head.set_exception(error)
            self._head.exception()  # whoever waited may have left

    def _stop_upload(self) -> None:
        upload, self._upload = self._upload, None
        self._sent = True
        if upload is not None:
            upload.cancel()

    def _resume_reading(self) -> None:
        if self._reading_paused and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()

    def _expired(self) -> None:
        """Nothing came for too long; or the connection was idle for long enough."""
        if self._body is None:
            self._transport.abort()
        else:
            self._fail(self._body, ResourceServerTimedOut())
