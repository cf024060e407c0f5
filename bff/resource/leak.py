"""The guard against an API that echoes the access token: in a header, in a body, across chunks.

Promise kept: tokens never reach the browser (RFC 10017, section 6.1). Only bodies without a content
coding can be read.
"""

from collections.abc import Iterable, Sequence

from bff.errors import TokenLeaked

_ANCHOR = 4


class LeakGuard:
    """Watches one response for the very token that was attached to its request.

    The body goes through :meth:`feed` piece by piece and :meth:`finish` at its end. At most
    ``len(token) - 1`` bytes are held back, and only while they could be the beginning of the token.
    """

    __slots__ = ("_held", "_token")

    def __init__(self, token: bytes) -> None:
        if not token:
            raise ValueError("there is no empty token")
        self._token = token
        self._held = b""

    def check_headers(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """Raise TokenLeaked if a field's value contains the token."""
        if self._token in b"\0".join([value for _, value in fields]):
            raise TokenLeaked

    def feed(self, chunk: bytes) -> bytes:
        """What may be passed on now, perhaps nothing.

        Raises:
            TokenLeaked: the token is there; nothing of the rest may be passed on.
        """
        data = self._held + chunk if self._held else chunk
        if self._token in data:
            raise TokenLeaked
        border = self._beginning(data)
        self._held = data[border:]
        return data[:border] if self._held else data

    def finish(self) -> bytes:
        """What was held back and turned out to be harmless, at the end of the body."""
        held, self._held = self._held, b""
        return held

    def _beginning(self, data: bytes) -> int:
        """Where the longest end of ``data`` that begins the token starts; else the length."""
        token, end = self._token, len(data)
        anchor = token[:_ANCHOR]
        at = data.find(anchor, max(0, end - len(token) + 1))
        while at >= 0:
            if token.startswith(data[at:]):
                return at
            at = data.find(anchor, at + 1)
        for length in range(min(_ANCHOR, len(token), end + 1) - 1, 0, -1):
            if data.endswith(token[:length]):
                return end - length
        return end


def leaks(token: bytes, fields: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
    """Whether an answer that is all here contains the token, in a field or in a readable body."""
    return token in b"\0".join([value for _, value in fields]) or (
        token in body and readable(fields)
    )


def check_answer(token: bytes, fields: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
    """Raise TokenLeaked if an answer that is all here :func:`leaks` the token."""
    if leaks(token, fields, body):
        raise TokenLeaked


class MessageGuard:
    """Watches the messages of one socket for the token that was attached to its handshake.

    A message is passed on or not, whole; of a token split between messages the last part is
    stopped.
    """

    __slots__ = ("_tail", "_token")

    def __init__(self, token: bytes) -> None:
        if not token:
            raise ValueError("there is no empty token")
        self._token = token
        self._tail = b""

    def check(self, message: bytes) -> None:
        """Raise TokenLeaked if the message contains the token, or completes it."""
        token, reach = self._token, len(self._token) - 1
        if token in message or token in self._tail + message[:reach]:
            raise TokenLeaked
        if len(message) >= reach:
            self._tail = message[-reach:] if reach else b""
        else:
            self._tail = (self._tail + message)[-reach:]


def readable(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body with these fields can be watched: it has no content coding (RFC 9110, 8.4)."""
    return all(
        name != b"content-encoding" or value.strip().lower() == b"identity"
        for name, value in fields
    )
