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


def leaves_nothing(
    session: Session, generation: int, pinned: str | None, now: float, *, background: bool
) -> bool:
    """Whether a use at ``now`` leaves nothing to do."""
    found = quiet(session, POLICY, LIMITS)
    return (
        found is not None
        and found.serves(generation, pinned, now, background=background)
        and now < found.renewal_at
    )


def idle_hands(
    *, seconds: float = 0, generation: int = 0, background: bool = False, **session: Any
) -> bool:
    """Whether a use so many seconds after NOW leaves nothing to do."""
    copy = a_session(**{"acknowledged": Acknowledgement(0, NOW, 0, NOW), **session})
    return leaves_nothing(copy, generation, None, NOW + seconds, background=background)


def test_a_use_that_leaves_nothing_to_do() -> None:
    """In the first minute; in the background also later."""
    assert idle_hands()
    assert idle_hands(seconds=59)
    assert not idle_hands(seconds=60), "its use is recorded"
    assert idle_hands(seconds=60, background=True)
    assert not idle_hands(seconds=700, background=True), "it is renewed"


def test_only_the_newest_handle_acknowledged_leaves_nothing_to_do() -> None:
    """Another gets a cookie, or is acknowledged."""
    assert not idle_hands(generation=1)
    assert quiet(a_session(generation=1), POLICY, LIMITS) is None, "not acknowledged"
    renewed = a_session(generation=1, acknowledged=Acknowledgement(1, NOW, 0, NOW))
    assert leaves_nothing(renewed, 1, None, NOW, background=False)
    assert not leaves_nothing(renewed, 0, None, NOW, background=False), "superseded"


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
    session = a_session(acknowledged=Acknowledgement(0, NOW, 0, NOW))
    found = quiet(session, POLICY, LIMITS)
    assert session.tokens.access_token not in repr(found)
    assert repr(found).startswith("Quiet(until=")


@given(
    seconds=st.floats(-100, 1_000),
    lifetime=st.floats(1, 5_000),
    refreshable=st.booleans(),
    refresh_ends=st.none() | st.floats(1, 1_000),
    touched=st.floats(-90_000, 100),
    background=st.booleans(),
)
def test_quiet_ends_when_something_is_due(
    seconds: float,
    lifetime: float,
    refreshable: bool,
    refresh_ends: float | None,
    touched: float,
    background: bool,
) -> None:
    """A renewal, a limit, a record of use: the first of them, and nothing else."""
    session = a_session(acknowledged=Acknowledgement(0, NOW, 0, NOW), touched_at=NOW + touched)
    tokens = msgspec.structs.replace(
        session.tokens,
        expires_at=session.tokens.issued_at + lifetime,
        refresh_token="r" if refreshable else None,
        refresh_expires_at=None if refresh_ends is None else NOW + refresh_ends,
    )
    session = msgspec.structs.replace(session, tokens=tokens)
    now = NOW + seconds
    assert leaves_nothing(session, 0, None, now, background=background) == (
        judge(session, now, POLICY) is Verdict.USE
        and passed_limit(session, now, LIMITS) is None
        and (background or not touch_due(session, now, LIMITS))
    )


@given(
    seconds=st.floats(-100, 700_000),
    generation=st.integers(0, 3),
    stored=st.integers(0, 3),
    acknowledged=st.integers(0, 3),
    pinned=st.sampled_from([None, "s_ada", "s_other"]),
    grace=st.floats(0, 600),
    background=st.booleans(),
)
def test_it_is_stricter_than_being_beyond_question(
    seconds: float,
    generation: int,
    stored: int,
    acknowledged: int,
    pinned: str | None,
    grace: float,
    background: bool,
) -> None:
    """Whatever leaves nothing to do was beyond question, whatever the grace."""
    session = a_session(
        generation=stored,
        acknowledged=Acknowledgement(acknowledged, NOW, 0, NOW),
        touched_at=NOW + seconds,
    )
    now = NOW + seconds
    if leaves_nothing(session, generation, pinned, now, background=background):
        assert beyond_question(session, generation, pinned, now, POLICY, LIMITS, grace)
