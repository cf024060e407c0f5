"""GET /api/... without a task: judged, sent and answered in the callbacks of the two connections.

Only for what :class:`~bff.endpoints.api.ApiEndpoint` would let pass without a decision, and with the
same rules, applied by the same functions. Whatever else turns up goes to the gate, before anything
was sent, or with what was begun (:class:`Begun`).
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

from bff.browser.headers import transport_headers
from bff.endpoints.dependencies import Surroundings
from bff.endpoints.reading import Readings
from bff.errors import BffError
from bff.flows.access import Presented
from bff.flows.direct_call import DirectAnswer, DirectCall, DirectCallFlow
from bff.resource.messages import ApiRequest, field_lines

BEGUN = "bff.begun"
"""Where a scope carries the :class:`Begun` call that the gate is to go on with."""

LEFT = 499
"""What the log says of a browser that did not wait."""

_LINE = re.compile(rb"(GET|HEAD) (/api/[!\"$-~]*) HTTP/1\.1")
_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n"
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
    """A call on its way: sent, not yet answered."""

    __slots__ = ("arrived_at", "browser", "call", "method", "path", "request_id")

    call: DirectCall

    def __init__(
        self, browser: Browser, method: str, path: bytes, request_id: str, arrived_at: float
    ) -> None:
        """``arrived_at`` in Unix seconds; ``path`` as it came, without the query."""
        self.browser = browser
        self.method = method
        self.path = path
        self.request_id = request_id
        self.arrived_at = arrived_at

    def give_up(self) -> None:
        """Nobody waits for the API any more."""
        self.call.exchange.give_up()


def begun_call(scope: Any) -> DirectCall | None:  # noqa: ANN401  ASGI's
    """The call that the scope carries."""
    begun: Begun | None = scope.get(BEGUN)
    return None if begun is None else begun.call


class DirectCalls:
    """Begins and answers them."""

    __slots__ = ("_around", "_flow", "_log", "_new_request_id", "_now", "_readings", "_transport")

    def __init__(
        self,
        flow: DirectCallFlow,
        readings: Readings,
        around: Surroundings,
        new_request_id: Callable[[], str],
        log: Any,  # noqa: ANN401  structlog's
    ) -> None:
        """Bind the story to its surroundings."""
        self._flow = flow
        self._readings = readings
        self._around = around
        self._now = around.clock.now
        self._new_request_id = new_request_id
        self._log = log
        self._transport = transport_headers(https=around.https)

    def begin(self, browser: Browser, peer: str, data: bytes) -> Begun | None:
        """Send a call on its way; None: ``data`` is for the gate, and nothing has happened.

        Args:
            browser: where the answer goes.
            peer: its address.
            data: what came, beginning with a request line.
        """
        line, _, block = data.partition(b"\r\n")
        asked = _LINE.fullmatch(line)
        if asked is None:
            return None
        reading = self._readings.read(peer, line, block)
        if reading is None:
            return None
        path, mark, query = asked[2].partition(b"?")
        method = asked[1].decode("ascii")
        try:
            route, inside = self._around.routes.match(method, path)
            lines = reading.lines_for(route)
            if lines is None:
                return None
            request_id, now = reading.request_id or self._new_request_id(), self._now()
            begun = Begun(browser, method, path, request_id, now)
            target = inside + mark + query if query else inside
            fields = [(b"x-request-id", request_id.encode("ascii"))]
            known = reading.known
            call = self._flow.begin(
                route,
                ApiRequest(method, target, fields),
                lines,
                Presented(known.key, known.handle.generation, now, reading.pinned_ref),
                partial(self._heard, begun),
                background=reading.background,
            )
        except BffError:
            return None
        if call is None:
            return None
        begun.call = call
        return begun

    def left(self, begun: Begun) -> None:
        """The browser did not wait: the API learns of it."""
        begun.give_up()
        self._log_line(begun, LEFT, self._now() - begun.arrived_at)

    def _heard(self, begun: Begun) -> None:
        answer = self._flow.answer(begun.call)
        written = None if answer is None else self._written(begun, answer)
        if answer is None or written is None:
            begun.browser.hand_over({BEGUN: begun})
            return
        begun.browser.answer(written)
        status, seconds = answer.response.status, self._now() - begun.arrived_at
        call = begun.call
        self._around.route_took(call.route.name, seconds, status, call.session.core.ref)
        self._log_line(begun, status, seconds)

    def _written(self, begun: Begun, answer: DirectAnswer) -> bytes | None:
        """Head and body; None if a field is not fit to be written."""
        now, response, body = self._now(), answer.response, answer.body
        fields = response.headers
        fields.append(
            (
                b"bff-session-expires",
                b"idle=%d, abs=%d" % (answer.idle_ends - now, answer.absolute_ends - now),
            )
        )
        fields += self._transport
        fields.append((b"x-request-id", begun.request_id.encode("ascii")))
        status, names = response.status, {name for name, _ in fields}
        if b"date" not in names:
            fields += begun.browser.server_fields
        if (
            b"content-length" not in names
            and begun.method != "HEAD"
            and status not in _WITHOUT_CONTENT
        ):
            fields.append((b"content-length", b"%d" % len(body)))
        if begun.browser.ending:
            fields.append((b"connection", b"close"))
        try:
            lines = field_lines(fields)
        except BffError:
            return None
        return b"".join((_STATUS_LINES[status], lines, b"\r\n", body))

    def _log_line(self, begun: Begun, status: int, seconds: float) -> None:
        path = begun.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        self._around.access_line(begun.request_id, begun.method, path, status, seconds)
