"""From the first connection to the last: what runs beside the app, and how it ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bff.adapters.entropy import SystemEntropy
from bff.adapters.operators_server import OperatorsServer
from bff.composition.evidence import Evidence, running
from bff.composition.sessions import session_tracking
from bff.composition.world import World
from bff.endpoints.health import OperatorsApp
from bff.errors import StoreUnavailable
from bff.flows.revocation import RevocationFlow
from bff.settings import values

LETTING_GO_SECONDS = 2.0
"""How long a socket or stream may take to say its last words before the server is stopped."""

DRAIN_SECONDS = 5.0

LINGER_SECONDS = 5.0
"""How long a replaced worker listens to connections that are idle; half of what it has to end, at most."""


@asynccontextmanager
async def lifespan(
    world: World, evidence: Evidence, revocation: RevocationFlow
) -> AsyncIterator[None]:
    """Hear Redis's news and the operators' questions; revoke what waits to be revoked.

    At the end let renewals finish, then close what is open.
    """
    server = world.settings.server
    world.metrics.custody.keys(values.keys_made(world.settings))
    hearing = [
        asyncio.create_task(world.news.run()),
        asyncio.create_task(_revoke(world, revocation)),
    ]
    if world.session_cache is not None:
        tracking = session_tracking(world, world.session_cache)
        hearing.append(asyncio.create_task(tracking.run()))
    operators = OperatorsServer(_operators_app(world), server.operators_host, server.operators_port)
    answering = asyncio.create_task(operators.run())
    _let_go_before_the_server_stops(world)
    try:
        async with running(world, evidence):
            try:
                yield
            finally:
                world.begin_closing()
                cut = await world.background.drain(server.drain_seconds)
                world.log.info("drained", cut_off=cut)
    finally:
        operators.should_exit = True
        for task in hearing:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await answering
        await world.resource_server.aclose()
        await world.provider.aclose()
        await world.redis.aclose()
        if world.traces is not None:
            await asyncio.to_thread(world.traces.close)
        if world.access_log is not None:
            world.access_log.close()


def _let_go_before_the_server_stops(world: World) -> None:
    """Take SIGTERM from the server, which would cut what stays open; it gets SIGINT afterwards.

    SIGURG before it says that another worker is there for whoever comes.
    """
    closing = world.closing

    async def end() -> None:
        if closing.leaving:
            await asyncio.sleep(closing.linger_seconds)
            world.begin_closing()
        with suppress(TimeoutError):
            async with asyncio.timeout(LETTING_GO_SECONDS):
                await closing.let_go()
        signal.raise_signal(signal.SIGINT)

    def begin() -> None:
        if closing.begun or closing.leaving:
            return
        if closing.app_lingers and closing.linger_seconds:
            closing.leaving = True
        else:
            world.begin_closing()
        world.background.start("let_go", end())

    def replaced() -> None:
        drain = world.settings.server.drain_seconds
        closing.linger_seconds = min(LINGER_SECONDS, drain / 2)

    with suppress(NotImplementedError, RuntimeError, ValueError):  # not in a main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, begin)
        asyncio.get_running_loop().add_signal_handler(signal.SIGURG, replaced)


async def _revoke(world: World, revocation: RevocationFlow) -> None:
    """Look into the queue of revocations every few seconds, not in step with other processes."""
    while True:
        await asyncio.sleep(DRAIN_SECONDS * (0.75 + SystemEntropy().fraction() / 2))
        with suppress(StoreUnavailable):
            await revocation.drain()
            world.metrics.custody.waiting.set(await revocation.queue.waiting())


def _operators_app(world: World) -> OperatorsApp:
    async def redis_answers() -> None:
        await world.redis.ping()

    async def provider_answers() -> None:
        await world.provider.metadata()

    checks = {"redis": redis_answers, "provider": provider_answers}
    return OperatorsApp(checks, lambda: world.metrics.render(shared=shared_metrics()))


def shared_metrics() -> bool:
    """Whether several worker processes answer for each other on /metrics."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ
