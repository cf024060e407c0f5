"""What the login cookie carries: who this browser is to sign-ins under way, and which those are.

One cookie however many sign-ins are started or abandoned; several tabs at once each find theirs;
the last one to finish takes the cookie with it (ASVS 5.0, 10.1.2; OWASP Session Management).
"""

import base64
import hashlib
import re

import msgspec

REMEMBERED_SECONDS = 3600
"""How long a browser remembers that it has begun. Longer than the sign-in itself lasts: who comes back
too late is led through it once more instead of being turned away."""

PENDING_LIMIT = 8
"""Sign-ins under way that are remembered; the oldest is forgotten first."""

_TEXT = re.compile(r"([A-Za-z0-9_-]{16,64})((?:\.[A-Za-z0-9_-]{8}){1,8})")


class LoginCookie(msgspec.Struct, frozen=True):
    """The browser's random value, and a short tag of each pending ``state``, oldest first.

    ``browser`` is what the login transaction is bound to; the tags only say when the cookie has
    served its purpose.
    """

    browser: str
    tags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """How many are pending."""
        return f"LoginCookie(***, pending={len(self.tags)})"

    @property
    def empty(self) -> bool:
        """Whether nothing is pending, so that the cookie can be deleted."""
        return not self.tags

    def holds(self, state: str) -> bool:
        """Whether the sign-in with this ``state`` is among those remembered."""
        return state_tag(state) in self.tags

    def add(self, state: str) -> "LoginCookie":
        """The cookie after a sign-in has started."""
        tags = (*self.remove(state).tags, state_tag(state))
        return LoginCookie(self.browser, tags[-PENDING_LIMIT:])

    def remove(self, state: str) -> "LoginCookie":
        """The cookie after a sign-in has ended, however it ended; unknown states change nothing."""
        done = state_tag(state)
        return LoginCookie(self.browser, tuple(tag for tag in self.tags if tag != done))


def state_tag(state: str) -> str:
    """48 bits of the SHA-256 of ``state``, base64url: tells eight apart, helps to guess none."""
    digest = hashlib.sha256(state.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode("ascii")


def write_login_cookie(cookie: LoginCookie) -> str:
    """The unsigned text form of a cookie that is not empty."""
    return ".".join((cookie.browser, *cookie.tags))


def read_login_cookie(text: str) -> LoginCookie | None:
    """The cookie, or None unless ``text`` is what :func:`write_login_cookie` writes."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    return LoginCookie(match[1], tuple(match[2][1:].split(".")))
