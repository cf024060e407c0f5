"""Sessions are counted by the state that the console shows them in."""

import msgspec
import pytest

from bff.flows import session_census
from bff.flows.session_census import STATES, SessionCensus
from tests.builders import a_journal
from tests.flows.reviewing import Reviewing


@pytest.fixture
def review() -> Reviewing:
    """Some sessions, seen just now."""
    return Reviewing()


@pytest.mark.req("S11")
def test_each_session_is_counted_once_in_its_state(
    review: Reviewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page with a pause between two; a state that nobody is in is zero."""
    monkeypatch.setattr(session_census, "READ_AT_ONCE", 2)
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    census = SessionCensus(review.listing.register, review.world, pause)
    whole = len(review.out.memory.sessions)
    assert review.world.run(census.take()) == {**dict.fromkeys(STATES, 0), "active": whole}
    assert paused == [session_census.PAUSE_SECONDS] * (whole // 2)
    sessions = review.out.memory.sessions
    for key, outcome in zip(review.out.keys, (None, "timeout"), strict=False):
        sessions[key] = msgspec.structs.replace(sessions[key], journal=a_journal(outcome=outcome))
    review.world.settle(901)
    assert review.world.run(census.take()) == {
        "active": 0,
        "idle": whole - 2,
        "renewing": 1,
        "stuck": 1,
    }
