"""The gate: everything passes here first, and what is not shown to be ours goes no further.

Deny by default: an address is a page, a navigation, an asset or the provider's back channel because
    this file says so; everything else is a call that must carry ``BFF-Session`` and come from our
    own origin (RFC 10017, section 6.1.3.3).
"""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

from litestar import Litestar

from bff.audit.operations import UnexpectedError
from bff.browser.csrf import (
    require_navigation,
    require_own_page,
    require_same_origin,
    require_top_level,
)
from bff.browser.headers import redirect_headers
from bff.endpoints.api import ApiEndpoint, Send
from bff.endpoints.app_shell import AppShell
from bff.endpoints.dependencies import Request, Scope, Surroundings, came_over_http
from bff.endpoints.dev_shell import DevShell
from bff.endpoints.direct import BEGUN, LEFT, Begun, DirectCalls
from bff.endpoints.events import SessionEvents
from bff.endpoints.leaving import BrowserLeft, Receive
from bff.endpoints.origin import CURRENT
from bff.endpoints.problem_page import to_answer
from bff.endpoints.refusals import refusal
from bff.endpoints.request_id import given_request_id
from bff.endpoints.websocket import WebSocketEndpoint, refuse
from bff.errors import (
    BffError,
    MethodNotAllowed,
    RequestMalformed,
    TlsRequired,
)
from bff.flows.closing import Closing

CONSOLE, CONSOLE_API = b"/bff/console/", b"/bff/console/api/"


class Kind(Enum):
    """What an address is for."""

    CALL = auto()
    NAVIGATION = auto()
    RETURN = auto()
    MACHINE = auto()
    PAGE = auto()
    EVENTS = auto()


KINDS: dict[bytes, Kind] = {
    b"/bff/login": Kind.NAVIGATION,
    b"/bff/login/again": Kind.RETURN,
    b"/bff/logout/next": Kind.NAVIGATION,
    b"/bff/callback": Kind.RETURN,
    b"/bff/popup-done": Kind.RETURN,
    b"/bff/popup-done.js": Kind.PAGE,
    b"/bff/client.js": Kind.PAGE,
    b"/bff/console": Kind.PAGE,
    b"/bff/backchannel-logout": Kind.MACHINE,
    b"/bff/frontchannel-logout": Kind.MACHINE,
    b"/bff/events": Kind.EVENTS,
}


class Gate:
    """The outermost ASGI layer."""

    def __init__(
        self,
        inner: Callable[[Any, Any, Any], Awaitable[None]],
        api: ApiEndpoint,
        sockets: WebSocketEndpoint,
        shell: AppShell | DevShell,
        session_events: SessionEvents,
        around: Surroundings,
        new_request_id: Callable[[], str],
        log: Any,  # noqa: ANN401  structlog's
    ) -> None:
        """Stand before ``inner``."""
        self._inner = inner
        self._api = api
        self._sockets = sockets
        self._shell = shell
        self._events = session_events
        self._around = around
        self._host, self._https = around.host, around.https
        self._new_request_id = new_request_id
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, or answer with a problem."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        begun: Begun | None = scope.get(BEGUN)
        now = self._around.clock.now() if begun is None else begun.arrived_at
        request = scope["bff"] = self._request(scope, now)
        if begun is not None:
            request.id = begun.request_id
        CURRENT.set(request)
        started = False

        def sending(message: dict[str, Any]) -> Awaitable[None]:
            """Not a coroutine of its own: the server's is handed on as it is."""
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                request.status = message["status"]
            return send(message)

        try:
            await self._lead(scope, receive, sending, request)
        except BrowserLeft:
            if not started:  # to nobody, or to somebody whose body was not readable
                await self._refuse(RequestMalformed("body"), scope, sending, request)
            request.status = LEFT
        except Exception as error:
            if not isinstance(error, BffError):
                self._log.exception("unexpected_error", request_id=request.id)
                self._around.trail.record(UnexpectedError(at=now, kind=type(error).__name__))
            if started:
                raise
            await self._refuse(error, scope, sending, request)
        finally:
            self._log_line(scope, request, now)

    async def _lead(self, scope: Scope, receive: Receive, send: Send, request: Request) -> None:
        path: bytes = scope["raw_path"]
        self._require_host(request)
        if not path.startswith(b"/"):
            raise RequestMalformed("target")
        proxied = path.startswith(b"/api/")
        kind = Kind.CALL if proxied else kind_of(path)
        if self._https and came_over_http(request, self._around.trusted_proxies):
            await self._over_tls(kind, scope, send)
            return
        if proxied:
            await self._api(scope, receive, send, request)
            return
        self._require(kind, scope["method"], request)
        if scope["method"] == "OPTIONS":  # Litestar's own answer would lack every safeguard
            raise MethodNotAllowed(("GET", "HEAD", "POST"))
        if kind is Kind.EVENTS:
            await self._events(scope, receive, send, request)
        elif kind is Kind.PAGE and path != b"/bff/popup-done.js":
            await self._shell(scope, send, request)
        else:
            await self._inner(scope, receive, send)

    def _require_host(self, request: Request) -> None:
        request.require_one_reading()
        if request.get(b"host") != self._host:
            raise RequestMalformed("host")

    def _require(self, kind: Kind, method: str, request: Request) -> None:
        if kind is Kind.CALL:
            require_same_origin(method, request.get, public_origin=self._around.public_origin)
        elif kind is Kind.NAVIGATION:
            require_navigation(request.get)
        elif kind is Kind.RETURN:
            require_top_level(request.get)
        elif kind is Kind.EVENTS:
            require_own_page(request.get, public_origin=self._around.public_origin)

    async def _over_tls(self, kind: Kind, scope: Scope, send: Send) -> None:
        """A page that was asked for over plain HTTP is found over HTTPS. Raises TlsRequired for anything else."""
        if kind not in {Kind.PAGE, Kind.NAVIGATION} or scope["method"] not in {"GET", "HEAD"}:
            raise TlsRequired
        query: bytes = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        fields = [(b"location", self._around.public_origin + target), *redirect_headers(https=True)]
        await send({"type": "http.response.start", "status": 308, "headers": fields})
        await send({"type": "http.response.body", "body": b""})

    async def _refuse(self, error: Exception, scope: Scope, send: Send, request: Request) -> None:
        if refused := refusal(error, request, scope["method"]):
            self._around.trail.record(refused)
        status, fields, body = to_answer(error, request, https=self._around.https)
        if scope["type"] == "websocket":
            request.status = status
            await refuse(scope, send, status, fields, body)
            return
        if isinstance(error, RequestMalformed):  # what follows on this connection is doubtful, too
            fields.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The lifespan goes to the app; a WebSocket to where it leads, or it is refused."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        await receive()
        scope["method"] = "WEBSOCKET"
        now = self._around.clock.now()
        request = scope["bff"] = self._request(scope, now)
        CURRENT.set(request)
        try:
            self._require_host(request)
            await self._sockets(scope, receive, send, request)
        except Exception as error:
            if not isinstance(error, BffError):
                self._log.exception("unexpected_error", request_id=request.id)
                self._around.trail.record(UnexpectedError(at=now, kind=type(error).__name__))
            if request.status:
                raise
            await self._refuse(error, scope, send, request)
        finally:
            self._log_line(scope, request, now)

    def _request(self, scope: Scope, now: float) -> Request:
        request = Request(scope, "", now)
        request.id = given_request_id(request) or self._new_request_id()
        return request

    def _log_line(self, scope: Scope, request: Request, began: float) -> None:
        """Method, path without query, status, milliseconds. Query strings carry codes and states."""
        seconds = self._around.clock.now() - began
        self._around.access_line(
            request.id, scope["method"], scope["path"], request.status, seconds
        )


def kind_of(path: bytes) -> Kind:
    """What an address outside the proxied prefix is for."""
    if path in KINDS:
        return KINDS[path]
    if path.startswith((b"/bff/client/", CONSOLE)) and not path.startswith(CONSOLE_API):
        return Kind.PAGE
    if path.startswith((b"/bff/", b"/api")) or path == b"/bff":
        return Kind.CALL
    return Kind.PAGE


class Bff(Litestar):
    """A Litestar app behind its gate: whatever it is mounted in, nothing gets past."""

    gate: Callable[[Any, Any, Any], Awaitable[None]] | None = None
    """What everything passes first."""
    direct: DirectCalls | None = None
    """The way round the gate, for a server that can take it."""
    closing: Closing | None = None
    """What a server needs to know when the process ends."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI's
        """Through the gate, which calls :meth:`beyond`."""
        assert self.gate is not None  # noqa: S101  create_app sets it
        await self.gate(scope, receive, send)

    async def beyond(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI's
        """Litestar itself."""
        await super().__call__(scope, receive, send)
