"""How an access token is written, for those who review a session: never what it says to a decision of ours.

To a client access tokens are opaque (RFC 6749, section 1.4); a JWT (RFC 9068) shows its form and names
the APIs that it is for. What is read here is shown and nothing else: nobody has verified it.
"""

import base64
from typing import Literal

import msgspec

Form = Literal["jwt", "opaque"]
MOST_AUDIENCES, LONGEST = 10, 200
MOST_CHARACTERS = 16_384
"""A longer token is not looked into."""


class _Header(msgspec.Struct):
    alg: str


class _Payload(msgspec.Struct):
    aud: str | list[str] = []


def form_of(token: str) -> tuple[Form, tuple[str, ...]]:
    """Whether it is a JWT, and the audiences that it names then: at most ten, each of at most 200 characters."""
    parts = token.split(".") if len(token) <= MOST_CHARACTERS else []
    if len(parts) != 3:  # noqa: PLR2004  RFC 7515, section 3.1: header, payload, signature
        return "opaque", ()
    try:
        msgspec.json.decode(_octets(parts[0]), type=_Header)
        named = msgspec.json.decode(_octets(parts[1]), type=_Payload).aud
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return "opaque", ()
    audiences = [named] if isinstance(named, str) else named
    return "jwt", tuple(one[:LONGEST] for one in audiences[:MOST_AUDIENCES])


def _octets(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
