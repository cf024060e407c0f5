"""A copy of a session may say yes, and only yes."""

from typing import Any

import pytest

from bff.session.held import beyond_question
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
