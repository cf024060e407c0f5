"""What a request head says, remembered by its bytes: a page sends the same head again and again.

Everything kept here follows from the head and the address it came from alone. What depends on the
moment, the session above all, is judged anew for each call.
"""

from collections import OrderedDict

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from bff.browser.csrf import require_same_origin
from bff.endpoints.dependencies import (
    NOT_PINNED,
    BrowserCookies,
    Known,
    Request,
    Surroundings,
    came_over_http,
    client_address,
)
from bff.endpoints.request_id import given_request_id
from bff.errors import BffError
from bff.flows.direct_call import is_plain
from bff.resource.messages import Fields, Forwarded, field_lines, unchanging_headers
from bff.resource.routes import ApiRoute

REMEMBERED, REMEMBERED_LENGTH = 4096, 4096
"""How many heads, and of how many bytes at most."""

FIELDS = 100
"""How many fields a head may have that is read here."""

_FRAMED = (b"content-length", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade")
_OF_ONE_REQUEST = (b"traceparent", b"x-request-id")


class Reading(msgspec.Struct):
    """A head of a call by our own page, with a session cookie of ours, without a body.

    ``lines`` holds, by route, the fields for its API as they are written; None: the route asks for
    more than this.
    """

    fields: Fields
    known: Known
    pinned_ref: str | None
    background: bool
    request_id: str | None
    forwarded: Forwarded
    lines: dict[str, bytes | None]

    def __repr__(self) -> str:
        """Nothing: it knows a cookie."""
        return "Reading()"

    def lines_for(self, route: ApiRoute) -> bytes | None:
        """The unchanging fields for the API of ``route``; None if the call is not that plain."""
        try:
            return self.lines[route.name]
        except KeyError:
            lines = self.lines[route.name] = self._written(route)
            return lines

    def _written(self, route: ApiRoute) -> bytes | None:
        if not is_plain(route):
            return None
        try:
            return field_lines(unchanging_headers(self.fields, route, self.forwarded))
        except BffError:
            return None


class Readings:
    """Reads heads; the least recently used are forgotten first."""

    __slots__ = ("_around", "_cookies", "_host", "_known", "_proto")

    def __init__(self, cookies: BrowserCookies, around: Surroundings) -> None:
        """Nothing is known yet."""
        self._cookies = cookies
        self._around = around
        self._host = around.host
        self._proto = "https" if around.https else "http"
        self._known: OrderedDict[tuple[str, bytes], Reading] = OrderedDict()

    def read(self, peer: str, line: bytes, block: bytes) -> Reading | None:
        """What a request from ``peer`` says.

        None if anything about it needs a decision: then nobody has decided anything yet.

        Args:
            peer: the address of the other end of the connection.
            line: the request line.
            block: all that came after it, its line end not included.
        """
        key = (peer, block)
        reading = self._known.get(key)
        if reading is not None:
            self._known.move_to_end(key)
            return reading
        fields = _read_fields(line + b"\r\n" + block)
        if fields is None or len(fields) > FIELDS:
            return None
        try:
            reading = self._judged(peer, fields)
        except BffError:
            return None
        if reading is not None and len(block) <= REMEMBERED_LENGTH and _is_usual(fields):
            self._known[key] = reading
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return reading

    def _judged(self, peer: str, fields: Fields) -> Reading | None:
        """The gate's rules and the proxied prefix's, for a safe method. Raises what they raise."""
        around = self._around
        request = Request({"headers": fields, "client": (peer, 0)}, "", 0.0)
        header = request.get
        if request.repeated or header(b"host") != self._host:
            return None
        if any(header(name) is not None for name in _FRAMED) or not _persists(request):
            return None
        if around.https and came_over_http(request, around.trusted_proxies):
            return None
        require_same_origin("GET", header, public_origin=around.public_origin)
        known = self._cookies.session(request)
        if known is None:
            return None
        pinned = header(b"bff-session")
        address = client_address(request, around.trusted_proxies)
        return Reading(
            fields,
            known,
            None if pinned is None or pinned == NOT_PINNED else pinned.decode("latin-1"),
            request.background,
            given_request_id(request),
            Forwarded(address, self._host.decode("ascii"), self._proto, ""),
            {},
        )


class _Head:
    """Collects what the parser finds."""

    __slots__ = ("complete", "fields")

    def __init__(self) -> None:
        self.fields: Fields = []
        self.complete = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value.rstrip(b" \t")))

    def on_message_complete(self) -> None:
        self.complete += 1


def _read_fields(data: bytes) -> Fields | None:
    """The fields of exactly one request without a body, which ``data`` is; None if it is anything else."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or end + 4 != len(data):
        return None
    head = _Head()
    try:
        HttpRequestParser(head).feed_data(data)
    except (HttpParserError, HttpParserUpgrade):
        return None
    return head.fields if head.complete == 1 else None


def _persists(request: Request) -> bool:
    """Whether HTTP/1.1's rule stands: the connection goes on (RFC 9112, section 9.3)."""
    option = request.get(b"connection")
    return option is None or option.lower() == b"keep-alive"


def _is_usual(fields: Fields) -> bool:
    """Whether the same head may well come again."""
    return not any(name in _OF_ONE_REQUEST for name, _ in fields)
