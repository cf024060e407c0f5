"""What it costs to count, to page through, and to end a hundred thousand sessions.

    python -m tests.benchmarks.ending [sessions]

Needs a redis-server (the development one will do); prints a table.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bff.adapters.redis_index_names import IndexNames
from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_register import RedisSessionRegister
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.session.limits import SessionLimits
from bff.session.model import EndedSession, Ref, Session, SessionKey
from bff.session.seal import Seal, SealingKey
from tests.builders import ISSUER, LOOKUP_KEY, a_key, a_session
from tests.ports.conftest import free_port
from upstream_mocks.redis_server import redis_executable

BULK = 1000


async def fill(redis: Redis, record: SessionRecord, count: int, now: float) -> list[SessionKey]:
    """So many sessions of a thousand users, written as the store writes them, in bulk."""
    names, keys = IndexNames(LOOKUP_KEY, "bff"), []
    for start in range(0, count, BULK):
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(start, min(start + BULK, count)):
                session = _a_session(number, now)
                keys.append(session.key)
                name, absolute = f"bff:{{{session.key}}}:session", int((now + 604_800) * 1000)
                pipe.hset(name, mapping=record.fields(name, session))  # type: ignore[arg-type]
                pipe.pexpireat(name, int((now + 86_400) * 1000))
                pipe.set(f"bff:{{{session.key}}}:limits", b"{}", pxat=absolute)
                until, began = names.bucket_of(session.key, 0)
                pipe.zadd(until, {session.key: int((now + 86_400) * 1000)})
                pipe.zadd(began, {session.key: int(session.core.created_at * 1000)})
                for index in names.of(session.core):
                    pipe.zadd(index, {session.key: absolute})
                pipe.set(names.ref(session.core.ref), session.key, pxat=absolute)
            await pipe.execute()
    return keys


def _a_session(number: int, now: float) -> Session:
    return a_session(
        key=a_key(f"{number:043d}"),
        touched_at=now,
        core={
            "ref": Ref(f"s_{number}"),
            "subject": f"user-{number % 1000}",
            "provider_sid": f"sid-{number}",
            "created_at": now - number % 3600,
            "absolute_expires_at": now + 604_800,
        },
    )


async def timed(work: Callable[[], Awaitable[Any]], times: int) -> float:
    """The median of ``times`` runs, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def measure(port: int, count: int) -> None:
    """Fill, ask, end."""
    async with Redis(port=port, protocol=2, max_connections=32) as redis:
        now = time.time()
        record = SessionRecord(Seal((SealingKey("k", b"k" * 32),)), LOOKUP_KEY, os.urandom)
        news = RedisNews(redis, channel("bff"))
        limits = SessionLimits()
        store = RedisSessionStore(redis, record, news, limits=limits, lookup_key=LOOKUP_KEY)
        register = RedisSessionRegister(
            redis, lookup_key=LOOKUP_KEY, prefix="bff", channel=channel("bff")
        )
        before = (await redis.info("memory"))["used_memory"]
        began = time.perf_counter()
        keys = await fill(redis, record, count, now)
        took = time.perf_counter() - began
        memory = ((await redis.info("memory"))["used_memory"] - before) / count
        print(f"{count} sessions stored in {took:.0f} s, {memory:.0f} octets of Redis each")
        print(f"count            {await timed(lambda: register.count(now), 20):8.2f} ms")
        print(f"first page of 50 {await timed(lambda: register.page(None, 50, now), 20):8.2f} ms")
        place = (await register.page(None, 1000, now)).next
        print(f"a later page     {await timed(lambda: register.page(place, 50, now), 20):8.2f} ms")
        mine = lambda: store.keys_of_subject(ISSUER, "user-7")  # noqa: E731
        print(f"one of 1000 users{await timed(mine, 20):8.2f} ms")
        print(f"end everybody    {await timed(register.end_everybody, 1):8.2f} ms")
        ended = [await store.load(key) for key in keys[:: count // 100]]
        assert all(isinstance(found, EndedSession) for found in ended)
        assert await register.count(now) == 0


def main() -> None:
    """A Redis of our own, and away with it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(redis_executable()), "--port", str(port), "--save", "", "--dir", folder]
        asyncio.run(_with_server(command, Path(folder, "log"), port, count))


async def _with_server(command: list[str], log: Path, port: int, count: int) -> None:
    with log.open("wb") as output:
        server = await asyncio.create_subprocess_exec(*command, stdout=output)
        try:
            await asyncio.sleep(1)
            await measure(port, count)
        finally:
            server.terminate()
            await server.wait()


if __name__ == "__main__":
    main()
