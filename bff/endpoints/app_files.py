"""A file as browsers get it: read once, compressed once, named by its digest.

RFC 9110, sections 8.4, 8.8.3, 12.5.3 and 13.1.2.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bff.browser.headers import asset_headers, document_headers
from bff.endpoints.dependencies import HeaderGet

Fields = list[tuple[bytes, bytes]]
IMMUTABLE = b"public, max-age=31536000, immutable"
WORTH_COMPRESSING = 1024
_COMPRESSIBLE = re.compile(rb"text/|application/(json|javascript|manifest\+json|wasm)|image/svg")
_NOT_GZIP = re.compile(rb"(^|,)\s*gzip\s*;\s*q=0(\.0*)?\s*(,|$)")


class File(msgspec.Struct, frozen=True):
    """One file: its bytes, the same compressed if that is worth it, its fields, its entity tag.

    A page has no tag: it is never kept.
    """

    body: bytes
    fields: Fields
    gzipped: bytes | None = None
    tag: bytes | None = None

    def answer(self, header: HeaderGet) -> tuple[int, Fields, bytes]:
        """Status, fields and body for a request with these headers."""
        fields = list(self.fields)
        if self.tag is not None:
            fields.append((b"etag", self.tag))
            if self.tag in (header(b"if-none-match") or b""):
                return 304, fields, b""
        body = self.body
        if self.gzipped is not None and _takes_gzip(header(b"accept-encoding") or b""):
            body = self.gzipped
            fields.append((b"content-encoding", b"gzip"))
        return 200, [*fields, (b"content-length", b"%d" % len(body))], body


def read_folder(folder: Path, prefix: str, *, https: bool) -> Mapping[bytes, File]:
    """Every file below ``folder``, by its path in URLs."""
    if not folder.is_dir():
        return {}
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}".encode(): file_of(
            path.read_bytes(), path.relative_to(folder).as_posix(), https=https
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith((".map", ".d.ts"))
    }


def file_of(body: bytes, name: str, *, https: bool) -> File:
    """``name`` decides: a page is never kept, what lies under ``assets/`` carries its hash and is kept for ever."""
    if name.endswith(".html"):
        return page_of(body, https=https)
    media_type = (mimetypes.guess_type(name)[0] or "application/octet-stream").encode()
    drawing = media_type.endswith(b"xml")
    if media_type.startswith(b"text/") or drawing:
        media_type += b"; charset=utf-8"
    gzipped = _gzipped(body) if _COMPRESSIBLE.match(media_type) else None
    fields = [
        (b"content-type", media_type),
        (b"cache-control", IMMUTABLE if name.startswith("assets/") else b"no-cache"),
        *asset_headers(https=https, drawing=drawing),
    ]
    if gzipped is not None:
        fields.append((b"vary", b"accept-encoding"))
    # Weak: the same for both codings.
    tag = b'W/"%s"' % hashlib.sha256(body).hexdigest()[:20].encode()
    return File(body, fields, gzipped, tag)


def page_of(body: bytes, *, https: bool) -> File:
    """A document: never stored, under the strictest policy."""
    return File(
        body, [(b"content-type", b"text/html; charset=utf-8"), *document_headers(https=https)]
    )


def _gzipped(body: bytes) -> bytes | None:
    if len(body) < WORTH_COMPRESSING:
        return None
    smaller = gzip.compress(body, 9, mtime=0)
    return smaller if len(smaller) < len(body) else None


def _takes_gzip(accepted: bytes) -> bool:
    return b"gzip" in accepted and _NOT_GZIP.search(accepted) is None
