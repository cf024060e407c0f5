"""A session store whose reads are answered by the cache wherever it may answer, over a real Redis."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import channel
from bff.adapters.session_cache import CachedSessionStore, SessionCache
from bff.adapters.session_record import SessionRecord
from bff.adapters.session_tracking import SessionTracking
from bff.session.limits import SessionLimits
from bff.session.model import EndedSession, Session, SessionKey
from bff.session.seal import Seal, SealingKey
from tests.builders import LOOKUP_KEY

LIMITS = SessionLimits(idle=1800, absolute=28_800)
SEAL = Seal((SealingKey("old", b"o" * 32), SealingKey("new", b"n" * 32)))
WITHIN_SECONDS = 20.0


class HeldFirst(CachedSessionStore):
    """Asks the cache before it asks Redis."""

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        return self._cache.get(key) or await super().load(key)


def a_cached_store(redis: Redis, cache: SessionCache) -> HeldFirst:
    """The real adapter over ``cache``."""
    return HeldFirst(
        cache,
        redis,
        SessionRecord(SEAL, LOOKUP_KEY, os.urandom),
        RedisNews(redis, channel("bff")),
        limits=LIMITS,
        lookup_key=LOOKUP_KEY,
    )


@dataclass
class Process:
    """A cache, its tracking, and the store over it, as one process has them."""

    cache: SessionCache
    store: HeldFirst
    reports: list[bool] = field(default_factory=list)


@asynccontextmanager
async def a_process(
    redis: Redis, *, capacity: int = 100, beats: Redis | None = None, name: str = "one"
) -> AsyncIterator[Process]:
    """A process that follows Redis; ``beats`` is where its own key is written, if elsewhere."""
    cache = SessionCache(capacity, time.monotonic)
    process = Process(cache, a_cached_store(redis, cache))
    tracking = SessionTracking(
        cache,
        redis,
        prefix="bff",
        beat_name=name,
        time=time.monotonic,
        report=process.reports.append,
    )
    if beats is not None:
        tracking._redis = _split(redis, beats)
    task = asyncio.create_task(tracking.run())
    try:
        yield process
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _split(listening: Redis, writing: Redis) -> Redis:
    """A client whose new connections lead to one Redis and whose commands lead to another."""
    split = Redis(connection_pool=writing.connection_pool)
    split.connection_pool.make_connection = listening.connection_pool.make_connection  # type: ignore[method-assign]
    return split


async def until(condition: Callable[[], bool]) -> None:
    """Until it holds; AssertionError when that takes too long even for a busy machine."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)
