"""Sessions: in Redis, and held in this process while Redis vouches for them."""

import os
import secrets
import time

from bff.adapters.redis_sessions import RedisSessionStore
from bff.adapters.session_cache import CachedSessionStore, SessionCache
from bff.adapters.session_record import SessionRecord
from bff.adapters.session_tracking import SessionTracking
from bff.composition.world import World
from bff.settings import values


def session_store(world: World) -> RedisSessionStore:
    """The one store of this process; it fills the cache, if there is one."""
    settings, lookup_key = world.settings, values.lookup_key(world.settings)
    record = SessionRecord(values.seal(settings), lookup_key, os.urandom)
    limits, prefix, traces = values.session_limits(settings), settings.redis.prefix, world.traces
    if world.session_cache is None:
        kind = RedisSessionStore if traces is None else traces.sessions()
        return kind(
            world.redis, record, world.news, limits=limits, lookup_key=lookup_key, prefix=prefix
        )
    held = CachedSessionStore if traces is None else traces.held_sessions()
    return held(
        world.session_cache,
        world.redis,
        record,
        world.news,
        limits=limits,
        lookup_key=lookup_key,
        prefix=prefix,
    )


def session_tracking(world: World, cache: SessionCache) -> SessionTracking:
    """What keeps the cache honest; to be run."""
    gauge = world.metrics.session_cache_vouched

    def report(vouched: bool) -> None:  # noqa: FBT001
        gauge.set(vouched)
        if vouched:
            world.log.info("session_cache_on")
        else:
            world.log.warning("session_cache_off", sessions="are read from Redis")

    return SessionTracking(
        cache,
        world.redis,
        prefix=world.settings.redis.prefix,
        beat_name=secrets.token_hex(8),
        time=time.monotonic,
        report=report,
    )
