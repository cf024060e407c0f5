"""A user's own sessions: where am I signed in, and sign me out there."""

import pytest

from bff.errors import SessionRequired
from bff.flows.access import Presented
from bff.flows.own_sessions import OwnSessionsFlow
from bff.session.model import EndReason, Ref
from tests.builders import NOW, a_core, a_key, a_session
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fleet import Fleet
from tests.flows.signing_out import SigningOut


class Own:
    """Ada's flow over three sessions of hers, and one of Grace's."""

    def __init__(self) -> None:
        self.out = SigningOut()
        fleet = Fleet()
        fleet.world, fleet.memory, fleet.trail = self.out.world, self.out.memory, self.out.trail
        self.flow = OwnSessionsFlow(
            access=fleet.member(),
            ending=self.out.ending,
            sessions=self.out.sessions,
            register=MemorySessionRegister(self.out.memory),
            limits=self.out.memory.limits,
        )
        core = a_core(ref=Ref("s_G"), subject="grace", provider_sid="g")
        self.grace = a_session(key=a_key("G" * 43), core=core)
        self.out.world.run(self.out.sessions.create(self.grace))

    def shown(self, number: int) -> Presented:
        """What the browser of one of Ada's sessions shows."""
        return Presented(self.out.keys[number], 0, self.out.world.now())


@pytest.fixture
def own() -> Own:
    """Ada is signed in three times, Grace once."""
    return Own()


@pytest.mark.req("N60")
def test_a_user_sees_all_of_their_sessions_and_nobody_elses(own: Own) -> None:
    """The current one is marked; no id, no token, no subject."""
    found = own.out.world.run(own.flow.all(own.shown(1)))
    assert {session.ref: session.current for session in found} == {
        "s_A": False,
        "s_B": True,
        "s_C": False,
    }
    assert {session.expires_at for session in found} == {NOW + 86_400}
    assert set(found[0].__struct_fields__) == {
        "ref", "current", "created_at", "last_seen_at", "expires_at", "device", "network",
    }  # fmt: skip


@pytest.mark.req("N58", "N60")
def test_a_user_ends_one_session_by_its_reference(own: Own) -> None:
    """Their own only: somebody else's reference ends nothing, and says no more than an unknown one."""
    assert own.out.world.run(own.flow.end(own.shown(0), Ref("s_C"))) == 1
    assert own.out.left() == [0, 1]
    assert own.out.world.run(own.flow.end(own.shown(0), Ref("s_G"))) == 0
    assert own.out.world.run(own.flow.end(own.shown(0), Ref("s_nobody"))) == 0
    assert own.grace.key in own.out.memory.sessions
    assert own.out.memory.ended[own.out.keys[2]].reason is EndReason.SIGNED_OUT


@pytest.mark.req("N58")
def test_a_user_ends_all_other_sessions(own: Own) -> None:
    """The one that asks lives on, and so does everybody else's."""
    assert own.out.world.run(own.flow.end_others(own.shown(0))) == 2
    assert own.out.left() == [0]
    assert own.grace.key in own.out.memory.sessions


@pytest.mark.req("N52")
def test_without_a_session_nothing_is_told(own: Own) -> None:
    """Whoever asks must be signed in."""
    nobody = Presented(a_key("N" * 43), 0, own.out.world.now())
    for call in (own.flow.all(nobody), own.flow.end_others(nobody)):
        with pytest.raises(SessionRequired):
            own.out.world.run(call)
