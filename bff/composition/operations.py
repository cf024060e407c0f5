"""What a command of the operator needs: the same stores and flows as the app, without the app."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bff.adapters.observation import LogTrail, configure_logs
from bff.composition.flows import build_flows
from bff.composition.stores import Stores, open_stores
from bff.composition.world import World, open_world
from bff.endpoints.dependencies import Flows
from bff.flows.resealing import ResealingFlow
from bff.settings.model import Settings

DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Operations:
    """The stores, the flows, and what only operators do."""

    world: World
    stores: Stores
    flows: Flows
    resealing: ResealingFlow


@asynccontextmanager
async def operations(settings: Settings) -> AsyncIterator[Operations]:
    """Open everything, and close it when what was begun has ended.

    Logs go to standard error: standard output is for the command's answer.
    """
    world = open_world(settings)
    configure_logs(settings.logging.level, settings.logging.format, sys.stderr)
    stores = open_stores(world)
    try:
        yield Operations(
            world=world,
            stores=stores,
            flows=build_flows(world, LogTrail(world.log, world.metrics)),
            resealing=ResealingFlow(stores.register, stores.resealing, world.clock),
        )
    finally:
        await world.background.drain(DRAIN_SECONDS)
        await world.resource_server.aclose()
        await world.provider.aclose()
        await world.redis.aclose()
        await world.redis.connection_pool.disconnect()
