"""What is said to an API and what it answers; which header fields survive the way."""

import re
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Protocol

import msgspec

from bff.errors import RequestMalformed
from bff.resource.fields import HOP_BY_HOP, USUALLY_SENT
from bff.resource.routes import ApiRoute
from bff.resource.trace_context import NAMES as OF_A_TRACE
from bff.resource.trace_context import readable_fields

Fields = list[tuple[bytes, bytes]]
"""Header fields in order, names in lower case, duplicates kept."""

_OF_ONE_REQUEST = frozenset({b"content-length", b"x-request-id"})
_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_LENGTH = re.compile(rb"[0-9]{1,18}")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")


class Body(Protocol):
    """A response body as it arrives. To be read to its end, or closed."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, none of them empty.

        Raises ResourceServerResponseInvalid when the API breaks off midway, ResourceServerTimedOut
        when it falls silent.
        """
        ...

    async def aclose(self) -> None:
        """Give up the rest; the API notices. Harmless at the end and a second time."""
        ...


class ApiRequest(msgspec.Struct, frozen=True):
    """One request. ``target`` is path and query as sent (origin-form, RFC 9112, section 3.2.1)."""

    method: str
    target: bytes
    headers: Fields

    def __repr__(self) -> str:
        """Neither the query nor any field: they may carry what is nobody's business."""
        return f"ApiRequest({self.method})"


class ApiResponse(msgspec.Struct, frozen=True):
    """One final response.

    ``complete`` is the whole body if it is here already; ``body`` yields the same bytes then.
    """

    status: int
    headers: Fields
    body: Body
    complete: bytes | None = None

    def __repr__(self) -> str:
        """The status."""
        return f"ApiResponse({self.status})"


class Forwarded(msgspec.Struct, frozen=True):
    """What we say about the browser's request: its address, our public host and scheme, our id.

    ``client`` is an IP address as the trusted hop before us knows it; anything else goes out as
    ``unknown``.
    """

    client: str
    host: str
    proto: str
    request_id: str


def outgoing_headers(
    incoming: Fields, route: ApiRoute, *, authorization: bytes | None, forwarded: Forwarded
) -> Fields:
    """The fields for the API: those on the list, honest forwarding fields, the bearer token.

    ``Host`` and the framing of the body are the sending adapter's; of the framing only a
    ``content-length`` is handed on.

    Args:
        incoming: the browser's, names in lower case.
        route: whose extra names count.
        authorization: the whole value (``Bearer ...``, RFC 6750, section 2.1), or None.
        forwarded: what to say about the browser.

    Raises:
        RequestMalformed: the length of the body is stated twice, or unreadably (RFC 9112, section
            6.3).
    """
    extra = route.request_headers
    fields: Fields = []
    framing: Fields = []
    tracing: Fields = []
    for field in incoming:
        name = field[0]
        if name in USUALLY_SENT:
            fields.append(field)
        elif name in OF_A_TRACE:
            tracing.append(field)
        elif name in extra:
            fields.append(field)
        elif name in _FRAMING:
            framing.append(field)
    if tracing:
        fields += readable_fields(tracing)
    if framing:
        fields = _framed(fields, framing)
    if authorization is not None:
        fields.append((b"authorization", authorization))
    fields += forwarding_fields(forwarded)
    return fields


def field_lines(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The fields as they are written, a line each (RFC 9112, section 5).

    Raises:
        RequestMalformed: one contains a line end or a NUL.
    """
    lines = [b"%b: %b\r\n" % field for field in fields]
    text = b"".join(lines)
    if len(text) - len(text.translate(None, b"\r\n\0")) != 2 * len(lines):
        raise RequestMalformed("header")
    return text


def unchanging_headers(incoming: Fields, route: ApiRoute, forwarded: Forwarded) -> Fields:
    """Of :func:`outgoing_headers` for a request without a body: all but the token and the request id."""
    fields = outgoing_headers(incoming, route, authorization=None, forwarded=forwarded)
    return [field for field in fields if field[0] not in _OF_ONE_REQUEST]


def handshake_headers(
    incoming: Fields, route: ApiRoute, *, authorization: bytes | None, forwarded: Forwarded
) -> Fields:
    """As :func:`outgoing_headers`, for the handshake of a WebSocket, which has no body.

    What RFC 6455 itself says in header fields is between neighbours and left to the adapter.
    """
    fields = outgoing_headers(incoming, route, authorization=authorization, forwarded=forwarded)
    return [field for field in fields if field[0] != b"content-length"]


def forwarding_fields(forwarded: Forwarded) -> Fields:
    """RFC 7239 and its elders, written anew: no API sees what a browser claims of itself."""
    return [
        *_forwarding_fields(forwarded.client, forwarded.host, forwarded.proto),
        (b"x-request-id", forwarded.request_id.encode("ascii")),
    ]


@lru_cache(maxsize=4096)
def _forwarding_fields(client: str, host: str, proto: str) -> tuple[tuple[bytes, bytes], ...]:
    """Those that are the same for each request of one browser."""
    client = client if _ADDRESS.fullmatch(client) else "unknown"
    node = f'"[{client}]"' if ":" in client else client
    return (
        (b"forwarded", f'for={node};host="{host}";proto={proto}'.encode("ascii")),
        (b"x-forwarded-for", client.encode("ascii")),
        (b"x-forwarded-host", host.encode("ascii")),
        (b"x-forwarded-proto", proto.encode("ascii")),
    )


def challenges_token(fields: Fields) -> bool:
    """Whether a 401 says that the bearer token was the reason (RFC 6750, section 3.1)."""
    return any(
        name == b"www-authenticate" and value[:6].lower() == b"bearer" and b"invalid_token" in value
        for name, value in fields
    )


def _framed(fields: Fields, framing: Fields) -> Fields:
    """``fields`` without those that Connection names, with the one content-length."""
    lengths = [value for name, value in framing if name == b"content-length"]
    coded = any(name == b"transfer-encoding" for name, _ in framing)
    if len(lengths) > 1 or (lengths and (coded or not _LENGTH.fullmatch(lengths[0]))):
        raise RequestMalformed("header")
    named = named_hop_by_hop(framing)
    if named:
        fields = [field for field in fields if field[0] not in named]
    fields += [(b"content-length", length) for length in lengths]
    return fields


def named_hop_by_hop(fields: Fields) -> frozenset[bytes]:
    """The names that Connection fields declare hop-by-hop (RFC 9110, section 7.6.1)."""
    options = [value for name, value in fields if name == b"connection"]
    if not options:
        return frozenset()
    names = {option.strip().lower() for value in options for option in value.split(b",")}
    return frozenset(names - HOP_BY_HOP - {b"close", b""})
