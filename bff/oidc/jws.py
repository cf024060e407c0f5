"""The compact serialization of a JWS: three segments, of which the last vouches for the others.

RFC 7515, sections 3.1, 5.2 and 7.1.
"""

import base64

import msgspec
from jwt.exceptions import PyJWTError

from bff.errors import SignedTokenInvalid
from bff.oidc.keys import SigningKey

MAX_JWT_CHARACTERS = 128 * 1024


def read_header(jwt: str) -> dict[str, object]:
    """What a token's header says; nothing is believed yet. Raises SignedTokenInvalid (``size``, ``jwt``)."""
    if len(jwt) > MAX_JWT_CHARACTERS:
        raise SignedTokenInvalid("size")
    segments = jwt.split(".")
    if len(segments) != 3:  # noqa: PLR2004  RFC 7515, section 3.1: header, payload, signature
        raise SignedTokenInvalid("jwt")
    try:
        return msgspec.json.decode(_octets(segments[0]), type=dict[str, object])
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise SignedTokenInvalid("jwt") from None


def verified_payload(jwt: str, key: SigningKey) -> bytes:
    """What was signed, if it was, with this key under its own algorithm (RFC 7515, section 5.2).

    Raises SignedTokenInvalid (``signature``).

    PyJWT's algorithms, without its reading of the segments character by character: that took a
    third of the longest step of a renewal, for which every call of the process waits.
    """
    signed, _, signature = jwt.rpartition(".")
    try:
        good = key.jwk.Algorithm.verify(signed.encode("ascii"), key.jwk.key, _octets(signature))
        payload = _octets(signed.partition(".")[2])
    except (PyJWTError, ValueError):
        good, payload = False, b""
    if not good:
        raise SignedTokenInvalid("signature")
    return payload


def _octets(segment: str) -> bytes:
    """Base64url in its one spelling (RFC 7515, section 2; RFC 4648, section 3.5). Else ValueError."""
    decoded = base64.urlsafe_b64decode(segment + "==")
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode("ascii").rstrip(b"="):
        raise ValueError("base64url")
    return decoded
