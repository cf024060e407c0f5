"""GET /api/... without a task of its own: judged, sent and answered in the callbacks of the two connections.

Only for what :class:`~bff.endpoints.api.ApiEndpoint` would let pass without a decision, and with the
same rules, applied by the same functions. Whatever else turns up goes to the gate, before anything
was sent, or with what was begun (:class:`Begun`).
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from bff.browser.headers import transport_headers
from bff.endpoints.dependencies import BrowserCookies, Request, Surroundings
from bff.endpoints.origin import CURRENT
from bff.endpoints.reading import Reading, Readings
from bff.endpoints.request_line import RequestLine, RequestLines
from bff.flows.access import Presented
from bff.flows.direct_call import DirectAnswer, DirectCall, DirectCallFlow
from bff.resource.messages import field_lines
from bff.session.handle import Handle

BEGUN = "bff.begun"
"""Where a scope carries the :class:`Begun` call that the gate is to go on with."""

LEFT = 499
"""What the log says of a browser that did not wait."""

_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b"
    % (status, HTTPStatus(status).phrase.encode("ascii") if status in set(HTTPStatus) else b"")
    for status in range(200, 600)
}
_WITHOUT_CONTENT = frozenset({204, 304})


class Browser(Protocol):
    """The browser's connection."""

    @property
    def ending(self) -> bool:
        """Whether it is to be closed after this answer."""
        ...

    @property
    def server_fields(self) -> list[tuple[bytes, bytes]]:
        """What a response of ours says of the server: its date."""
        ...

    def answer(self, data: bytes) -> None:
        """A whole response, as it is written."""
        ...

    def hand_over(self, carried: "Mapping[str, Begun]") -> None:
        """Let the gate answer the request, with this in its scope."""
        ...


class Begun:
    """A call on its way: sent, not yet answered. Told when there is more to know of it."""

    __slots__ = (
        "_calls",
        "arrived_at",
        "browser",
        "call",
        "line",
        "peer",
        "presented",
        "reading",
        "request_id",
    )

    call: DirectCall

    def __init__(
        self,
        calls: "DirectCalls",
        browser: Browser,
        peer: str,
        line: RequestLine,
        reading: Reading,
        presented: Presented,
        request_id: str,
    ) -> None:
        """``peer`` is the browser's address, ``presented`` what the request, as it was read, shows of a session."""
        self._calls = calls
        self.browser = browser
        self.peer = peer
        self.line = line
        self.reading = reading
        self.presented = presented
        self.request_id = request_id
        self.arrived_at = presented.arrived_at

    def heard(self) -> None:
        """The API has said something, or never will."""
        self._calls.answer(self)

    def give_up(self) -> None:
        """Nobody waits for the API any more."""
        self.call.exchange.give_up()


def begun_call(scope: Any) -> DirectCall | None:  # noqa: ANN401  ASGI's
    """The call that the scope carries."""
    begun: Begun | None = scope.get(BEGUN)
    return None if begun is None else begun.call


class DirectCalls:
    """Begins and answers them."""

    __slots__ = (
        "_access_line",
        "_cookies",
        "_flow",
        "_lines",
        "_new_request_id",
        "_now",
        "_own_lines",
        "_readings",
        "_route_took",
    )

    def __init__(
        self,
        flow: DirectCallFlow,
        readings: Readings,
        cookies: BrowserCookies,
        around: Surroundings,
        new_request_id: Callable[[], str],
    ) -> None:
        """Bind the story to its surroundings."""
        self._flow = flow
        self._lines = RequestLines(around.routes)
        self._readings = readings
        self._cookies = cookies
        self._now = around.clock.now
        self._new_request_id = new_request_id
        self._access_line = around.access_line
        self._route_took = around.route_took
        self._own_lines = field_lines(transport_headers(https=around.https))

    def begin(self, browser: Browser, peer: str, data: bytes) -> Begun | None:
        """Send a call on its way; None: ``data`` is for the gate, and nothing has happened.

        Args:
            browser: where the answer goes.
            peer: its address.
            data: what came, beginning with a request line.
        """
        line, _, block = data.partition(b"\r\n")
        asked = self._lines.read(line)
        if asked is None:
            return None
        reading = self._readings.read(peer, line, block)
        if reading is None:
            return None
        lines = reading.lines_for(asked.route)
        if lines is None:
            return None
        request_id, now = reading.request_id or self._new_request_id(), self._now()
        known = reading.known
        presented = Presented(known.key, known.handle.generation, now, reading.pinned_ref)
        begun = Begun(self, browser, peer, asked, reading, presented, request_id)
        call = self._flow.begin(
            asked.route,
            asked.sent,
            b"%bx-request-id: %b\r\n" % (lines, request_id.encode("ascii")),
            begun.heard,
            presented,
            background=reading.background,
        )
        if call is None:
            return None
        begun.call = call
        return begun

    def _attend(self, begun: Begun, now: float) -> None:
        """Begin what the call leaves to do, as that of its request: events tell where they come from.

        Not before it is over: nobody waits behind what their own call set going. The gate attends
        to what it is handed.
        """
        presented, background = begun.presented, begun.reading.background
        if not self._flow.leaves_something(begun.call, presented, now, background=background):
            return
        scope = {
            "raw_path": begun.line.path.encode(),
            "headers": begun.reading.fields,
            "client": (begun.peer, 0),
        }
        before = CURRENT.set(Request(scope, begun.request_id, begun.arrived_at))
        try:
            self._flow.attend(begun.call, presented, background=background)
        finally:
            CURRENT.reset(before)

    def left(self, begun: Begun) -> None:
        """The browser did not wait: the API learns of it."""
        begun.give_up()
        now = self._now()
        self._log_line(begun, LEFT, now - begun.arrived_at)
        self._attend(begun, now)

    def answer(self, begun: Begun) -> None:
        """Hand on what the API said; or the call to the gate, if that needs a closer look."""
        answer, now = self._flow.answer(begun.call), self._now()
        if answer is None:
            begun.browser.hand_over({BEGUN: begun})
            return
        begun.browser.answer(self._written(begun, answer, now))
        seconds = now - begun.arrived_at
        ref = begun.call.quiet.session.core.ref
        self._route_took(begun.line.route.name, seconds, answer.status, ref)
        self._log_line(begun, answer.status, seconds)
        self._attend(begun, now)

    def _written(self, begun: Begun, answer: DirectAnswer, now: float) -> bytes:
        """Head and body, as :class:`~bff.endpoints.api.ApiEndpoint` has the server write them."""
        status, lines, body = answer.status, answer.lines, answer.body
        own = b"\r\nbff-session-expires: idle=%d, abs=%d\r\n%bx-request-id: %b\r\n" % (
            answer.idle_ends - now,
            answer.absolute_ends - now,
            self._own_lines,
            begun.request_id.encode("ascii"),
        )
        new = begun.call.new_generation
        if new is not None:
            handle = Handle(begun.reading.known.handle.session_id, new)
            cookie = self._cookies.set_session(handle, answer.absolute_ends - now)
            own += b"set-cookie: %b\r\n" % cookie
        if b"\r\ndate: " not in lines:
            own += field_lines(begun.browser.server_fields)
        if (
            b"\r\ncontent-length: " not in lines
            and begun.line.method != "HEAD"
            and status not in _WITHOUT_CONTENT
        ):
            own += b"content-length: %d\r\n" % len(body)
        if begun.browser.ending:
            own += b"connection: close\r\n"
        return b"".join((_STATUS_LINES[status], lines, own, b"\r\n", body))

    def _log_line(self, begun: Begun, status: int, seconds: float) -> None:
        line = begun.line
        self._access_line(begun.request_id, line.method, line.path, status, seconds)
