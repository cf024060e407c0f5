"""How long a session may live.

Two numbers, enforced here and by Redis's own clock (ASVS 5.0, 7.3.1 and 7.3.2).
"""

import msgspec

from bff.session.model import EndReason, Session, SessionCore
from bff.session.share import share


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Idle and absolute limit in seconds; use is recorded at most every ``touch_interval`` seconds."""

    idle: float = 86_400.0
    absolute: float = 604_800.0
    touch_interval: float = 60.0


def absolute_deadline(session: Session) -> float:
    """Unix seconds: the end that no use can move.

    The provider's own refresh lifetime can only bring it nearer.
    """
    return hard_end(session.core.absolute_expires_at, session.tokens.refresh_expires_at)


def hard_end(absolute_expires_at: float, refresh_expires_at: float | None) -> float:
    """The earlier of our absolute limit and the refresh token's end, if the provider told it (RFC 10017, section 6.1.2.2)."""
    if refresh_expires_at is None:
        return absolute_expires_at
    return min(absolute_expires_at, refresh_expires_at)


def idle_deadline(session: Session, limits: SessionLimits) -> float:
    """Unix seconds: the end that use moves."""
    return session.touched_at + limits.idle


def passed_limit(session: Session, now: float, limits: SessionLimits) -> EndReason | None:
    """Which limit has passed at ``now``, if any."""
    if now >= absolute_deadline(session):
        return EndReason.ABSOLUTE_TIMEOUT
    if now >= idle_deadline(session, limits):
        return EndReason.IDLE_TIMEOUT
    return None


def step_up_due(
    core: SessionCore, now: float, *, max_age: float | None, acr: tuple[str, ...], leeway: float
) -> bool:
    """Whether the user must show themselves again for what asks this much (RFC 9470; ASVS 5.0, 7.5.1 and 7.5.3).

    ``max_age`` is how many seconds ago they may have done so at the provider, ``leeway`` how far its
    clock may be from ours; ``acr`` are the authentication context classes that will do, if not all.
    A sign-in that did not say when it happened is none of late.
    """
    if acr and core.acr not in acr:
        return True
    if max_age is None:
        return False
    return core.auth_time is None or now > core.auth_time + max_age + leeway


def touch_due_at(session: Session, limits: SessionLimits) -> float:
    """Unix seconds from which use is worth a write.

    After ``touch_interval``, or a twentieth of a short idle limit.
    """
    return session.touched_at + _touch_interval(limits)


def touch_turn_at(session: Session, limits: SessionLimits) -> float:
    """Unix seconds from which a record of use that is due waits for no others.

    Within half an interval, fixed per session and last use: those who came back together are not
    recorded together ever after.
    """
    interval = _touch_interval(limits)
    return session.touched_at + interval * (1 + share(session.key, int(session.touched_at)) / 2)


def touch_due(session: Session, now: float, limits: SessionLimits) -> bool:
    """Whether use at ``now`` is worth a write."""
    return now >= touch_due_at(session, limits)


def _touch_interval(limits: SessionLimits) -> float:
    return min(limits.touch_interval, limits.idle / 20)


def record_expires_at(session: Session, touched_at: float, limits: SessionLimits) -> float:
    """When Redis itself may forget a session last used at ``touched_at``."""
    return min(absolute_deadline(session), touched_at + limits.idle)
