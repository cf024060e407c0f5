"""How long a session may live."""

import pytest

from bff.session.limits import (
    SessionLimits,
    absolute_deadline,
    idle_deadline,
    passed_limit,
    record_expires_at,
    step_up_due,
    touch_due,
    touch_turn_at,
)
from bff.session.model import EndReason
from tests.builders import NOW, a_core, a_key, a_session

LIMITS = SessionLimits(idle=1800, absolute=28_800)


@pytest.mark.req("N53")
def test_the_idle_limit_ends_a_session_at_its_second() -> None:
    """One second earlier it lives."""
    session = a_session()
    assert idle_deadline(session, LIMITS) == NOW + 1800
    assert passed_limit(session, NOW + 1799, LIMITS) is None
    assert passed_limit(session, NOW + 1800, LIMITS) is EndReason.IDLE_TIMEOUT


@pytest.mark.req("N54", "S3")
def test_the_absolute_limit_ends_a_session_however_busy() -> None:
    """Seven days after sign-in, though it was used a second ago."""
    session = a_session(touched_at=NOW + 604_799)
    assert passed_limit(session, NOW + 604_799, LIMITS) is None
    assert passed_limit(session, NOW + 604_800, LIMITS) is EndReason.ABSOLUTE_TIMEOUT


@pytest.mark.req("N55", "S3")
def test_the_providers_refresh_lifetime_can_only_shorten() -> None:
    """An earlier end of the refresh token is the session's; a later one is ignored."""
    assert absolute_deadline(a_session(tokens={"refresh_expires_at": NOW + 60})) == NOW + 60
    assert absolute_deadline(a_session(tokens={"refresh_expires_at": NOW + 10**9})) == NOW + 604_800


@pytest.mark.req("N54")
def test_redis_forgets_a_session_no_later_than_its_limits() -> None:
    """The record's own expiry is the earlier of both."""
    session = a_session()
    assert record_expires_at(session, NOW + 100, LIMITS) == NOW + 1900
    assert record_expires_at(session, NOW + 604_700, LIMITS) == NOW + 604_800


def test_use_is_recorded_at_most_once_a_minute_or_a_twentieth_of_a_short_limit() -> None:
    """So that the hot path writes nothing, and a short limit is not cut shorter."""
    session = a_session()
    assert not touch_due(session, NOW + 59, LIMITS)
    assert touch_due(session, NOW + 60, LIMITS)
    short = SessionLimits(idle=20, absolute=60)
    assert touch_due(session, NOW + 1, short)


@pytest.mark.req("N61")
@pytest.mark.parametrize(
    ("auth_time", "acr", "max_age", "wanted", "due"),
    [
        (NOW, None, None, (), False),
        (NOW - 300, None, 300, (), False),
        (NOW - 329, None, 300, (), False),
        (NOW - 331, None, 300, (), True),
        (None, None, 300, (), True),
        (NOW, "mfa", None, ("mfa", "hwk"), False),
        (NOW, "pwd", None, ("mfa", "hwk"), True),
        (NOW, None, None, ("mfa",), True),
        (NOW - 900, "mfa", 300, ("mfa",), True),
    ],
)
def test_step_up_is_due_when_a_sign_in_is_too_old_or_too_weak(
    auth_time: float | None,
    acr: str | None,
    max_age: float | None,
    wanted: tuple[str, ...],
    due: bool,
) -> None:
    """With thirty seconds for the provider's clock; a sign-in that does not say when counts as old."""
    core = a_core(auth_time=None if auth_time is None else int(auth_time), acr=acr)
    assert step_up_due(core, NOW, max_age=max_age, acr=wanted, leeway=30) is due


def test_a_record_of_use_has_its_turn_within_half_an_interval() -> None:
    """Evenly over sessions, another after each use; of a twentieth of a short idle limit as well."""
    sessions = [a_session(key=a_key(f"{n:A<43}"), touched_at=NOW) for n in range(400)]
    turns = [touch_turn_at(session, LIMITS) - NOW for session in sessions]
    assert 60 <= min(turns) < 62
    assert 88 < max(turns) < 90
    later = [a_session(key=session.key, touched_at=NOW + 100) for session in sessions]
    assert [touch_turn_at(session, LIMITS) - NOW - 100 for session in later] != turns
    short = SessionLimits(idle=20, absolute=28_800)
    assert 1 <= touch_turn_at(sessions[0], short) - NOW < 1.5
