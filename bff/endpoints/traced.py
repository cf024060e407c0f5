"""The gate, with a span around each request: which route, how it went; no path, no query, no address.

A browser's ``traceparent`` is a stranger's word: believed, it would let any page choose which traces its
requests are filed under, and have each of them recorded. So a request begins a trace of its own, and
the span is linked to what the page said; the trace goes on only where a proxy of ours speaks (W3C Trace Context,
section 7.2).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from bff.browser.proxies import TrustedProxies
from bff.endpoints.dependencies import Request, Scope, Surroundings
from bff.endpoints.gate import CONSOLE, KINDS, Kind, kind_of
from bff.errors import BffError
from bff.resource.trace_context import NAMES, TraceContext, read_trace_context

Inner = Callable[[Any, Any, Any], Awaitable[None]]


class Served(Protocol):
    """A request that has a span."""

    @property
    def recording(self) -> bool:
        """Whether anybody will see what it says."""
        ...

    def end(self, status: int, route: str | None, failure: str | None) -> None:
        """It is over. ``status`` 0: nothing was answered; ``failure``: the kind of an error."""
        ...


class ServerSpans(Protocol):
    """Begins them."""

    def serve(
        self,
        method: str,
        attributes: Mapping[str, str | int],
        parent: TraceContext | None,
        linked: TraceContext | None,
    ) -> Served:
        """A request came; it belongs to ``parent``'s trace, or is linked to ``linked``."""
        ...


class TracedGate:
    """The outermost ASGI layer, where traces are on."""

    def __init__(
        self, gate: Inner, spans: ServerSpans, around: Surroundings, trusted: TrustedProxies
    ) -> None:
        """``trusted``: whose ``traceparent`` is continued."""
        self._gate = gate
        self._spans = spans
        self._routes = around.routes
        self._trusted = trusted
        origin = urlsplit(around.public_origin.decode("ascii"))
        scheme, standard = origin.scheme, {"https": 443}.get(origin.scheme, 80)
        self._ours: Mapping[str, str | int] = {
            "url.scheme": scheme,
            "server.address": origin.hostname or "",
            "server.port": origin.port or standard,
        }

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI's
        """Through the gate."""
        if scope["type"] == "lifespan":
            await self._gate(scope, receive, send)
            return
        parent, linked = self._said(scope)
        method = scope.get("method", "GET")
        span, failure = self._spans.serve(method, self._ours, parent, linked), None
        try:
            await self._gate(scope, receive, send)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            request: Request | None = scope.get("bff")
            route = self._template(scope) if span.recording else None
            span.end(0 if request is None else request.status, route, failure)

    def _said(self, scope: Scope) -> tuple[TraceContext | None, TraceContext | None]:
        """The parent, or what is only linked to."""
        fields = [field for field in scope["headers"] if field[0] in NAMES]
        context = read_trace_context(fields) if fields else None
        peer = scope["client"][0] if scope.get("client") else ""
        if context is not None and self._trusted.ours(peer):
            return context, None
        return None, context

    def _template(self, scope: Scope) -> str | None:
        """The route, as it was configured or written; None for what is none."""
        path: bytes = scope["raw_path"]
        if path.startswith(b"/api/"):
            return self._proxied(scope["type"], scope["method"], path)
        if path in KINDS:
            return path.decode("ascii")
        if kind_of(path) is not Kind.PAGE:
            return scope.get("path_template") or None
        return f"{CONSOLE.decode()}{{page}}" if path.startswith(CONSOLE) else "/{page}"

    def _proxied(self, kind: str, method: str, path: bytes) -> str | None:
        try:
            match = self._routes.match_socket(path) if kind == "websocket" else None
            route, _ = match or self._routes.match(method, path)
        except BffError:
            return None
        return f"{route.prefix}/{{path}}"
