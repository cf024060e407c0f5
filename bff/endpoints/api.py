"""ANY /api/...: the hot path, plain ASGI. Streams both ways; each side waits for the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from bff.browser.csrf import require_same_origin
from bff.browser.headers import transport_headers
from bff.endpoints.dependencies import (
    BrowserCookies,
    Request,
    Scope,
    Surroundings,
    client_address,
)
from bff.endpoints.direct import BEGUN, Begun, begun_call
from bff.endpoints.leaving import BrowserLeft, Leaving, LeavingWatch, Receive
from bff.endpoints.route_limits import count_call
from bff.errors import ContentTooLarge, RequestMalformed, RequestRejected, ResourceServerError
from bff.flows.access import Access
from bff.flows.api_call import ApiCall, ApiCallFlow
from bff.flows.event_stream import is_event_stream
from bff.resource.messages import ApiResponse, Fields, Forwarded
from bff.resource.routes import ApiRoute
from bff.session.handle import Handle

Send = Callable[[dict[str, Any]], Awaitable[None]]
_BAD_GATEWAY = 502


class ApiEndpoint:
    """Proxies one call."""

    __slots__ = ("_around", "_cookies", "_flow", "_host", "_proto", "_transport", "_watch")

    def __init__(self, flow: ApiCallFlow, cookies: BrowserCookies, around: Surroundings) -> None:
        """Bind the story to its surroundings."""
        self._flow = flow
        self._cookies = cookies
        self._around = around
        self._host = around.host.decode("ascii")
        self._proto = "https" if around.https else "http"
        self._transport = transport_headers(https=around.https)
        self._watch = LeavingWatch()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, request: Request) -> int:
        """Answer the browser; the status.

        Raises what the flow raises, before anything was sent to the browser; BrowserLeft at any
        time.
        """
        leaving = Leaving(receive, self._watch)
        begun: Begun | None = scope.get(BEGUN)
        try:
            return await self._proxied(scope, send, request, leaving)
        except asyncio.CancelledError:
            if leaving.noticed:
                raise BrowserLeft from None
            raise
        finally:
            leaving.end()
            if begun is not None:
                begun.give_up()

    async def _proxied(self, scope: Scope, send: Send, request: Request, leaving: Leaving) -> int:
        method: str = scope["method"]
        route, path = self._match(method, scope["raw_path"], request)
        query: bytes = scope["query_string"]
        length = _content_length(request, route)
        presented = self._cookies.presented(request)
        address = client_address(request, self._around.trusted_proxies)
        if route.rate_per_minute is not None:
            await count_call(self._around.rate_limits, route, presented, address)
        if without_body := _without_body(request, length):
            leaving.begin()
        call = ApiCall(
            route=route,
            method=method,
            target=path + b"?" + query if query else path,
            headers=request.headers,
            body=None if without_body else _body(leaving, route),
            body_length=length,
            forwarded=Forwarded(
                address,
                self._host,
                self._proto,
                request.id,
            ),
            presented=presented,
            background=request.background,
            begun=begun_call(scope),
        )
        try:
            answer = await self._flow.call(call)
        except ResourceServerError:
            self._took(route, request, _BAD_GATEWAY, None)
            raise
        fields = answer.response.headers
        if answer.access is not None:
            fields += self._session_fields(request, answer.access)
        fields += self._transport
        fields.append((b"x-request-id", request.id.encode("ascii")))
        await _send_response(answer.response, fields, send, method)
        ref = None if answer.access is None else answer.access.session.core.ref
        self._took(route, request, answer.response.status, ref)
        return answer.response.status

    def _took(self, route: ApiRoute, request: Request, status: int, ref: str | None) -> None:
        seconds = self._around.clock.now() - request.arrived_at
        self._around.route_took(route.name, seconds, status, ref)

    def _match(self, method: str, raw_path: bytes, request: Request) -> tuple[ApiRoute, bytes]:
        """The route, for a request of our own page; anybody else learns nothing of the table."""
        origin = self._around.public_origin
        try:
            route, path = self._around.routes.match(method, raw_path)
        except RequestRejected:
            require_same_origin(method, request.get, public_origin=origin)
            raise
        require_same_origin(method, request.get, public_origin=origin, navigable=route.navigable)
        return route, path

    def _session_fields(self, request: Request, access: Access) -> Fields:
        expires = b"idle=%d, abs=%d" % (access.idle_expires_in, access.absolute_expires_in)
        fields: Fields = [(b"bff-session-expires", expires)]
        if access.new_generation is not None:
            known = self._cookies.session(request)
            if known is not None:
                handle = Handle(known.handle.session_id, access.new_generation)
                fields.append(
                    (b"set-cookie", self._cookies.set_session(handle, access.absolute_expires_in))
                )
        return fields


async def _send_response(response: ApiResponse, fields: Fields, send: Send, method: str) -> None:
    """Head and body.

    The head waits for the body's first piece, so that what breaks off at once is still a problem
    document; an event stream's goes out as it comes. A body that breaks off later raises, and the
    server breaks the connection: the browser must not take it for whole.
    """
    start = {"type": "http.response.start", "status": response.status, "headers": fields}
    if response.complete is not None or method == "HEAD":
        await send(start)
        await send({"type": "http.response.body", "body": response.complete or b""})
        return
    try:
        pieces = aiter(response.body)
        first = b"" if is_event_stream(fields) else await anext(pieces, b"")
        await send(start)
        if first:
            await send({"type": "http.response.body", "body": first, "more_body": True})
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await response.body.aclose()


def _content_length(request: Request, route: ApiRoute) -> int | None:
    """What the request says of its body. Raises ContentTooLarge, RequestMalformed."""
    stated = request.get(b"content-length")
    if stated is None:
        return None
    if not stated.isdigit():
        raise RequestMalformed("content-length")
    length = int(stated)
    if length > route.body_limit:
        raise ContentTooLarge(route.body_limit)
    return length


def _without_body(request: Request, length: int | None) -> bool:
    return length == 0 or (length is None and request.get(b"transfer-encoding") is None)


async def _body(leaving: Leaving, route: ApiRoute) -> AsyncIterator[bytes]:
    """The request body as it comes; asked for only as fast as the API takes it.

    Raises ContentTooLarge, BrowserLeft.
    """
    taken, more = 0, True
    while more:
        message = await leaving.receive()
        if message["type"] == "http.disconnect":
            raise BrowserLeft
        piece: bytes = message.get("body", b"")
        taken += len(piece)
        if taken > route.body_limit:
            raise ContentTooLarge(route.body_limit)
        more = message.get("more_body", False)
        if not more:
            leaving.begin()
        if piece:
            yield piece
