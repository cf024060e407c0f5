"""The port SessionResealing over Redis."""

import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_resealing import RedisResealing
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.errors import StoreUnavailable
from bff.session.limits import SessionLimits
from bff.session.model import Ref, Session
from bff.session.resealing import Resealed
from bff.session.seal import Seal, SealingKey
from tests.builders import LOOKUP_KEY, a_key, a_session, a_token_set

OLD, NEW, OTHER = (SealingKey(name, name.encode()[:1] * 32) for name in ("old", "new", "xyz"))
NOW = float(int(time.time()))


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """An empty Redis."""
    async with Redis(port=redis_port, protocol=2) as client:
        await client.flushall()
        yield client


def a_store(redis: Redis, *ring: SealingKey) -> RedisSessionStore:
    """A process with this ring."""
    record = SessionRecord(Seal(ring), LOOKUP_KEY, os.urandom)
    news = RedisNews(redis, channel("bff"))
    limits = SessionLimits()
    return RedisSessionStore(redis, record, news, limits=limits, lookup_key=LOOKUP_KEY)


def a_resealing(redis: Redis, *ring: SealingKey) -> RedisResealing:
    """Seals anew under the last of this ring."""
    record = SessionRecord(Seal(ring), LOOKUP_KEY, os.urandom)
    return RedisResealing(redis, record, ring[-1].id, prefix="bff")


async def begin(store: RedisSessionStore, number: int = 1) -> Session:
    """A session."""
    session = a_session(
        key=a_key(f"{number:043d}"),
        touched_at=NOW,
        core={"ref": Ref(f"s_{number}"), "created_at": NOW, "absolute_expires_at": NOW + 604_800},
    )
    assert await store.create(session)
    return session


@pytest.mark.req("N126")
async def test_a_session_sealed_anew_is_the_same_and_needs_the_old_key_no_more(
    redis: Redis,
) -> None:
    """Tokens, generation, everything; the facts name the new key."""
    session = await begin(a_store(redis, OLD))
    resealing = a_resealing(redis, OLD, NEW)
    assert await resealing.count_by_key([session.key]) == {"old": 1}
    assert await resealing.reseal([session.key, a_key("Z" * 43)]) == Resealed(done=1, gone=1)
    assert await resealing.reseal([session.key]) == Resealed(fresh=1)
    assert await resealing.count_by_key([session.key]) == {"new": 1}
    assert await a_store(redis, NEW).load(session.key) == session
    facts: Any = await redis.hget(f"bff:{{{session.key}}}:session", "facts")
    assert b'"sealed_under":"new"' in facts


@pytest.mark.req("N126", "R8")
async def test_a_renewal_in_between_is_never_undone(redis: Redis) -> None:
    """What was read is not what is there any more: the renewal stays."""
    store = a_store(redis, OLD)
    session = await begin(store)
    resealing = a_resealing(redis, OLD, NEW)
    read = await resealing._read([session.key])
    newer = a_token_set(access_token="access-1")
    await store.replace_tokens(session.key, 0, newer, session.core)

    async def as_read_before(_keys: object) -> Any:
        return read

    resealing._read = as_read_before  # type: ignore[method-assign, assignment]
    assert await resealing.reseal([session.key]) == Resealed(changed=1)
    stored = await store.load(session.key)
    assert isinstance(stored, Session)
    assert (stored.tokens, stored.generation) == (newer, 1)


async def test_what_is_sealed_under_a_key_nobody_has_is_left_and_counted(redis: Redis) -> None:
    """An operator must hear of it."""
    session = await begin(a_store(redis, OTHER))
    assert await a_resealing(redis, OLD, NEW).reseal([session.key]) == Resealed(unreadable=1)
    assert await a_store(redis, OTHER).load(session.key) == session


async def test_a_redis_that_is_away_is_a_typed_error() -> None:
    """Nothing of redis-py gets out."""
    async with Redis(port=1, host="127.0.0.1", protocol=2) as nobody:
        with pytest.raises(StoreUnavailable):
            await a_resealing(nobody, OLD).reseal([a_key()])
