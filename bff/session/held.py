"""What a session held in a process may decide: that nothing needs deciding."""

import re

import msgspec

from bff.session.handle import HandleVerdict, acknowledgement_due, judge_handle
from bff.session.limits import (
    SessionLimits,
    absolute_deadline,
    idle_deadline,
    passed_limit,
    touch_due_at,
)
from bff.session.model import Session
from bff.session.refresh import (
    RefreshPolicy,
    Verdict,
    counts_as_expired_at,
    early_renewal_at,
    judge,
)

_VISIBLE = re.compile("[!-~]+")


def beyond_question(
    session: Session,
    generation: int,
    pinned_ref: str | None,
    now: float,
    policy: RefreshPolicy,
    limits: SessionLimits,
    grace: float,
) -> bool:
    """Whether a copy of the session is enough to let a request go on at ``now``.

    It shows a handle of ``generation`` and believes in ``pinned_ref``, if in any. Not enough for
    anything that would refuse it, end the session, wait for a renewal or write: an older copy must
    not decide that.
    """
    return (
        passed_limit(session, now, limits) is None
        and not acknowledgement_due(session, generation)
        and (pinned_ref is None or pinned_ref == session.core.ref)
        and judge_handle(session, generation, now, grace) is not HandleVerdict.REPLAYED
        and judge(session, now, policy) in {Verdict.USE, Verdict.REFRESH_SOON}
    )


class Quiet(msgspec.Struct, frozen=True):
    """A session that asks nothing of anybody, and until when it does so (Unix seconds).

    Until then its calls begin no record of use, no new cookie and no renewal that could not wait:
    ``until`` for use by a person, ``background_until`` for use that does not slide the idle limit.
    From ``renewal_at`` on an early renewal is due.
    """

    session: Session
    token: bytes
    until: float
    background_until: float
    renewal_at: float
    absolute_ends: float

    def __repr__(self) -> str:
        """The times: it knows a token."""
        return f"Quiet(until={self.until}, background_until={self.background_until})"

    def serves(
        self, generation: int, pinned_ref: str | None, now: float, *, background: bool
    ) -> bool:
        """Whether a use at ``now`` leaves nothing to do.

        It shows a handle of ``generation`` and believes in ``pinned_ref``, if in any.
        Stricter than :func:`beyond_question` whatever the grace, because the handle must be the
        newest one and acknowledged.
        """
        session = self.session
        return (
            now < (self.background_until if background else self.until)
            and generation == session.generation
            and (pinned_ref is None or pinned_ref == session.core.ref)
        )


def quiet(session: Session, policy: RefreshPolicy, limits: SessionLimits) -> Quiet | None:
    """How long the session asks for nothing.

    None: its newest handle has yet to be acknowledged, or its token is none that a field may carry
    (RFC 6750, section 2.1).
    """
    token = session.tokens.access_token
    if session.generation != session.acknowledged.generation or not _VISIBLE.fullmatch(token):
        return None
    ends = absolute_deadline(session)
    expired_at = counts_as_expired_at(session, policy)
    background_until = min(expired_at, ends, idle_deadline(session, limits))
    return Quiet(
        session,
        token.encode("ascii"),
        min(background_until, touch_due_at(session, limits)),
        background_until,
        early_renewal_at(session, policy),
        ends,
    )


class HeldSession:
    """A copy held in a process since ``since`` (seconds of its own clock), and what was found out about it."""

    __slots__ = ("quiet", "session", "since")

    def __init__(self, session: Session, since: float) -> None:
        """Nothing is found out yet."""
        self.session = session
        self.since = since
        self.quiet: Quiet | None = None
