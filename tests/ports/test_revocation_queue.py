"""One suite for the port RevocationQueue: the fake that flow tests trust, and Redis."""

import os
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bff.adapters.redis_revocations import RedisRevocationQueue
from bff.errors import StoreUnavailable
from bff.flows.revocation_ports import RevocationQueue
from bff.session.revocation import Revocation
from bff.session.seal import Seal, SealingKey
from tests.builders import ISSUER, NOW, a_key
from tests.flows.fake_revocations import MemoryRevocationQueue

OLD, NEW = SealingKey("old", b"o" * 32), SealingKey("new", b"n" * 32)


def a_redis_queue(redis: Redis, *ring: SealingKey) -> RedisRevocationQueue:
    """The real adapter, for three at most."""
    return RedisRevocationQueue(redis, Seal(ring or (OLD,)), os.urandom, prefix="bff", most=3)


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """An empty Redis."""
    async with Redis(port=redis_port, protocol=2) as client:
        await client.flushall()
        yield client


@pytest.fixture(params=["memory", "redis"])
def queue(request: pytest.FixtureRequest) -> RevocationQueue:
    """The port, twice."""
    if request.param == "memory":
        return MemoryRevocationQueue(most=3)
    return a_redis_queue(request.getfixturevalue("redis"))


def a_revocation(revocation_id: str = "r1", **overrides: Any) -> Revocation:
    """A refresh token of Ada's."""
    values: dict[str, Any] = {
        "id": revocation_id,
        "token": "refresh-canary",
        "kind": "refresh_token",
        "ref": "s_ada",
        "issuer": ISSUER,
        "subject": "ada",
        "asked_at": NOW,
        "give_up_at": NOW + 3600,
    }
    return Revocation(**{**values, **overrides})


@pytest.mark.req("N84")
async def test_what_is_due_is_given_to_one_at_a_time(queue: RevocationQueue) -> None:
    """Again when its hold is over, until it is done."""
    one, two = a_revocation("r1", session=a_key("A" * 43)), a_revocation("r2")
    assert await queue.put(one, NOW + 10)
    assert await queue.put(two, NOW + 99)
    assert list(await queue.take(NOW, NOW + 60, 5)) == []
    assert list(await queue.take(NOW + 10, NOW + 70, 5)) == [one]
    assert list(await queue.take(NOW + 11, NOW + 71, 5)) == []
    assert list(await queue.take(NOW + 70, NOW + 130, 5)) == [one]
    assert await queue.waiting() == 2
    await queue.done("r1")
    assert await queue.waiting() == 1
    assert list(await queue.take(NOW + 500, NOW + 560, 5)) == [two]


@pytest.mark.req("N84")
async def test_the_queue_is_bounded_and_what_is_in_it_may_be_kept_anew(
    queue: RevocationQueue,
) -> None:
    """The fourth of three is refused; the first may come back later."""
    for number in range(3):
        assert await queue.put(a_revocation(f"r{number}"), NOW)
    assert not await queue.put(a_revocation("r3"), NOW)
    again = a_revocation("r0", attempts=4)
    assert await queue.put(again, NOW + 5)
    assert len(await queue.take(NOW, NOW + 60, 2)) == 2
    assert list(await queue.take(NOW + 5, NOW + 60, 2)) == [again]


# --- Redis alone


@pytest.mark.req("N66", "S8")
async def test_a_waiting_token_is_sealed_for_its_place(redis: Redis) -> None:
    """No dump shows it, and moved to another id it does not open: it is dropped."""
    queue = a_redis_queue(redis)
    await queue.put(a_revocation("r1"), NOW)
    await queue.put(a_revocation("r2"), NOW)
    held = "bff:{revocations}:held"
    dump = await redis.dump(held)
    assert dump is not None
    assert b"refresh-canary" not in dump
    stolen: Any = await redis.hget(held, "r1")
    await redis.hset(held, "r2", stolen)
    assert [found.id for found in await queue.take(NOW, NOW + 60, 5)] == ["r1"]
    assert await queue.waiting() == 1


@pytest.mark.req("N126")
async def test_a_rotated_key_opens_what_waits(redis: Redis) -> None:
    """As long as the old one is in the ring."""
    await a_redis_queue(redis, OLD).put(a_revocation(), NOW)
    assert list(await a_redis_queue(redis, OLD, NEW).take(NOW, NOW + 60, 5)) == [a_revocation()]


async def test_a_queue_that_is_away_is_a_typed_error() -> None:
    """Nothing of redis-py gets out."""
    async with Redis(port=1, host="127.0.0.1", protocol=2, retry=Retry(NoBackoff(), 0)) as nobody:
        queue = a_redis_queue(nobody)
        for call in (queue.put(a_revocation(), NOW), queue.take(NOW, NOW, 1), queue.done("r"), queue.waiting()):  # fmt: skip
            with pytest.raises(StoreUnavailable):
                await call


def test_a_revocation_does_not_show_its_token() -> None:
    """Safe to log."""
    assert "canary" not in repr(a_revocation())
    assert msgspec.structs.asdict(a_revocation())["token"] == "refresh-canary"
