"""The page itself, from memory: what was in the folder at start, and nothing else.

Hashed assets are kept for ever, the shell never: a page that shows a signed-in user must not come
back from a cache. Paths without a file are the app's own routes and get the shell.
"""

from pathlib import Path

from bff.endpoints.api import Send
from bff.endpoints.app_files import File, file_of, page_of, read_folder
from bff.endpoints.dependencies import Request, Scope
from bff.errors import MethodNotAllowed, RouteNotFound

# A load balancer that asks for these here was told the wrong port; the page would always look healthy.
OPERATORS = frozenset({b"/healthz", b"/readyz", b"/metrics"})
NO_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>No app</title></head>
<body><h1>No app is configured</h1><p>Set <code>app.static_dir</code> to the folder of the built page, or serve it in front of this
address.</p></body></html>"""


class AppShell:
    """Serves the folder of a built single-page app.

    Also the client library under ``/bff/client/`` and the reviewer's console under
    ``/bff/console/``.
    """

    def __init__(
        self,
        static_dir: Path | None,
        client_dir: Path | None,
        console_dir: Path | None = None,
        *,
        https: bool,
    ) -> None:
        """Read every file now. Folders that are missing count as empty."""
        self._files: dict[bytes, File] = {}
        if static_dir is not None:
            self._files.update(read_folder(static_dir, "/", https=https))
        if client_dir is not None:
            self._files.update(read_folder(client_dir, "/bff/client/", https=https))
            loader = b'export * from "/bff/client/index.js"\n'
            self._files[b"/bff/client.js"] = file_of(loader, "client.js", https=https)
        if console_dir is not None:
            self._files.update(read_folder(console_dir, "/bff/console/", https=https))
        self._shell = self._files.get(b"/index.html") or page_of(NO_PAGE, https=https)
        self._console = self._files.get(b"/bff/console/index.html")

    async def __call__(self, scope: Scope, send: Send, request: Request) -> int:
        """Send the file, or the shell; the status. Raises MethodNotAllowed, RouteNotFound."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(("GET", "HEAD"))
        path: bytes = scope["raw_path"]
        file = self._files.get(path) or self._shell_for(path)
        status, fields, body = file.answer(request.get)
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        return status

    def _shell_for(self, path: bytes) -> File:
        """The page whose own route this path is. Raises RouteNotFound."""
        console = path == b"/bff/console" or path.startswith(b"/bff/console/")
        if console and self._console is not None and not path.startswith(b"/bff/console/assets/"):
            return self._console
        if path.startswith((b"/bff/", b"/assets/", b"/api/")) or path in OPERATORS:
            raise RouteNotFound
        return self._shell
