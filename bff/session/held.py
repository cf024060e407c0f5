"""What a session held in a process may decide: that nothing needs deciding."""

from bff.session.handle import HandleVerdict, acknowledgement_due, judge_handle
from bff.session.limits import SessionLimits, passed_limit, touch_due
from bff.session.model import Session
from bff.session.refresh import RefreshPolicy, Verdict, judge


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


def nothing_due(
    session: Session,
    generation: int,
    pinned_ref: str | None,
    now: float,
    policy: RefreshPolicy,
    limits: SessionLimits,
    *,
    background: bool,
) -> bool:
    """Whether, besides, nothing is to be begun for the session's sake: no renewal, no record of use, no new cookie.

    Stricter than :func:`beyond_question` whatever the grace, because the handle must be the newest
    one and acknowledged.
    """
    return (
        session.generation == generation == session.acknowledged.generation
        and (pinned_ref is None or pinned_ref == session.core.ref)
        and judge(session, now, policy) is Verdict.USE
        and passed_limit(session, now, limits) is None
        and (background or not touch_due(session, now, limits))
    )
