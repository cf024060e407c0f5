"""A copy of a session may say yes, and only yes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.session.held import beyond_question, nothing_due
from bff.session.limits import SessionLimits
from bff.session.model import Acknowledgement
from bff.session.refresh import RefreshPolicy
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


def idle_hands(
    *, seconds: float = 0, generation: int = 0, background: bool = False, **session: Any
) -> bool:
    """Whether a use so many seconds after NOW leaves nothing to do."""
    copy = a_session(**{"acknowledged": Acknowledgement(0, NOW, 0, NOW), **session})
    return nothing_due(copy, generation, None, NOW + seconds, POLICY, LIMITS, background=background)


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
    renewed = {"generation": 1}
    assert not nothing_due(a_session(**renewed), 1, None, NOW, POLICY, LIMITS, background=False), (
        "not acknowledged"
    )
    assert not nothing_due(
        a_session(**renewed, acknowledged=Acknowledgement(1, NOW, 0, NOW)),
        0,
        None,
        NOW,
        POLICY,
        LIMITS,
        background=False,
    ), "superseded"


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
    if nothing_due(session, generation, pinned, now, POLICY, LIMITS, background=background):
        assert beyond_question(session, generation, pinned, now, POLICY, LIMITS, grace)
