"""When a session is renewed, and what a failure means.

Pure: ``now`` is an argument (RFC 9700, section 4.14; RFC 6749, section 6).
"""

import math
from enum import Enum, auto

import msgspec

from bff.session.model import RefreshJournal, Session
from bff.session.share import share


class Verdict(Enum):
    """What a request may do with the session in hand."""

    USE = auto()
    REFRESH_SOON = auto()
    REFRESH_NOW = auto()
    ENDED = auto()


class RefreshPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of refresh, in seconds.

    ``lease`` is both the life of the per-session lock between renewals and the age at which a
    journal entry in flight counts as *outcome unknown*. It must exceed ``budget``, the total time
    one token request may take. ``hold`` is how long a request waits for a renewal;
    ``default_lifetime`` stands in for an absent ``expires_in``; ``unsaved_bound`` is how long
    renewed tokens are kept in memory while Redis is away, ``takeover_pause`` what their holder gets
    to store them before somebody takes the attempt for dead.
    """

    window: float = 300.0
    jitter: float = 30.0
    skew: float = 5.0
    hold: float = 2.0
    budget: float = 75.0
    lease: float = 90.0
    backoff_base: float = 2.0
    backoff_cap: float = 60.0
    forced_interval: float = 10.0
    default_lifetime: float = 300.0
    unsaved_bound: float = 600.0
    takeover_pause: float = 3.0

    def __post_init__(self) -> None:
        """Raise ValueError when two holders could be at the provider at once."""
        if self.lease <= self.budget:
            msg = "lease must be longer than budget"
            raise ValueError(msg)


def refresh_due_at(session: Session, policy: RefreshPolicy) -> float:
    """Unix seconds from which the session is to be renewed.

    ``window`` before expiry, or a third of the token's lifetime if that is shorter, minus a jitter
    fixed per session and generation (up to ``jitter``, at most half the window), so that a
    morning's sign-ins do not renew in step.
    """
    tokens = session.tokens
    window = min(policy.window, (tokens.expires_at - tokens.issued_at) / 3)
    jitter = min(policy.jitter, window / 2) * share(session.key, session.generation)
    return tokens.expires_at - window + jitter


def judge(session: Session, now: float, policy: RefreshPolicy) -> Verdict:
    """Say what a request may do with this session at ``now``; session limits are judged elsewhere.

    A token counts as expired ``skew`` seconds early, so that it does not expire on its way to the
    API. A session without a refresh token is used to the end of its access token and then ENDED.
    """
    if now >= counts_as_expired_at(session, policy):
        return Verdict.REFRESH_NOW if session.tokens.refresh_token else Verdict.ENDED
    if session.tokens.refresh_token is None or now < refresh_due_at(session, policy):
        return Verdict.USE
    return Verdict.REFRESH_SOON


def counts_as_expired_at(session: Session, policy: RefreshPolicy) -> float:
    """Unix seconds from which the access token is not sent any more: ``skew`` before its end."""
    return session.tokens.expires_at - min(policy.skew, _lifetime(session) / 10)


def early_renewal_at(session: Session, policy: RefreshPolicy) -> float:
    """Unix seconds from which :func:`judge` says REFRESH_SOON, if it ever does."""
    if session.tokens.refresh_token is None:
        return math.inf
    return refresh_due_at(session, policy)


def early_turn_at(session: Session, policy: RefreshPolicy) -> float:
    """Unix seconds from which a renewal that is due waits for no others.

    A moment in the first two thirds of the time that is left for it, fixed per session and
    generation: a crowd that falls due together is spread evenly over them, whoever asks when. The
    last third is for a provider that is away.
    """
    due_at = refresh_due_at(session, policy)
    spread = (session.tokens.expires_at - due_at) * 2 / 3
    return due_at + spread * share(session.key, session.generation)


def in_flight(journal: RefreshJournal | None, now: float, policy: RefreshPolicy) -> bool:
    """Whether somebody may be at the token endpoint right now."""
    return journal is not None and journal.outcome is None and now < journal.since + policy.lease


def left_open(journal: RefreshJournal | None, now: float, policy: RefreshPolicy) -> bool:
    """Whether an attempt began and never said how it went, for longer than any attempt may take."""
    return journal is not None and journal.outcome is None and now >= journal.since + policy.lease


def outcome_unknown(journal: RefreshJournal | None, now: float, policy: RefreshPolicy) -> bool:
    """Whether the stored refresh token may have been spent by an attempt whose answer never arrived."""
    return left_open(journal, now, policy) or (journal is not None and journal.unknown)


def resting(journal: RefreshJournal | None, now: float) -> bool:
    """Whether a failed attempt asks everybody to wait before the next."""
    return journal is not None and journal.outcome is not None and now < journal.retry_at


def after_failure(
    journal: RefreshJournal,
    *,
    outcome: str,
    unknown: bool,
    now: float,
    chance: float,
    retry_after: float | None,
    policy: RefreshPolicy,
) -> RefreshJournal:
    """The journal after a failed attempt.

    Exponential back-off with ``chance`` in [0, 1) as jitter, or the provider's own Retry-After.

    ``unknown`` is sticky: a later clean refusal does not tell what the earlier attempt did.
    """
    ceiling = min(policy.backoff_cap, policy.backoff_base * 2 ** min(journal.attempts, 10))
    pause = ceiling * (0.5 + chance / 2)
    if retry_after is not None:
        pause = max(pause, min(retry_after, policy.backoff_cap))
    return msgspec.structs.replace(
        journal,
        outcome=outcome,
        unknown=unknown or journal.unknown,
        attempts=journal.attempts + 1,
        retry_at=now + pause,
    )


def _lifetime(session: Session) -> float:
    return max(session.tokens.expires_at - session.tokens.issued_at, 0.0)
