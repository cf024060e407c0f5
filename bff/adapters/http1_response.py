"""Reads HTTP/1.1 responses out of bytes: no socket, no clock, no waiting (RFC 9112).

The parser's callbacks only collect; :meth:`ResponseReader.feed` draws the conclusions. What could
be read in two ways is refused, because the browser behind us would have to pay for the wrong guess.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from bff.errors import ResourceServerResponseInvalid
from bff.resource.messages import Fields

HEAD_LIMIT = 64 * 1024
"""Bytes of response head, interim responses included; and of anything else that is not body."""

LARGE = 64 * 1024
"""Of a body with a stated length, whatever is missing when the head is known is only counted from so
many bytes on: the parser would copy it."""

_NO_CONTENT = frozenset({204, 304})


class ResponseReader:
    """One response at a time, several in a row.

    After :meth:`feed`: ``status`` is 0 until the head of the final response is there, then it and
    ``fields`` stand; ``pieces`` holds the body's bytes since the caller last took them;
    ``complete`` says that nothing follows; ``reusable`` that the connection may then carry another
    request.
    """

    __slots__ = (
        "_body_bytes",
        "_fault",
        "_head_bytes",
        "_head_only",
        "_length",
        "_parser",
        "_rest",
        "_until_close",
        "_unused_bytes",
        "complete",
        "fields",
        "pieces",
        "reusable",
        "status",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._head_only = False
        self._rest = 0
        self.begin(head_only=False)

    def begin(self, *, head_only: bool) -> None:
        """Expect the response to a new request. ``head_only``: the request is a HEAD."""
        if self._head_only or self._rest:  # the parser cannot be told, and still waits for a body
            self._parser = HttpResponseParser(self)
        self._head_only = head_only
        self._head_bytes = self._body_bytes = self._unused_bytes = 0
        self._fault: str | None = None
        self._until_close = False
        self._length = self._rest = 0
        self.status = 0
        self.fields: Fields = []
        self.pieces: list[bytes] = []
        self.complete = self.reusable = False

    @property
    def silent(self) -> bool:
        """Whether not one byte of the response has come."""
        return self._head_bytes == 0

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            ResourceServerResponseInvalid: not HTTP, framed in an ambiguous way, an upgrade nobody
                asked for, or a head without end.
        """
        if self._rest:
            self._count(data)
            return
        status, body_bytes = self.status, self._body_bytes
        self._parse(data)
        if not status:
            missing = self._length - self._body_bytes
            if missing > LARGE and not self.complete:
                self._rest = missing
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT:
                self._judge_head()
        elif self._body_bytes == body_bytes and not self.complete:
            self._unused_bytes += len(data)  # chunk extensions, trailers
            if self._unused_bytes > HEAD_LIMIT:
                raise ResourceServerResponseInvalid("trailer_length")

    def end_of_input(self) -> bool:
        """The connection was closed in good order; whether that ends the body (RFC 9112, 6.3)."""
        if self._until_close:
            self.complete = True
        return self.complete

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise ResourceServerResponseInvalid("upgrade") from None
        except HttpParserError:
            self.reusable = False
            if not self.complete:
                raise ResourceServerResponseInvalid("syntax") from None
        if self._fault is not None:
            raise ResourceServerResponseInvalid(self._fault)

    def _count(self, data: bytes) -> None:
        """The rest of a body whose length is known, as it is; what follows it nobody asked for."""
        piece = data if len(data) <= self._rest else data[: self._rest]
        self.pieces.append(piece)
        self._rest -= len(piece)
        if self._rest:
            return
        self.complete = True
        self._parser = HttpResponseParser(self)
        if len(piece) < len(data):
            self.reusable = False

    def _judge_head(self) -> None:
        """Many bytes have come, perhaps with body among them: refuse a head that is too long."""
        length = sum(len(name) + len(value) for name, value in self.fields)
        if not self.status or length > HEAD_LIMIT:
            raise ResourceServerResponseInvalid("head_length")

    # ------------------------------------------------------------------ called by the parser

    def on_message_begin(self) -> None:
        """A response nobody asked for follows the one that is complete."""
        if self.complete:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field; after the head, a trailer, which is dropped (RFC 9110, section 6.5.1)."""
        if not self.status:
            self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The end of a head, interim or final."""
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004  interim responses are for us, and say nothing
            self.fields = []
            return
        self.status = status
        codings = [value for name, value in self.fields if name == b"transfer-encoding"]
        if codings and (len(codings) > 1 or codings[0].lower() != b"chunked"):
            self._fault = "transfer_encoding"
        if self._head_only:
            self.complete = True
            self.reusable = self._persistent()
            return
        self.reusable = self._parser.should_keep_alive()
        if not self.reusable and not codings and status not in _NO_CONTENT:
            self._until_close = all(name != b"content-length" for name, _ in self.fields)
        if not codings and status not in _NO_CONTENT:
            self._length = _stated_length(self.fields)

    def on_body(self, piece: bytes) -> None:
        """Bytes of the body; or, after a HEAD, bytes that must not be there."""
        if self.complete:
            self.reusable = False
        elif self.status:
            self.pieces.append(piece)
            self._body_bytes += len(piece)

    def on_message_complete(self) -> None:
        """The end of a response, interim or final."""
        if self.status:
            self.complete = True

    def _persistent(self) -> bool:
        """RFC 9112, section 9.3, for a response whose framing the parser misjudges."""
        options = b",".join(value for name, value in self.fields if name == b"connection").lower()
        return b"close" not in options and self._parser.get_http_version() == "1.1"


def _stated_length(fields: Fields) -> int:
    """The one content-length, which the parser has understood; 0 if there is none, or more than one."""
    lengths = [value for name, value in fields if name == b"content-length"]
    return int(lengths[0]) if len(lengths) == 1 and lengths[0].isdigit() else 0
