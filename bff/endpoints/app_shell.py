"""The page itself, from memory: what was in the folder at start, and nothing else.

Hashed assets are kept for ever, the shell never: a page that shows a signed-in user must not come
back from a cache. Paths without a file are the app's own routes and get the shell.
"""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bff.browser.headers import document_headers, transport_headers
from bff.errors import MethodNotAllowed, RouteNotFound

Fields = list[tuple[bytes, bytes]]
IMMUTABLE = b"public, max-age=31536000, immutable"
NO_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>No app</title></head>
<body><h1>No app is configured</h1><p>Set <code>app.static_dir</code> to the folder of the built page, or serve it in front of this
address.</p></body></html>"""


class File(msgspec.Struct, frozen=True):
    """One file as it is sent."""

    body: bytes
    fields: Fields


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
            self._files.update(_read(static_dir, "/", https=https))
        if client_dir is not None:
            self._files.update(_read(client_dir, "/bff/client/", https=https))
            loader = b'export * from "/bff/client/index.js"\n'
            self._files[b"/bff/client.js"] = _file(loader, "client.js", https=https)
        if console_dir is not None:
            self._files.update(_read(console_dir, "/bff/console/", https=https))
        self._shell = self._files.get(b"/index.html") or File(NO_PAGE, _page_fields(https=https))
        self._console = self._files.get(b"/bff/console/index.html")

    async def __call__(self, method: str, path: bytes, send: Any) -> int:  # noqa: ANN401  ASGI's
        """Send the file, or the shell; the status. Raises MethodNotAllowed, RouteNotFound."""
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(("GET", "HEAD"))
        file = self._files.get(path) or self._shell_for(path)
        headers = [*file.fields, (b"content-length", b"%d" % len(file.body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else file.body})
        return 200

    def _shell_for(self, path: bytes) -> File:
        """The page whose own route this path is. Raises RouteNotFound."""
        console = path == b"/bff/console" or path.startswith(b"/bff/console/")
        if console and self._console is not None and not path.startswith(b"/bff/console/assets/"):
            return self._console
        if path.startswith((b"/bff/", b"/assets/", b"/api/")):
            raise RouteNotFound
        return self._shell


def _read(folder: Path, prefix: str, *, https: bool) -> Mapping[bytes, File]:
    """Every file below ``folder``, by its path in URLs."""
    if not folder.is_dir():
        return {}
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}".encode(): _file(
            path.read_bytes(), path.relative_to(folder).as_posix(), https=https
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith((".map", ".d.ts"))
    }


def _file(body: bytes, name: str, *, https: bool) -> File:
    if name.endswith(".html"):
        return File(body, _page_fields(https=https))
    media_type = (mimetypes.guess_type(name)[0] or "application/octet-stream").encode()
    if media_type.startswith(b"text/"):
        media_type += b"; charset=utf-8"
    kept = IMMUTABLE if name.startswith("assets/") else b"no-cache"
    fields = [
        (b"content-type", media_type),
        (b"cache-control", kept),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
        *transport_headers(https=https),
    ]
    return File(body, fields)


def _page_fields(*, https: bool) -> Fields:
    return [(b"content-type", b"text/html; charset=utf-8"), *document_headers(https=https)]
