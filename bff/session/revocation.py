"""A token that the provider is still to be told about: it is no longer wanted (RFC 7009)."""

import msgspec

from bff.session.model import SessionKey

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """One token to revoke, and what is known of the session it belonged to. Times are Unix seconds.

    After ``give_up_at`` it has expired by itself. With ``session``, it is only meant: kept before that
    session is ended, for the case that nobody is left to say that it was; while it lives, nothing is revoked.
    """

    id: str
    token: str
    kind: str
    ref: str
    issuer: str
    subject: str
    asked_at: float
    give_up_at: float
    attempts: int = 0
    session: SessionKey | None = None

    def __repr__(self) -> str:
        """The public reference and the kind."""
        return f"Revocation(ref={self.ref}, kind={self.kind}, attempts={self.attempts})"


def next_try(revocation: Revocation, now: float) -> float | None:
    """When to ask again after a failure at ``now``, doubling; None when it is of no use any more."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(revocation.attempts, 10))
    due = now + pause
    return due if due < revocation.give_up_at else None
