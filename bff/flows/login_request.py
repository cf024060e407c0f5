"""What is asked for when a user signs in, and what comes of it."""

from dataclasses import dataclass

import msgspec

from bff.errors import BffError
from bff.session.model import Ref, SessionId, SessionKey

AGAIN = "again."
"""How the ``state`` of a sign-in begins that takes the place of one that was lost."""


class LoginRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How a browser asks to sign in.

    ``return_to`` is already validated, ``browser`` is what its transaction cookie carries. ``again``
    marks a sign-in that takes the place of one that was lost: its ``state`` says so, even to a
    browser that keeps no cookie, so that it is not started again and again.
    """

    return_to: str
    popup: bool = False
    browser: str | None = None
    replaces: SessionKey | None = None
    prompt: str | None = None
    login_hint: str | None = None
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    again: bool = False


class LoginStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send the browser, and what its transaction cookie must remember.

    Its own secret and this sign-in's ``state``.
    """

    location: str
    browser: str
    state: str

    def __repr__(self) -> str:
        """Nothing of its content."""
        return "LoginStarted(***)"


class LoginCompleted(msgspec.Struct, frozen=True, kw_only=True):
    """The new session's handle and lifetime in seconds, and where the browser wanted to go."""

    session_id: SessionId
    generation: int
    ref: Ref
    return_to: str
    popup: bool
    max_age_seconds: float

    def __repr__(self) -> str:
        """The public reference."""
        return f"LoginCompleted(ref={self.ref})"


@dataclass(frozen=True, slots=True)
class LoginBroken:
    """A sign-in that did not complete: why, and whether it was under way in a window of its own."""

    error: BffError
    popup: bool


class SignInOrigin(msgspec.Struct, frozen=True):
    """By which a user recognises a session later: hints of the device and the network."""

    device: str | None = None
    network: str | None = None
