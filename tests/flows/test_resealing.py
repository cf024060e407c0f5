"""Sealing every session anew while the app runs."""

import pytest

from bff.flows.resealing import ResealingFlow
from bff.session.model import Ref
from bff.session.resealing import Resealed
from tests.builders import NOW, a_core, a_key, a_session
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fake_resealing import NotingResealing
from tests.flows.fakes import Memory, MemorySessionStore
from tests.flows.virtual_time import World


@pytest.mark.req("N126")
def test_every_live_session_is_walked_to_once_page_by_page() -> None:
    """With the sum so far after each page; a second run finds nothing to do."""
    world = World(start=NOW)
    memory = Memory(world)
    store, resealing = MemorySessionStore(memory), NotingResealing()
    for number in range(450):
        core = a_core(ref=Ref(f"s_{number}"), created_at=NOW - number % 7)
        world.run(store.create(a_session(key=a_key(f"{number:043d}"), core=core)))
    flow = ResealingFlow(MemorySessionRegister(memory), resealing, world)

    async def run() -> list[Resealed]:
        return [so_far async for so_far in flow.run()]

    assert world.run(flow.count_by_key()) == {"old": 450, "new": 0}
    assert [so_far.seen for so_far in world.run(run())] == [200, 400, 450]
    assert len(resealing.anew) == 450
    assert world.run(run())[-1] == Resealed(fresh=450)
    assert world.run(flow.count_by_key()) == {"old": 0, "new": 450}
