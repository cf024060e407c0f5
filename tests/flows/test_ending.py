"""Ending sessions: one, all of a user's, everybody's."""

import pytest

from bff.audit import events
from bff.session.model import EndReason, Ref
from tests.flows.signing_out import SigningOut


@pytest.fixture
def out() -> SigningOut:
    """Ada is signed in three times."""
    return SigningOut()


@pytest.mark.req("N59", "N57")
def test_a_session_is_ended_by_its_reference(out: SigningOut) -> None:
    """It alone; its tokens are revoked; once."""
    ended = out.world.run(out.ending.by_ref(Ref("s_B")))
    out.world.settle(1)
    assert ended is not None
    assert out.left() == [0, 2]
    assert out.state.counts["revoke"] == 1
    assert [event.reason for event in out.trail.of(events.SessionEnded)] == ["admin"]
    assert out.world.run(out.ending.by_ref(Ref("s_B"))) is None
    assert out.world.run(out.ending.by_ref(Ref("s_nobody"))) is None


@pytest.mark.req("N57", "N59")
def test_all_sessions_of_a_user_end_but_the_one_that_is_spared(out: SigningOut) -> None:
    """Another issuer's user of the same name is somebody else."""
    issuer = out.state.issuer
    assert out.world.run(out.ending.of_subject("https://other.example", "ada")) == []
    ended = out.world.run(
        out.ending.of_subject(issuer, "ada", EndReason.SIGNED_OUT, spare=out.keys[1])
    )
    assert [session.core.ref for session in ended] == ["s_A", "s_C"]
    assert out.left() == [1]
    assert len(out.world.run(out.ending.of_subject(issuer, "ada"))) == 1
    assert out.left() == []


@pytest.mark.req("N59")
def test_everybody_ends_in_one_step_and_it_is_recorded(out: SigningOut) -> None:
    """One event says how many, no session was walked to."""
    assert out.world.run(out.ending.everybody()) == 3
    (event,) = out.trail.of(events.EverybodyEnded)
    assert (event.sessions, event.epoch) == (3, 1)
    assert out.world.run(out.ending.everybody()) == 0
    for key in out.keys:
        assert not hasattr(out.world.run(out.sessions.load(key)), "tokens")
