"""What a session held in a process may decide: that nothing needs deciding before a request goes on."""

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
    """A session whose calls wait for nothing, and until when (Unix seconds).

    From ``touch_at`` on its use by a person is to be recorded, from ``renewal_at`` on an early
    renewal is due: both can be done beside the call.
    """

    session: Session
    token: bytes
    until: float
    touch_at: float
    renewal_at: float
    absolute_ends: float

    def __repr__(self) -> str:
        """The times: it knows a token."""
        return f"Quiet(until={self.until}, touch_at={self.touch_at}, renewal_at={self.renewal_at})"

    def serves(self, generation: int, pinned_ref: str | None, now: float) -> bool:
        """Whether a use at ``now`` need not wait.

        It shows a handle of ``generation`` and believes in ``pinned_ref``, if in any. As strict as
        :func:`beyond_question` but for a handle that is to be acknowledged, which can be done beside
        the call; and stricter whatever the grace: the handle must be none that has been superseded
        for good.
        """
        session = self.session
        return (
            now < self.until
            and session.acknowledged.generation <= generation <= session.generation
            and (pinned_ref is None or pinned_ref == session.core.ref)
        )


def quiet(session: Session, policy: RefreshPolicy, limits: SessionLimits) -> Quiet | None:
    """How long the session's calls wait for nothing.

    None: its token is none that a field may carry (RFC 6750, section 2.1).
    """
    token = session.tokens.access_token
    if not _VISIBLE.fullmatch(token):
        return None
    ends = absolute_deadline(session)
    expired_at = counts_as_expired_at(session, policy)
    return Quiet(
        session,
        token.encode("ascii"),
        min(expired_at, ends, idle_deadline(session, limits)),
        touch_due_at(session, limits),
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
