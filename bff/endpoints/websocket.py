"""WebSockets below /api/: an ordinary route, opened by a page of ours, ended with its session.

A page cannot add ``BFF-Session`` to a handshake. ``Origin``, which no page can forge, must be ours
exactly (RFC 6455, section 10.2), Fetch Metadata must agree, the Strict cookie must be there, and a
page may pin the session by offering the subprotocol ``bff-session.<ref>``.
"""

import asyncio
from typing import Any

from bff.browser.csrf import require_websocket_origin
from bff.endpoints.api import Send
from bff.endpoints.dependencies import (
    BrowserCookies,
    Request,
    Scope,
    Surroundings,
    client_address,
)
from bff.endpoints.leaving import Receive
from bff.endpoints.problems import code_of
from bff.endpoints.route_limits import count_call
from bff.errors import BffError, ContentTooLarge, SessionNotUsable
from bff.flows.access import Presented
from bff.flows.socket_call import SocketCall, SocketCallFlow
from bff.resource.messages import Forwarded
from bff.resource.sockets import (
    BROKEN,
    LOST,
    NORMAL,
    OUR_REASONS,
    SESSION_ENDED,
    TOO_BIG,
    Close,
    Message,
    Refusal,
    SocketClosed,
    read_offer,
)

UNREAD_SECONDS = 30.0
"""A page that takes nothing for so long has left, whatever its connection says."""

SWITCHING, BAD_GATEWAY = 101, 502
_REFUSALS = range(400, 600)


class WebSocketEndpoint:
    """Proxies one socket."""

    __slots__ = ("_around", "_cookies", "_flow", "_host", "_message_limit", "_proto")

    def __init__(
        self,
        flow: SocketCallFlow,
        cookies: BrowserCookies,
        around: Surroundings,
        message_limit: int,
    ) -> None:
        """``message_limit``: octets of one message from a page."""
        self._flow = flow
        self._cookies = cookies
        self._around = around
        self._message_limit = message_limit
        self._host = around.host.decode("ascii")
        self._proto = "https" if around.https else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send, request: Request) -> int:
        """Carry one socket to its end; the status its handshake had.

        Raises what the flow raises, before the handshake was answered.
        """
        require_websocket_origin(request.get, public_origin=self._around.public_origin)
        route, path = self._around.routes.match_socket(scope["raw_path"])
        offer = read_offer(scope.get("subprotocols") or [])
        presented = self._presented(request, offer.pinned_ref)
        address = client_address(request, self._around.trusted_proxies)
        await count_call(self._around.rate_limits, route, presented, address)
        query: bytes = scope["query_string"]
        call = SocketCall(
            route=route,
            target=path + b"?" + query if query else path,
            headers=request.headers,
            offer=offer,
            forwarded=Forwarded(
                address,
                self._host,
                self._proto,
                request.id,
            ),
            presented=presented,
        )
        page = Page(receive, send, self._message_limit)
        try:
            outcome = await self._flow.run(call, page)
        except Exception:
            if page.accepted:
                await page.close(Close(BROKEN, OUR_REASONS + "internal"))
            raise
        finally:
            if page.accepted:
                request.status = SWITCHING
        if isinstance(outcome, Refusal):
            status = outcome.status if outcome.status in _REFUSALS else BAD_GATEWAY
            await refuse(scope, send, status, [(b"x-request-id", request.id.encode())], b"")
            return status
        return SWITCHING

    def _presented(self, request: Request, pinned_ref: str | None) -> Presented | None:
        known = self._cookies.session(request)
        if known is None:
            return None
        return Presented(known.key, known.handle.generation, request.arrived_at, pinned_ref)


class Page:
    """The port ``BrowserSocket`` over ASGI."""

    __slots__ = ("_limit", "_receive", "_send", "accepted", "gone")

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        """Nothing is accepted yet."""
        self._receive = receive
        self._send = send
        self._limit = limit
        self.accepted = False
        self.gone = False

    async def accept(self, subprotocol: str | None) -> None:
        """101."""
        self.accepted = True
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})

    async def receive(self) -> Message:
        """One message, reassembled by the server."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self.gone = True
            raise SocketClosed(Close(event.get("code") or LOST.code, event.get("reason") or ""))
        text: str | None = event.get("text")
        message: Message = event["bytes"] if text is None else text
        if len(message) > self._limit:
            raise ContentTooLarge(self._limit)
        return message

    async def send(self, message: Message) -> None:
        """One message. Servers differ in how they say that nobody is there any more."""
        event: dict[str, Any] = {"type": "websocket.send"}
        event["bytes" if isinstance(message, bytes) else "text"] = message
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self._send(event)
        except (OSError, RuntimeError):
            self.gone = True
            raise SocketClosed(LOST) from None

    async def close(self, ending: Close | BffError) -> None:
        """The close frame; nothing if the page has left."""
        if self.gone:
            return
        close = how_it_ends(ending)
        event = {"type": "websocket.close", "code": close.code, "reason": close.reason}
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self._send(event)
        except (OSError, RuntimeError):
            self.gone = True


def how_it_ends(ending: Close | BffError) -> Close:
    """The code and reason a page sees: the API's, or ours with the word a call would be told."""
    if isinstance(ending, Close):
        return ending if ending.code != LOST.code else Close(NORMAL)
    code = BROKEN
    if isinstance(ending, SessionNotUsable):
        code = SESSION_ENDED
    elif isinstance(ending, ContentTooLarge):
        code = TOO_BIG
    return Close(code, OUR_REASONS + code_of(ending))


async def refuse(
    scope: Scope, send: Send, status: int, fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Refuse a handshake: with this answer where the server can give one, else with its 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    start = {"type": "websocket.http.response.start", "status": status, "headers": fields}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": body})
