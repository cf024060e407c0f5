"""What a page may know of its session, and what it is told of one that is over."""

import msgspec

from bff.errors import (
    ReauthenticationRequired,
    SessionExpired,
    SessionNotUsable,
    SessionRequired,
    SessionRevoked,
)
from bff.session.model import EndReason

_REAUTHENTICATE = frozenset(
    {
        EndReason.REFRESH_REJECTED,
        EndReason.REFRESH_OUTCOME_LOST,
        EndReason.SUBJECT_CHANGED,
        EndReason.ID_TOKEN_INVALID,
    }
)


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """What a page may know of its session. Remaining times in seconds.

    ``renewal`` is ``ok``, ``renewing`` or ``stuck``.
    """

    ref: str
    subject: str
    claims: dict[str, object]
    idle_expires_in: float
    absolute_expires_in: float
    extendable: bool
    renewal: str
    generation: int
    new_generation: int | None


def not_usable(reason: EndReason) -> SessionNotUsable:
    """What a page is told about a session that ended for ``reason``."""
    if reason is EndReason.IDLE_TIMEOUT:
        return SessionExpired("idle")
    if reason is EndReason.ABSOLUTE_TIMEOUT:
        return SessionExpired("absolute")
    if reason in _REAUTHENTICATE:
        return ReauthenticationRequired(reason.value)
    if reason in {EndReason.SIGNED_OUT, EndReason.REPLACED}:
        return SessionRequired(reason.value)
    return SessionRevoked(reason.value)
