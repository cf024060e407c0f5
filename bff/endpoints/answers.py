"""The few shapes of answers that are ours: JSON, redirect, page, asset."""

from collections.abc import Sequence

import msgspec
from litestar.response.base import ASGIResponse

from bff.browser.form_post import form_post_page
from bff.browser.headers import document_headers, json_headers, redirect_headers

Fields = list[tuple[bytes, bytes]]
_FRAME_REPLACES = frozenset({b"content-security-policy", b"cross-origin-resource-policy"})


def json_answer(
    content: object, *, https: bool, status: int = 200, fields: Fields | None = None
) -> ASGIResponse:
    """``application/json``, never stored."""
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), *json_headers(https=https), *(fields or [])]
    return ASGIResponse(body=body, status_code=status, headers=_text(headers))


def redirect(location: str, *, https: bool, fields: Fields | None = None) -> ASGIResponse:
    """303 See Other (RFC 9110, section 15.4.4), told to nobody by Referer."""
    headers = [
        (b"location", location.encode("ascii")),
        *redirect_headers(https=https),
        *(fields or []),
    ]
    return ASGIResponse(status_code=303, headers=_text(headers))


def answer(body: bytes, status: int, fields: Fields) -> ASGIResponse:
    """What was made elsewhere; the length is counted anew."""
    kept = [field for field in fields if field[0] != b"content-length"]
    return ASGIResponse(body=body, status_code=status, headers=_text(kept))


def page(
    body: bytes,
    *,
    https: bool,
    opener: bool = True,
    status: int = 200,
    fields: Fields | None = None,
) -> ASGIResponse:
    """A document of our own."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        *document_headers(https=https, opener=opener),
        *(fields or []),
    ]
    return ASGIResponse(body=body, status_code=status, headers=_text(headers))


def form_post(action: str, fields: Sequence[tuple[str, str]], *, https: bool) -> ASGIResponse:
    """A page that sends a form on to another site, and can do nothing else."""
    headers, body = form_post_page(action, fields, https=https)
    return ASGIResponse(body=body, headers=_text(headers))


def frame(*, https: bool, framed_by: str) -> ASGIResponse:
    """An empty page that one other origin may show in a frame."""
    policy = f"default-src 'none'; base-uri 'none'; frame-ancestors {framed_by}"
    kept = [pair for pair in json_headers(https=https) if pair[0] not in _FRAME_REPLACES]
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode("latin-1")),
        (b"cross-origin-resource-policy", b"cross-origin"),
        *kept,
    ]
    return ASGIResponse(body=b"<!doctype html><title>Signed out</title>", headers=_text(headers))


def script(body: bytes, *, https: bool) -> ASGIResponse:
    """A script of our own, asked for again each time it has changed."""
    headers = [(b"content-type", b"text/javascript; charset=utf-8"), *json_headers(https=https)]
    return ASGIResponse(body=body, headers=_text(headers))


def _text(fields: Fields) -> list[tuple[str, str]]:
    """As Litestar takes them; duplicates kept."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
