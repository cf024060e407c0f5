"""The cookies: their names and attributes, their signatures, and how a Cookie header is read.

RFC 6265bis; RFC 10017, section 6.1.3.2. Every one is Secure, HttpOnly, Path=/ and without Domain,
deletions included: the name prefix makes browsers insist on it.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Literal

import msgspec
from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from bff.errors import RequestMalformed

MAX_AGE_LIMIT = 400 * 86_400
"""Seconds; browsers keep no cookie longer (RFC 6265bis, section 5.6.2)."""

_PREFIX = b"__Host-Http-bff"
_VALUE = re.compile(r"[A-Za-z0-9._~-]*")
_SIGNED_LIMIT = 1024


class Cookie(msgspec.Struct, frozen=True):
    """One of our cookies: a constant, never an option."""

    name: str
    same_site: Literal["Strict", "Lax"]


SESSION_COOKIE = Cookie("__Host-Http-bff", "Strict")
"""The signed session handle."""

LOGIN_COOKIE = Cookie("__Host-Http-bff-login", "Lax")
"""Binds sign-ins under way to this browser. Lax: the way back from the provider is cross-site."""

NOTE_COOKIE = Cookie("__Host-Http-bff-note", "Lax")
"""A one-shot word for the page: why a session ended, why a sign-in failed."""

_NAMES = frozenset(
    cookie.name.encode("ascii") for cookie in (SESSION_COOKIE, LOGIN_COOKIE, NOTE_COOKIE)
)


class _HmacSha256(SigningAlgorithm):
    """HMAC-SHA-256 in one call; itsdangerous' own builds an object each time, on every request."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """The 32 bytes."""
        return hmac.digest(key, value, "sha256")


class SignedCookie:
    """Signs and reads the values of one kind of cookie, with a ring of keys.

    Args:
        keys: secrets of at least 32 bytes, the newest last: it signs, all verify.
        purpose: what the value is for. A value signed for one purpose is not readable for another.
    """

    __slots__ = ("_signer",)

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        """Raises ValueError if there is no key, or a short one."""
        if not keys or any(len(key) < 32 for key in keys):  # noqa: PLR2004  as the docstring says
            raise ValueError("expected signing keys of at least 32 bytes")
        # One key per secret and purpose, derived here once rather than by the signer for every
        # cookie.
        derived = [
            hmac.digest(key, b"cookie\0" + purpose.encode("utf-8"), "sha256") for key in keys
        ]
        self._signer = Signer(derived, key_derivation="none", algorithm=_HmacSha256())

    def sign(self, value: str) -> str:
        """``value`` and its signature, fit for a cookie.

        Raises:
            ValueError: a character that no cookie of ours needs.
        """
        if not _VALUE.fullmatch(value):
            raise ValueError("expected letters, digits, '.', '_', '~' and '-' only")
        return self._signer.sign(value).decode("ascii")

    def read(self, text: str) -> str | None:
        """The value, or None unless one of our keys signed exactly this."""
        if len(text) > _SIGNED_LIMIT or not _VALUE.fullmatch(text):
            return None
        try:
            return self._signer.unsign(text).decode("ascii")
        except BadSignature:
            return None

    def is_up_to_date(self, text: str) -> bool:
        """Whether the newest key signed it: a cookie signed by an older one is to be signed anew."""
        value = self.read(text)
        return value is not None and self.sign(value) == text


def set_cookie(cookie: Cookie, value: str, *, max_age: int) -> str:
    """The value of a Set-Cookie field that keeps ``value`` for ``max_age`` seconds.

    Raises:
        ValueError: a character that could end the value, or more seconds than a browser would
            honour.
    """
    if not _VALUE.fullmatch(value):
        raise ValueError("expected letters, digits, '.', '_', '~' and '-' only")
    if not 0 <= max_age <= MAX_AGE_LIMIT:
        raise ValueError(f"expected a cookie lifetime of at most {MAX_AGE_LIMIT} seconds")
    same_site = cookie.same_site
    return (
        f"{cookie.name}={value}; Max-Age={max_age}; Path=/; Secure; HttpOnly; SameSite={same_site}"
    )


def clear_cookie(cookie: Cookie) -> str:
    """The value of a Set-Cookie field that deletes it."""
    return set_cookie(cookie, "", max_age=0)


def read_cookies(header_values: Sequence[bytes]) -> dict[str, str]:
    """Our cookies among those of all Cookie fields (HTTP/2 may split them: RFC 9113, 8.2.3).

    Strangers' cookies are skipped, whatever they look like. A value of ours outside ASCII cannot be
    ours and is skipped too.

    Raises:
        RequestMalformed: one of our names comes twice with different values. A browser that
            enforces the prefix cannot send that; choosing one would let whoever planted the other
            choose (RFC 6265bis, section 8.6).
    """
    found: dict[bytes, bytes] = {}
    for header in header_values:
        if _PREFIX not in header:
            continue
        for pair in header.split(b";"):
            name, separator, value = pair.strip(b" \t").partition(b"=")
            if separator and name in _NAMES and found.setdefault(name, value) != value:
                raise RequestMalformed("cookie")
    return {
        name.decode("ascii"): value.decode("ascii")
        for name, value in found.items()
        if value.isascii()
    }
