"""A copy of a session may say yes, and only yes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.session.held import HeldSession, beyond_question, quiet
from bff.session.limits import SessionLimits, passed_limit, touch_due
from bff.session.model import Acknowledgement, Session
from bff.session.refresh import RefreshPolicy, Verdict, judge
from tests.builders import NOW, a_session

POLICY = RefreshPolicy(jitter=0.0)
LIMITS = SessionLimits()


def asked(*, seconds: float = 0, pinned: str | None = None) -> bool:
    """Whether the copy suffices, so many seconds after NOW."""
    return beyond_question(a_session(), 0, pinned, NOW + seconds, POLICY, LIMITS, 60.0)


def test_a_quiet_session_needs_nobody_else() -> None:
    """In use, in the renewal window, pinned to itself, under a superseded handle in its grace."""
    assert asked()
    assert asked(seconds=700)
    assert asked(pinned="s_ada")
    assert beyond_question(a_session(generation=1), 0, None, NOW, POLICY, LIMITS, 60.0)


@pytest.mark.parametrize(
    "question",
    [
        {"pinned": "s_other"},
        {"seconds": 901},
        {"seconds": 90_000},
        {"seconds": 604_801},
    ],
    ids=["another identity", "an expired token", "the idle limit", "the absolute limit"],
)
@pytest.mark.req("N53", "N55")
def test_what_would_refuse_or_wait_is_a_question(question: dict[str, Any]) -> None:
    """The store answers it."""
    assert not asked(**question)


@pytest.mark.req("N73")
def test_a_handle_that_is_new_or_replayed_is_a_question() -> None:
    """One is written down, the other ends the session."""
    renewed = a_session(generation=1)
    assert not beyond_question(renewed, 1, None, NOW, POLICY, LIMITS, 60.0)
    known = a_session(generation=1, acknowledged=Acknowledgement(1, NOW, 0, NOW))
    assert beyond_question(known, 1, None, NOW, POLICY, LIMITS, 60.0)
    assert beyond_question(known, 0, None, NOW + 59, POLICY, LIMITS, 60.0)
    assert not beyond_question(known, 0, None, NOW + 60, POLICY, LIMITS, 60.0)


def served(
    session: Session, generation: int = 0, pinned: str | None = None, *, seconds: float = 0
) -> bool:
    """Whether a use so many seconds after NOW need not wait."""
    found = quiet(session, POLICY, LIMITS)
    return found is not None and found.serves(generation, pinned, NOW + seconds)


def test_a_superseded_handle_is_served_until_its_successor_is_acknowledged() -> None:
    """Then the store is asked, whatever the grace; and so it is for a handle newer than the copy."""
    renewed = a_session(generation=1)
    assert served(renewed, 0)
    assert served(renewed, 1), "its new one, to be acknowledged"
    known = a_session(generation=1, acknowledged=Acknowledgement(1, NOW, 0, NOW))
    assert not served(known, 0)
    assert not served(known, 2)


def test_a_copy_serves_the_page_that_believes_in_it() -> None:
    """No other, and none after its limits or its token's end."""
    session = a_session()
    assert served(session, pinned="s_ada")
    assert not served(session, pinned="s_other")
    assert served(session, seconds=894)
    assert not served(session, seconds=895), "it would expire on its way"


@pytest.mark.parametrize("token", ["", "two words", "line\r\nend", "caf\u00e9"])
def test_a_token_that_no_field_may_carry_is_left_to_the_gate(token: str) -> None:
    """Which refuses it with a name (RFC 6750, section 2.1)."""
    tokens = msgspec.structs.replace(a_session().tokens, access_token=token)
    assert quiet(a_session(tokens=tokens), POLICY, LIMITS) is None


def test_nothing_is_found_out_about_a_copy_until_it_is_asked() -> None:
    """A copy is a session and a time."""
    session = a_session()
    held = HeldSession(session, 5.0)
    assert (held.session, held.since, held.quiet) == (session, 5.0, None)


def test_what_is_found_out_shows_no_token() -> None:
    """Only the times."""
    session = a_session()
    found = quiet(session, POLICY, LIMITS)
    assert session.tokens.access_token not in repr(found)
    assert repr(found).startswith("Quiet(until=")


@given(
    seconds=st.floats(-100, 1_000),
    lifetime=st.floats(1, 5_000),
    refreshable=st.booleans(),
    refresh_ends=st.none() | st.floats(1, 1_000),
    touched=st.floats(-90_000, 100),
)
def test_what_is_found_out_is_what_would_be_judged(
    seconds: float,
    lifetime: float,
    refreshable: bool,
    refresh_ends: float | None,
    touched: float,
) -> None:
    """The limits, the token, the record of use, the renewal: at every moment as the rules have it."""
    session = a_session(touched_at=NOW + touched)
    tokens = msgspec.structs.replace(
        session.tokens,
        expires_at=session.tokens.issued_at + lifetime,
        refresh_token="r" if refreshable else None,
        refresh_expires_at=None if refresh_ends is None else NOW + refresh_ends,
    )
    session = msgspec.structs.replace(session, tokens=tokens)
    now = NOW + seconds
    verdict = judge(session, now, POLICY)
    assert served(session, seconds=seconds) == (
        verdict in {Verdict.USE, Verdict.REFRESH_SOON}
        and passed_limit(session, now, LIMITS) is None
    )
    found = quiet(session, POLICY, LIMITS)
    assert found is not None
    assert (now >= found.touch_at) == touch_due(session, now, LIMITS)
    if served(session, seconds=seconds):
        assert (now >= found.renewal_at) == (verdict is Verdict.REFRESH_SOON)


@given(
    seconds=st.floats(-100, 700_000),
    generation=st.integers(0, 3),
    stored=st.integers(0, 3),
    acknowledged=st.integers(0, 3),
    pinned=st.sampled_from([None, "s_ada", "s_other"]),
    grace=st.floats(0, 600),
)
def test_it_is_stricter_than_being_beyond_question(
    seconds: float,
    generation: int,
    stored: int,
    acknowledged: int,
    pinned: str | None,
    grace: float,
) -> None:
    """Whatever is served was beyond question, whatever the grace, had its handle been acknowledged before."""
    session = a_session(
        generation=stored,
        acknowledged=Acknowledgement(acknowledged, NOW, 0, NOW),
        touched_at=NOW + seconds,
    )
    if served(session, generation, pinned, seconds=seconds):
        known = Acknowledgement(max(acknowledged, generation), NOW, 0, NOW)
        session = msgspec.structs.replace(session, acknowledged=known)
        now = NOW + seconds
        assert beyond_question(session, generation, pinned, now, POLICY, LIMITS, grace)
