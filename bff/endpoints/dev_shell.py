"""The page while it is being written: from the dev server of its build tool. Development mode only.

What is ours under ``/bff/`` still comes from memory. Hot reload's WebSocket goes straight to the
dev server's own port.
"""

from typing import Protocol

from bff.browser.headers import development_headers
from bff.endpoints.api import Send
from bff.endpoints.app_shell import AppShell
from bff.endpoints.dependencies import Request, Scope
from bff.errors import MethodNotAllowed

Fields = list[tuple[bytes, bytes]]


class DevServer(Protocol):
    """Where the page is being written."""

    @property
    def socket_origin(self) -> str:
        """Where hot reload's WebSocket goes (``ws://localhost:5173``)."""
        ...

    async def get(self, target: bytes, headers: Fields) -> tuple[int, Fields, bytes]:
        """Status, fields and body. Raises ResourceServerUnavailable."""
        ...


class DevShell:
    """Asks the dev server for whatever is the app's own."""

    def __init__(self, server: DevServer, shell: AppShell) -> None:
        """``shell`` serves what is ours."""
        self._server = server
        self._shell = shell

    async def __call__(self, scope: Scope, send: Send, request: Request) -> int:
        """Send what the dev server sends, under a policy that lets it do its work; the status.

        Raises MethodNotAllowed, RouteNotFound, ResourceServerUnavailable.
        """
        path: bytes = scope["raw_path"]
        if path.startswith(b"/bff/"):
            return await self._shell(scope, send, request)
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(("GET", "HEAD"))
        query: bytes = scope["query_string"]
        passed = [(name, value) for name, value in request.headers if name in _ASKED]
        status, told, body = await self._server.get(path + b"?" + query if query else path, passed)
        fields = [(name, value) for name, value in told if name in _TOLD]
        fields += development_headers(self._server.socket_origin)
        start = {"type": "http.response.start", "status": status, "headers": fields}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        return status


_ASKED = frozenset({b"accept", b"if-none-match", b"sec-fetch-dest", b"sec-fetch-mode"})
_TOLD = frozenset({b"content-type", b"etag", b"location"})
