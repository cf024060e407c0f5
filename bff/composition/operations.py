"""What a command of the operator needs: the same stores and flows as the app, without the app."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bff.adapters.observation import LogTrail, configure_logs
from bff.composition.evidence import Evidence, open_evidence
from bff.composition.flows import build_flows
from bff.composition.reviewing import bulk_end_flow
from bff.composition.stores import Stores, open_stores
from bff.composition.world import World, open_world
from bff.endpoints.dependencies import Flows
from bff.flows.bulk_end import BulkEndFlow
from bff.flows.resealing import ResealingFlow
from bff.flows.review_listing import SessionListing
from bff.settings import values
from bff.settings.model import Settings

DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Operations:
    """The stores, the flows, the trail, and what only operators do."""

    world: World
    stores: Stores
    flows: Flows
    resealing: ResealingFlow
    evidence: Evidence
    trail: LogTrail
    bulk: BulkEndFlow
    listing: SessionListing


@asynccontextmanager
async def operations(settings: Settings) -> AsyncIterator[Operations]:
    """Open everything, and close it when what was begun has ended.

    Logs go to standard error: standard output is for the command's answer.
    """
    world = open_world(settings)
    configure_logs(settings.logging.level, settings.logging.format, sys.stderr)
    stores, evidence = open_stores(world), open_evidence(world)
    writing = asyncio.create_task(evidence.log.run(), name="audit trail")
    flows = build_flows(world, evidence.trail, evidence)
    limits = values.session_limits(settings)
    try:
        yield Operations(
            world=world,
            stores=stores,
            flows=flows,
            resealing=ResealingFlow(stores.register, stores.resealing, world.clock),
            evidence=evidence,
            trail=evidence.trail,
            bulk=bulk_end_flow(world, evidence.trail, stores, flows.ending),
            listing=SessionListing(stores.register, world.background, world.clock, limits),
        )
    finally:
        await world.background.drain(DRAIN_SECONDS)
        if left := await evidence.log.flush(DRAIN_SECONDS):
            world.log.error("audit_unwritten", events=left)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await world.resource_server.aclose()
        await world.provider.aclose()
        await world.redis.aclose()
        await world.redis.connection_pool.disconnect()
