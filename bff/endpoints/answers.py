"""The few shapes of answers that are ours: JSON, redirect, page, asset."""

import msgspec
from litestar.response.base import ASGIResponse

from bff.browser.headers import document_headers, json_headers, redirect_headers

Fields = list[tuple[bytes, bytes]]


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


def page(body: bytes, *, https: bool, opener: bool = True) -> ASGIResponse:
    """A document of our own."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        *document_headers(https=https, opener=opener),
    ]
    return ASGIResponse(body=body, headers=_text(headers))


def script(body: bytes, *, https: bool) -> ASGIResponse:
    """A script of our own, asked for again each time it has changed."""
    headers = [(b"content-type", b"text/javascript; charset=utf-8"), *json_headers(https=https)]
    return ASGIResponse(body=body, headers=_text(headers))


def _text(fields: Fields) -> list[tuple[str, str]]:
    """As Litestar takes them; duplicates kept."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
