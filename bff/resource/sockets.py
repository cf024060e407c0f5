"""WebSockets: what is offered at the handshake, and with which codes they are closed (RFC 6455).

A page can add no header to a handshake. What it can choose are subprotocols, so one that begins
with ``bff-session.`` pins the socket to the session the page believes in, as the header
``BFF-Session`` does for a call. No API sees it.
"""

from collections.abc import Sequence

import msgspec

from bff.errors import RequestMalformed
from bff.resource.messages import Fields

PIN = "bff-session."
OFFER_LIMIT = 32
"""Subprotocols that may be offered."""

OUR_REASONS = "bff:"
"""How the reason of a close begins that was ours and not the API's."""

NORMAL, GOING_AWAY, TOO_BIG, BROKEN = 1000, 1001, 1009, 1011
SESSION_ENDED = 4401
"""Ours: the session ended, and the reason says how."""

_NO_CODE = 1005
_LOST = 1006
# Those that may stand in a close frame (RFC 6455, section 7.4; 1014 is unknown to browsers).
_SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013})
_APPLICATIONS = range(3000, 5000)
_REASON_OCTETS = 123

Message = str | bytes
"""One text, or one binary message."""


class Close(msgspec.Struct, frozen=True):
    """How a socket was closed, or is to be."""

    code: int
    reason: str = ""


LOST = Close(_LOST)
"""The connection broke; nobody said why."""


class SocketClosed(Exception):
    """The other side has closed, as ``close`` says."""

    def __init__(self, close: Close) -> None:
        super().__init__(str(close.code))
        self.close = close


class Refusal(msgspec.Struct, frozen=True):
    """An API that answers a handshake with something else than a socket."""

    status: int
    headers: Fields

    def __repr__(self) -> str:
        """The status."""
        return f"Refusal({self.status})"


class Offer(msgspec.Struct, frozen=True):
    """What a page offers: subprotocols for the API, and the session it is pinned to, if it is."""

    subprotocols: tuple[str, ...]
    pinned_ref: str | None

    def answer(self, chosen: str | None) -> str | None:
        """What the page is told was chosen. A browser that offered something insists on one."""
        if chosen is None and not self.subprotocols and self.pinned_ref is not None:
            return PIN + self.pinned_ref
        return chosen


def read_offer(offered: Sequence[str]) -> Offer:
    """Split the pin from what is meant for the API.

    Raises:
        RequestMalformed: two pins, an empty one, a name twice (RFC 6455, section 4.1), or too many.
    """
    pins = [name.removeprefix(PIN) for name in offered if name.startswith(PIN)]
    too_many = len(pins) > 1 or len(offered) > OFFER_LIMIT
    if too_many or "" in pins or len(set(offered)) != len(offered):
        raise RequestMalformed("subprotocol")
    rest = tuple(name for name in offered if not name.startswith(PIN))
    return Offer(rest, pins[0] if pins else None)


def close_for_browser(close: Close) -> Close:
    """The API's close, as the page may see it. Our own reasons are not the API's to use."""
    if close.code == _NO_CODE:
        return Close(NORMAL)
    if not _sendable(close.code):
        return Close(BROKEN, OUR_REASONS + "upstream_broken")
    return Close(close.code, "" if close.reason.startswith(OUR_REASONS) else close.reason)


def close_for_api(close: Close) -> Close:
    """The browser's close, as the API is told."""
    if close.code == _NO_CODE:
        return Close(NORMAL)
    if not _sendable(close.code):
        return Close(GOING_AWAY)
    return Close(close.code, _cut(close.reason))


def _sendable(code: int) -> bool:
    return code in _SENDABLE or code in _APPLICATIONS


def _cut(reason: str) -> str:
    """What fits into a control frame (RFC 6455, section 5.5)."""
    return reason.encode("utf-8", "replace")[:_REASON_OCTETS].decode("utf-8", "ignore")
