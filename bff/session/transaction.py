"""The gap between leaving for the provider and coming back.

The login transaction (RFC 9700, sections 2.1.1 and 4.7.1).
"""

import msgspec

from bff.session.model import SessionKey

LIFETIME_SECONDS = 600.0


class LoginTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What one sign-in must remember.

    Kept under its ``state``, handed out once, for at most ten minutes.

    ``browser`` is the random value that the transaction cookie of the starting browser carries; the
    callback must bring it back. ``return_to`` was validated when the transaction began.
    ``replaces`` is the session the browser showed then: its cookie is SameSite=Strict and does not
    come along on the way back from another site.
    """

    browser: str
    nonce: str
    code_verifier: str
    redirect_uri: str
    return_to: str
    popup: bool
    replaces: SessionKey | None = None
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    created_at: float

    def __repr__(self) -> str:
        """Nothing of its content."""
        return "LoginTransaction(***)"
