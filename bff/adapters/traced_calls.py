"""Calls to APIs, each with a span, whose context goes along with the request (W3C Trace Context)."""

from collections.abc import AsyncIterator
from typing import Generic, Protocol, TypeVar

import msgspec
from opentelemetry.trace import Span

from bff.adapters.spans import Spans, context_of, fail
from bff.resource.messages import ApiRequest, ApiResponse, Body
from bff.resource.routes import ApiRoute
from bff.resource.sockets import Refusal
from bff.resource.trace_context import NAMES

_FIRST_ERROR = 400
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Calls(Protocol):
    """Sends requests: the port ``ResourceServer``."""

    async def send(
        self, route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        """Send one request."""
        ...


class Sockets(Protocol[S_co]):
    """Opens sockets: the port ``SocketServer``."""

    async def open(
        self, route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> S_co | Refusal:
        """Make the handshake."""
        ...


class TracedCalls:
    """The port ``ResourceServer``, over another one."""

    def __init__(self, calls: Calls, spans: Spans) -> None:
        """Send with ``calls``."""
        self._calls = calls
        self._spans = spans

    async def send(
        self, route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        """Send it; the span ends with the response's body. Raises what the other one raises."""
        span, traced = _begun(self._spans, route, request)
        try:
            response = await self._calls.send(route, traced, body)
        except BaseException as error:
            fail(span, type(error).__name__)
            span.end()
            raise
        _answered(span, response.status)
        if response.complete is not None:
            span.end()
            return response
        return msgspec.structs.replace(response, body=TracedBody(response.body, span))


class TracedBody:
    """Ends ``span`` when the body ends, however it does."""

    __slots__ = ("_body", "_span")

    def __init__(self, body: Body, span: Span) -> None:
        """Pass ``body`` on."""
        self._body = body
        self._span = span

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, as they come."""
        try:
            async for piece in self._body:
                yield piece
        except BaseException as error:
            fail(self._span, type(error).__name__)
            raise
        finally:
            self._end()

    async def aclose(self) -> None:
        """Give up on the rest."""
        self._end()
        await self._body.aclose()

    def _end(self) -> None:
        if self._span.is_recording():
            self._span.end()


class TracedSockets(Generic[S]):
    """The port ``SocketServer``, over another one. The span is that of the handshake."""

    def __init__(self, sockets: Sockets[S], spans: Spans) -> None:
        """Open with ``sockets``."""
        self._sockets = sockets
        self._spans = spans

    async def open(
        self, route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> S | Refusal:
        """Make the handshake. Raises what the other one raises."""
        span, traced = _begun(self._spans, route, request)
        try:
            opened = await self._sockets.open(route, traced, subprotocols)
            _answered(span, opened.status if isinstance(opened, Refusal) else 101)
            return opened
        except BaseException as error:
            fail(span, type(error).__name__)
            raise
        finally:
            span.end()


def _begun(spans: Spans, route: ApiRoute, request: ApiRequest) -> tuple[Span, ApiRequest]:
    """A span, and the request that tells of it; what the browser said of its own trace stays here."""
    upstream = route.upstream
    template = f"{upstream.base_path}/{{path}}"
    span = spans.calling(
        f"{request.method} {template}",
        {
            "http.request.method": request.method,
            "url.template": template,
            "server.address": upstream.host,
            "server.port": upstream.port,
            "bff.route": route.name,
        },
    )
    fields = [field for field in request.headers if field[0] not in NAMES]
    return span, ApiRequest(request.method, request.target, fields + context_of(span).fields())


def _answered(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= _FIRST_ERROR:
        fail(span, str(status))
