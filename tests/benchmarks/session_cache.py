"""How soon a change of a session is seen by every process, and how soon a cut channel silences them.

    python -m tests.benchmarks.session_cache [changes]

Four processes hold the same sessions. A fifth changes one at a time (refresh, logout, revocation,
bare DEL, a new epoch) and notes when Redis has acknowledged it; each process notes when it dropped
its copy, by the same clock. Then the channel is cut in three ways (connection killed, Redis
stopped, network silent) and each process notes from when on it answers nothing.
"""

import asyncio
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop
from redis.asyncio import Redis

from bff.adapters.session_cache import SessionCache
from bff.session.model import EndReason, Ref, Session, SessionKey
from tests.benchmarks.silent_wire import SilentWire
from tests.builders import a_token_set
from tests.ports.conftest import a_redis_server
from tests.ports.held_sessions import a_cached_store, a_process
from tests.ports.test_session_store import a_session_now

PROCESSES = 4
KINDS = ("refresh", "logout", "revocation", "bare DEL", "new epoch")
Pipe = Any


def a_session_of(number: int) -> Session:
    """One of many, alike in every process but for the moment it began."""
    identity = f"{number:043d}"
    return a_session_now(identity, core={"ref": Ref(f"s_{number}")})


# --------------------------------------------------------------------------- one of the four


def process(port: int, orders: Pipe) -> None:
    """Hold what the fifth says, tell what was dropped and when."""
    with suppress(KeyboardInterrupt):
        uvloop.run(_serve(port, orders))


async def _serve(port: int, orders: Pipe) -> None:
    loop = asyncio.get_running_loop()
    dropped: dict[SessionKey, float] = {}
    redis = Redis(port=port, protocol=2, socket_timeout=1.0)
    async with a_process(redis, capacity=100_000, name=f"p{os.getpid()}") as here:
        cache = here.cache
        _note_drops(cache, dropped)
        while True:
            order, argument = await loop.run_in_executor(None, orders.recv)
            if order == "hold":
                await _hold(here.store, cache, argument)
                dropped.clear()
                orders.send(None)
            elif order == "dropped":
                orders.send(await _dropped(dropped, cache, argument))
            elif order == "silent since":
                orders.send(await _silent_since(cache))
            else:
                return


def _note_drops(cache: SessionCache, dropped: dict[SessionKey, float]) -> None:
    """Each drop with its moment."""
    drop, drop_all = cache.drop, cache.drop_all

    def noting(key: SessionKey) -> None:
        drop(key)
        dropped.setdefault(key, time.monotonic())

    def noting_all() -> None:
        for key in list(cache._held):
            dropped.setdefault(key, time.monotonic())
        drop_all()

    cache.drop, cache.drop_all = noting, noting_all  # type: ignore[method-assign]


async def _hold(store: Any, cache: SessionCache, keys: list[SessionKey]) -> None:
    for key in keys:
        while cache.get(key) is None:
            with suppress(Exception):
                await store.load(key)
            await asyncio.sleep(0)


async def _dropped(dropped: dict[SessionKey, float], cache: SessionCache, key: SessionKey) -> float:
    while key not in dropped or cache.get(key) is not None:  # noqa: ASYNC110  the cache under test tells nobody
        await asyncio.sleep(0.0005)
    return dropped[key]


async def _silent_since(cache: SessionCache) -> float:
    while cache.vouched:  # noqa: ASYNC110  as above
        await asyncio.sleep(0.0005)
    return time.monotonic()


# --------------------------------------------------------------------------- the fifth


class Fleet:
    """The four, and how to speak to them."""

    def __init__(self, port: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipes: list[Pipe] = []
        self.members = []
        for _ in range(PROCESSES):
            ours, theirs = spawn.Pipe()
            member = spawn.Process(target=process, args=(port, theirs), daemon=True)
            member.start()
            self.pipes.append(ours)
            self.members.append(member)

    def ask(self, order: str, argument: object = None) -> None:
        """The same of each; answers are read by :meth:`answers`."""
        for pipe in self.pipes:
            pipe.send((order, argument))

    async def answers(self) -> list[Any]:
        """What each says."""
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*[loop.run_in_executor(None, pipe.recv) for pipe in self.pipes])

    def end(self) -> None:
        """Leave nothing."""
        self.ask("end")
        for member in self.members:
            member.join(5)
            member.kill()


def _changes(redis: Redis, session: Session) -> dict[str, Callable[[], Awaitable[Any]]]:
    store = a_cached_store(redis, SessionCache(1, lambda: 0.0))
    name = f"bff:{{{session.key}}}:session"
    at = session.touched_at
    return {
        "refresh": lambda: store.replace_tokens(session.key, 0, a_token_set(), session.core),
        "logout": lambda: store.end(session.key, EndReason.SIGNED_OUT, at),
        "revocation": lambda: store.end(session.key, EndReason.ADMIN, at),
        "bare DEL": lambda: redis.delete(name),
        "new epoch": lambda: redis.incr("bff:epoch"),
    }


async def measure_changes(fleet: Fleet, redis: Redis, count: int) -> dict[str, list[float]]:
    """Milliseconds from before the change was sent to its drop in each process."""
    store = a_cached_store(redis, SessionCache(1, lambda: 0.0))
    lags: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(count):
        for kind in KINDS:
            session = a_session_of(number)
            await redis.delete(f"bff:{{{session.key}}}:ended")
            await store.create(session)
            fleet.ask("hold", [session.key])
            await fleet.answers()
            await asyncio.sleep(0.02)
            began = time.monotonic()
            await _changes(redis, session)[kind]()
            fleet.ask("dropped", session.key)
            lags[kind] += [(at - began) * 1000 for at in await fleet.answers()]
    return lags


async def measure_cuts(
    fleet: Fleet, redis: Redis, wire: SilentWire, server: int, rounds: int
) -> dict[str, list[float]]:
    """Milliseconds from the cut to the moment each process answers nothing."""
    store = a_cached_store(redis, SessionCache(1, lambda: 0.0))
    session = a_session_of(900_000)
    await store.create(session)
    cuts: dict[str, list[float]] = {
        "connection killed": [],
        "Redis stopped": [],
        "network silent": [],
    }
    for _ in range(rounds):
        for kind, lags in cuts.items():
            fleet.ask("hold", [session.key])
            await fleet.answers()
            await asyncio.sleep(0.1)
            fleet.ask("silent since")
            began = time.monotonic()
            if kind == "connection killed":
                await redis.client_kill_filter(_type="pubsub")
            elif kind == "Redis stopped":
                os.kill(server, signal.SIGSTOP)
            else:
                wire.silence()
            lags += [(at - began) * 1000 for at in await fleet.answers()]
            os.kill(server, signal.SIGCONT)
            wire.speak()
            await asyncio.sleep(1.5)
    return cuts


def _line(kind: str, lags: list[float]) -> str:
    ordered = sorted(lags)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return (
        f"| {kind} | {len(lags)} | {statistics.median(lags):.2f} | {p99:.2f} | {ordered[-1]:.2f} |"
    )


async def run(count: int, port: int) -> None:
    """Print the tables."""
    async with Redis(port=port, protocol=2) as redis:
        server = int((await redis.info("server"))["process_id"])
    wire = SilentWire(port)
    fleet = Fleet(wire.port)
    try:
        async with Redis(port=port, protocol=2) as redis:
            print("| seen by every process | samples | median ms | p99 ms | max ms |")
            print("|---|--:|--:|--:|--:|")
            for kind, lags in (await measure_changes(fleet, redis, count)).items():
                print(_line(kind, lags), flush=True)
            print("\n| cut off: answers nothing after | samples | median ms | p99 ms | max ms |")
            print("|---|--:|--:|--:|--:|")
            cuts = await measure_cuts(fleet, redis, wire, server, 10)
            for kind, lags in cuts.items():
                print(_line(kind, lags), flush=True)
    finally:
        fleet.end()
        wire.close()


def main() -> None:
    """Start Redis and the four, measure, end them."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder, a_redis_server(Path(folder)) as port:
        uvloop.run(run(count, port))


if __name__ == "__main__":
    main()
