"""A session held in the process spares the store a question, and decides nothing that matters."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from bff.errors import BffError, SessionChanged, SessionExpired, SessionRevoked
from bff.flows.access import Access, AccessFlow
from bff.flows.held_sessions import HeldSessions
from bff.session.model import Acknowledgement, EndReason, Session
from tests.builders import NOW, a_key, a_session
from tests.flows.fleet import Fleet


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """One world that counts how often the store is asked for a session."""
    fleet = Fleet()
    yield fleet
    fleet.world.close()


class Held:
    """One process with a copy of a session in hand."""

    def __init__(self, fleet: Fleet, copy: Session) -> None:
        self.fleet = fleet
        self.loads = 0
        member = fleet.member("p1", self.count)
        fields = {name: getattr(member, name) for name in AccessFlow.__slots__}
        copies = HeldSessions(
            {copy.key: copy}.get, fleet.world, fleet.policy, fleet.limits, fleet.grace
        )
        self.flow = AccessFlow(**{**fields, "held": copies.unquestioned})

    async def count(self, operation: str) -> None:
        self.loads += operation in {"load:there", "try_lock:there"}  # what reads the session

    def use(self, **shown: Any) -> Access:
        session = a_session()
        return self.fleet.world.run(self.flow.usable(self.fleet.shown(session, **shown)))


@pytest.mark.req("S13")
def test_a_held_session_is_used_without_asking_the_store(fleet: Fleet) -> None:
    """Nothing about it needs a decision: no round trip, the token in hand."""
    held = Held(fleet, fleet.begin())
    assert held.use().session.tokens.access_token == "access-0"
    assert held.use(pinned_ref="s_ada").new_generation is None
    assert held.loads == 0


def test_another_session_is_asked_for(fleet: Fleet) -> None:
    """The copy of one is no answer for another."""
    held = Held(fleet, a_session(key=a_key("B" * 43)))
    fleet.begin()
    held.use()
    assert held.loads == 1


def test_an_early_renewal_starts_from_a_held_session(fleet: Fleet) -> None:
    """In the window: the request goes out at once, and the renewal itself reads the store."""
    held = Held(fleet, fleet.begin())
    fleet.world.settle(601)
    assert held.use().session.tokens.access_token == "access-0"
    assert held.loads == 0
    fleet.world.settle(1)
    assert fleet.provider.counts["requests"] == 1
    assert held.loads > 0


def test_a_superseded_handle_in_its_grace_is_served_and_replaced(fleet: Fleet) -> None:
    """Until the browser holds the new handle, its old one is no reason to ask the store."""
    new = fleet.begin(generation=1)
    held = Held(fleet, new)
    access = held.use(generation=0)
    assert (access.new_generation, held.loads) == (1, 0)


@pytest.mark.parametrize(
    ("stored", "shown", "seconds", "error"),
    [
        ({}, {"pinned_ref": "s_other"}, 0, SessionChanged),
        ({}, {}, 90_000, SessionExpired),
        (
            {"generation": 2, "acknowledged": Acknowledgement(2, NOW - 100, 1, NOW - 200)},
            {"generation": 1},
            0,
            SessionRevoked,
        ),
    ],
    ids=["pinned to another", "past its idle limit", "replayed handle"],
)
@pytest.mark.req("N55", "N73")
def test_a_refusal_comes_from_the_store(
    fleet: Fleet,
    stored: dict[str, Any],
    shown: dict[str, Any],
    seconds: float,
    error: type[BffError],
) -> None:
    """The copy is not believed when it says no."""
    held = Held(fleet, fleet.begin(**stored))
    fleet.world.settle(seconds)
    with pytest.raises(error):
        held.use(**shown)
    assert held.loads > 0


@pytest.mark.req("R1")
def test_a_copy_whose_token_has_expired_does_not_start_a_renewal(fleet: Fleet) -> None:
    """The store holds newer tokens: they are used, the provider hears nothing."""
    old = fleet.begin()
    held = Held(fleet, old)
    fleet.world.settle(901)
    tokens = msgspec.structs.replace(old.tokens, access_token="newer", expires_at=NOW + 2_000)
    fleet.memory.sessions[old.key] = msgspec.structs.replace(old, tokens=tokens, generation=1)
    assert held.use().session.tokens.access_token == "newer"
    assert fleet.provider.counts["requests"] == 0


def test_what_must_be_acknowledged_is_written_by_what_the_store_says(fleet: Fleet) -> None:
    """The first request that presents a new handle goes through the store, and is recorded."""
    held = Held(fleet, fleet.begin(generation=1))
    held.use(generation=1)
    fleet.world.settle(1)
    assert held.loads == 1
    stored = fleet.memory.sessions[a_key()]
    assert stored.acknowledged.generation == 1


@pytest.mark.req("R6")
def test_signing_out_and_extending_never_ask_the_copy(fleet: Fleet) -> None:
    """What the page is told of its session is the store's word."""
    session = fleet.begin()
    held = Held(fleet, session)
    fleet.world.run(held.flow.sessions.end(session.key, EndReason.ADMIN, NOW))
    for call in (held.flow.state, held.flow.extend, held.flow.refresh_now):
        with pytest.raises(SessionRevoked):
            fleet.world.run(call(fleet.shown(session)))
