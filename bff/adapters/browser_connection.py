"""The browser's end of a connection: uvicorn's HTTP/1.1 protocol, with a short cut before it.

A call that needs no decision is sent on its way here, without a scope, a task or a message. All
other requests, and all reading of them, are uvicorn's. Besides, what uvicorn leaves unbounded is
bounded: the length of a head, and the time it may take.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bff.adapters.deadline import Deadline

HEAD_OCTETS = 64 * 1024
"""How long a request head may be."""

HEAD_FIELDS = 128
"""How many fields it may have."""

HEAD_SECONDS = 20.0
"""How long it may take, from its first octet to its last."""

LAST_LOOK_SECONDS = 0.05
"""How long an ending connection is listened to once more when its time is up: what is on its way arrives."""

_CUT = (b"GET ", b"HEAD ")


class BegunCall(Protocol):
    """A call on its way to its API."""

    def give_up(self) -> None:
        """The API learns that nobody waits."""
        ...


class ShortCut(Protocol):
    """Begins calls that need no decision."""

    def begin(self, browser: Any, peer: str, data: bytes) -> BegunCall | None:  # noqa: ANN401
        """Send the request that ``data`` is on its way; None: it is for the app."""
        ...

    def left(self, begun: Any) -> None:  # noqa: ANN401  what begin gave
        """The browser did not wait."""
        ...


class Closing(Protocol):
    """Whether this process is about to end, and for how long idle connections may still ask."""

    begun: bool
    linger_seconds: float


class BrowserConnection(HttpToolsProtocol):
    """One connection of a browser, or of the proxy before us.

    While a call is on the short cut, uvicorn's parser stands where it stood: between two requests.
    A connection that is ending answers what it is asked, and says so in the answer: its browser asks
    on a new one next (RFC 9112, section 9.6).
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  uvicorn's
        """Take what uvicorn gives; the app says whether there is a short cut."""
        super().__init__(*arguments, **named)
        self._short_cut: ShortCut | None = getattr(self.app, "direct", None)
        self._closing: Closing | None = getattr(self.app, "closing", None)
        self._peer = ""
        self._deadline = Deadline(self.loop, self._time_is_up)
        self._head_octets = 0
        self._in_message = self._in_head = self._too_large = False
        # On the short cut: the call, its request, and what came after it.
        self._call: BegunCall | None = None
        self._asked = b""
        self._early = b""
        self._carried: Mapping[str, BegunCall] = {}
        self.ending = self._looked = False

    # ------------------------------------------------------------------ called by the transport

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  uvicorn's
        """It is open; whoever says nothing is not waited for."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._deadline.set(self.timeout_keep_alive)
        if self._closing is not None and self._closing.begun:
            self.ending = True  # the server may have told the others already
            self._deadline.set(max(self._closing.linger_seconds, 1.0))

    def data_received(self, data: bytes) -> None:
        """Octets from the browser."""
        if self._call is not None:
            self._early += data
            self.flow.pause_reading()
            return
        if data.startswith(_CUT) and self._short_cut is not None and self._between():
            call = self._short_cut.begin(self, self._peer, data)
            if call is not None:
                self._call, self._asked = call, data
                self._deadline.clear()
                self._unset_keepalive_if_required()
                return
        self._read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._deadline.stop()
        call, self._call = self._call, None
        if call is not None and self._short_cut is not None:
            self._short_cut.left(call)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: after the next answer that can say so, or when it was idle for a while."""
        self.ending = True
        cycle: RequestResponseCycle | None = self.cycle
        if self._call is not None:
            return
        if cycle is not None and not cycle.response_complete:
            if not (cycle.response_started and self._linger_seconds):
                cycle.keep_alive = False
        elif not self._in_message:
            self._linger()

    # ------------------------------------------------------------------ called by the short cut

    @property
    def server_fields(self) -> list[tuple[bytes, bytes]]:
        """The date, renewed each second."""
        return self.server_state.default_headers

    def answer(self, data: bytes) -> None:
        """A whole response, as it is written."""
        self._call, self._asked = None, b""
        self.server_state.total_requests += 1
        self.transport.write(data)
        if self.ending:
            self.transport.close()
            return
        self._deadline.set(self.timeout_keep_alive)
        self._go_on()

    def hand_over(self, carried: Mapping[str, BegunCall]) -> None:
        """The app answers the request; ``carried`` is what its scope tells it of the call that was begun."""
        data, self._call, self._asked = self._asked, None, b""
        self._carried = carried
        self._read(data)
        if self._carried:  # uvicorn does not read what the short cut read
            self._carried = {}
            for begun in carried.values():
                begun.give_up()
            self.transport.close()
            return
        if self.ending:
            self.shutdown()
        self._go_on()

    # ------------------------------------------------------------------ called by uvicorn's parser

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_message = self._in_head = True
        self._deadline.set(HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field, without the space behind its value (RFC 9110, section 5.5)."""
        super().on_header(name, value.rstrip(b" \t"))
        if len(self.headers) > HEAD_FIELDS:
            self._too_large = True
            raise ValueError(HEAD_FIELDS)

    def on_headers_complete(self) -> None:
        """Its head is here. A target that is no path is for proxies that we are not (RFC 9112, section 3.2)."""
        if not self.url.startswith(b"/"):
            raise ValueError("target")
        self._in_head = False
        self._head_octets = 0
        self._deadline.clear()  # uvicorn's own timer from here
        cast("dict[str, object]", self.scope).update(self._carried)
        self._carried = {}
        super().on_headers_complete()
        if self.ending and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """So is its body."""
        self._in_message = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Its answer is written."""
        super().on_response_complete()
        if self.ending and not self.transport.is_closing() and not self.pipeline:
            self._linger()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP, or more of it than is read."""
        if self._too_large:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        super()._start_asgi_task(cycle, partial(_dated_once, app, cycle))

    # ------------------------------------------------------------------ within

    def _between(self) -> bool:
        """Whether the last request has its answer, and nothing of the next was read."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return (
            not self._in_message
            and (cycle is None or cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.ending
        )

    @property
    def _linger_seconds(self) -> float:
        return self._closing.linger_seconds if self._closing is not None else 0.0

    def _linger(self) -> None:
        """Wait whether one more request comes, which can be told that it is the last."""
        self._unset_keepalive_if_required()
        self._deadline.set(self._linger_seconds)

    def _time_is_up(self) -> None:
        """Nothing came, or not all of a head."""
        if self.ending and not (self._looked or self._in_message):
            self._looked = True
            self._deadline.set(LAST_LOOK_SECONDS)
        else:
            self.timeout_keep_alive_handler()

    def _read(self, data: bytes) -> None:
        """Let uvicorn read it, unless a head has become too long."""
        super().data_received(data)
        if self._in_head:
            self._head_octets += len(data)
            if self._head_octets > HEAD_OCTETS and not self.transport.is_closing():
                self._refuse_head()

    def _refuse_head(self) -> None:
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            b"content-length: 0\r\nconnection: close\r\n\r\n"
        )
        self.transport.close()

    def _go_on(self) -> None:
        """What came while the call was on its way."""
        early, self._early = self._early, b""
        if early:
            self.flow.resume_reading()
            self.data_received(early)


async def _dated_once(
    app: Any,  # noqa: ANN401  ASGI's
    cycle: RequestResponseCycle,
    scope: Any,  # noqa: ANN401
    receive: Any,  # noqa: ANN401
    send: Any,  # noqa: ANN401
) -> None:
    """The app, whose own Date (that of an API) takes the place of the server's (RFC 9110, section 6.6.1)."""

    async def sending(message: Any) -> None:  # noqa: ANN401
        if message["type"] == "http.response.start" and any(
            name == b"date" for name, _ in message.get("headers", ())
        ):
            cycle.default_headers = [
                field for field in cycle.default_headers if field[0] != b"date"
            ]
        await send(message)

    await app(scope, receive, sending)
