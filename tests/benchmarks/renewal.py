"""What one renewal costs this process: CPU, steps of the event loop, round trips to Redis.

    python -m tests.benchmarks.renewal [renewals]

One session is renewed again and again, each renewal after the last, over the app's own
composition: a real Redis, and the mock provider in a process of its own. CPU counts everything
that a renewal sets going here (news, invalidations, the audit trail, the log); steps are counted in
a second run, whose event loop is measured step by step. ``profile`` as a further argument prints
where the time goes instead.
"""

import asyncio
import cProfile
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import uvloop

from bff.adapters.redis_client import CountingPool
from bff.composition.evidence import open_evidence, running
from bff.composition.flows import build_flows
from bff.composition.sessions import session_tracking
from bff.composition.world import World, open_world
from bff.endpoints.dependencies import Flows
from bff.flows.attempt import Outcome, Trigger
from bff.flows.login_request import LoginCompleted, LoginRequest
from bff.session.handle import session_key
from bff.session.model import Session
from bff.settings import values
from bff.settings.read import load_settings
from tests.benchmarks.ground import await_url
from tests.benchmarks.load import LOAD_CORE
from tests.benchmarks.subjects import SUBJECT_CORE
from tests.ports.conftest import DEMO, a_redis_server, free_port

WARM_UP = 100
AT_ONCE = 25


def say(line: str) -> None:
    """To whoever reads the figures; standard output is the app's, whose log goes nowhere."""
    print(line, file=sys.__stdout__, flush=True)


@contextmanager
def a_provider() -> Iterator[int]:
    """The mock, in a process of its own; its port."""
    port = free_port()
    command = [sys.executable, "-m", "upstream_mocks.provider", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        await_url(f"http://localhost:{port}/.well-known/openid-configuration")
        yield port
    finally:
        process.terminate()
        process.wait()


def open_demo(redis_port: int, provider_port: int) -> World:
    """The demo's settings over these two, with the log as in production."""
    text = DEMO.read_text()
    text = text.replace("127.0.0.1:8730", f"127.0.0.1:{redis_port}")
    text = text.replace("localhost:8710", f"localhost:{provider_port}")
    settings, _ = load_settings(text, {}, lambda name: Path(name).read_text())
    logging = msgspec.structs.replace(settings.logging, format="json")
    return open_world(msgspec.structs.replace(settings, logging=logging))


@asynccontextmanager
async def an_app(redis_port: int, provider_port: int) -> AsyncIterator[tuple[World, Flows]]:
    """The flows, and all that runs beside them in a process."""
    world = open_demo(redis_port, provider_port)
    evidence = open_evidence(world)
    flows = build_flows(world, evidence.trail, evidence)
    assert world.session_cache is not None
    beside = [
        asyncio.create_task(world.news.run()),
        asyncio.create_task(session_tracking(world, world.session_cache).run()),
    ]
    async with running(world, evidence):
        yield world, flows
    for task in beside:
        task.cancel()
    await asyncio.wait(beside, timeout=1.0)
    await world.provider.aclose()
    await world.redis.aclose()


async def signed_in(world: World, flows: Flows) -> Session:
    """A session as a sign-in makes it."""
    started = await flows.login.begin(LoginRequest(return_to="/"))
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(started.location + "&mock_user=ada")
    parameters = parse_qs(urlsplit(answer.headers["location"]).query)
    completed = await flows.login.complete(parameters, started.browser)
    assert isinstance(completed, LoginCompleted), completed
    key = session_key(completed.session_id, values.lookup_key(world.settings))
    session = await flows.access.sessions.load(key)
    assert isinstance(session, Session)
    return session


async def renewed(flows: Flows, session: Session, times: int) -> Session:
    """The session after so many renewals; the news of each has been heard."""
    for _ in range(times):
        attempt = await flows.access.refresh.start(session, Trigger.FORCED).wait(5.0)
        assert attempt is not None, "a renewal took too long"
        assert attempt.outcome is Outcome.RENEWED, attempt
        session = msgspec.structs.replace(session, generation=session.generation + 1)
    return session


async def commands(world: World) -> int:
    """How many Redis has run in all, those of scripts among them."""
    return int((await world.redis.info("stats"))["total_commands_processed"])


async def cost(redis_port: int, provider_port: int, times: int) -> None:
    """Print CPU, round trips and commands of a renewal."""
    async with an_app(redis_port, provider_port) as (world, flows):
        session = await renewed(flows, await signed_in(world, flows), WARM_UP)
        pool = world.redis.connection_pool
        assert isinstance(pool, CountingPool)
        figures, trips, ran, began = [], pool.trips.total(), await commands(world), time.monotonic()
        for _ in range(times // AT_ONCE):
            before = time.process_time()
            session = await renewed(flows, session, AT_ONCE)
            figures.append((time.process_time() - before) / AT_ONCE * 1e6)
        seconds = time.monotonic() - began
        trips, ran = pool.trips.total() - trips, await commands(world) - ran
    low, middle, high = statistics.quantiles(figures)
    told = f"{middle:.0f} µs of CPU (quartiles {low:.0f}, {high:.0f}; least {min(figures):.0f})"
    say(f"a renewal: {told}, {seconds / times * 1e3:.2f} ms, {trips / times:.1f} trips to Redis")
    say(f"           {ran / times:.1f} commands in Redis, those in scripts included")


@contextmanager
def timed_steps() -> Iterator[list[float]]:
    """How many seconds each step of the standard event loop takes, while it lasts."""
    handle: Any = asyncio.Handle
    run, seconds = handle._run, []

    def timed(step: asyncio.Handle) -> None:
        before = time.perf_counter()
        run(step)
        seconds.append(time.perf_counter() - before)

    handle._run = timed
    try:
        yield seconds
    finally:
        handle._run = run


async def steps(redis_port: int, provider_port: int, times: int) -> None:
    """Print how many steps a renewal has, and how long the longest is."""
    taken, longest = [], []
    async with an_app(redis_port, provider_port) as (world, flows):
        session = await renewed(flows, await signed_in(world, flows), WARM_UP)
        for _ in range(times):
            with timed_steps() as seconds:
                session = await renewed(flows, session, 1)
                await asyncio.sleep(0.01)
            taken.append(len(seconds))
            longest.append(sorted(seconds, reverse=True)[:5])
    say(f"           {statistics.median(taken):.0f} steps of the loop; the longest five, in µs:")
    medians = (statistics.median(each) * 1e6 for each in zip(*longest, strict=True))
    say("           " + ", ".join(f"{one:.0f}" for one in medians))


async def profile(redis_port: int, provider_port: int, times: int) -> None:
    """Print where the time goes."""
    async with an_app(redis_port, provider_port) as (world, flows):
        session = await renewed(flows, await signed_in(world, flows), WARM_UP)
        watch = cProfile.Profile()
        watch.enable()
        await renewed(flows, session, times)
        watch.disable()
    for order in ("cumulative", "tottime"):
        pstats.Stats(watch, stream=sys.__stdout__).sort_stats(order).print_stats(90)


def main() -> None:
    """Start Redis and the provider, measure, end them."""
    arguments = sys.argv[1:]
    times = next((int(word) for word in arguments if word.isdigit()), 1000)
    os.sched_setaffinity(0, {LOAD_CORE})
    with (
        open(os.devnull, "w") as nowhere,  # noqa: PTH123
        redirect_stdout(nowhere),
        tempfile.TemporaryDirectory() as folder,
        a_redis_server(Path(folder)) as redis,
        a_provider() as provider,
    ):
        os.sched_setaffinity(0, {SUBJECT_CORE})
        if "profile" in arguments:
            uvloop.run(profile(redis, provider, times))
            return
        uvloop.run(cost(redis, provider, times))
        asyncio.run(steps(redis, provider, max(50, times // 5)))


if __name__ == "__main__":
    main()
