"""The port RateLimits over Redis."""

import time
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bff.adapters.rate_limits import RedisRateLimits
from bff.errors import RateLimited
from tests.builders import LOOKUP_KEY


class Clock:
    """Redis goes by the wall clock; what is told how often goes by this one."""

    ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


def limits_in(
    redis: Redis, reached: list[str] | None = None, clock: Clock | None = None
) -> RedisRateLimits:
    """Three a minute."""
    told = [] if reached is None else reached
    return RedisRateLimits(
        redis,
        {"sign_in": 3, "refresh": 3},
        clock or Clock(),
        told.append,
        lookup_key=LOOKUP_KEY,
        prefix="bff",
    )


@pytest.mark.req("S9", "N98")
async def test_the_fourth_in_a_minute_is_told_when_to_come_back(redis_port: int) -> None:
    """By address and by limit: others are not affected; Redis holds no address."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        limits = limits_in(redis)
        for _ in range(3):
            await limits.hit("sign_in", "192.0.2.7")
        with pytest.raises(RateLimited) as limited:
            await limits.hit("sign_in", "192.0.2.7")
        assert 1 <= limited.value.retry_after_seconds <= 60
        await limits.hit("sign_in", "192.0.2.8")
        await limits.hit("refresh", "192.0.2.7")
        keys = await redis.keys()
        assert keys
        assert not any(b"192.0.2" in key for key in keys if isinstance(key, bytes))


@pytest.mark.req("N123")
async def test_a_redis_that_is_away_limits_nothing() -> None:
    """What needs Redis fails by itself then."""
    async with Redis(port=1, protocol=2, retry=Retry(NoBackoff(), 0)) as nobody:
        limits = limits_in(nobody)
        for _ in range(5):
            await limits.hit("sign_in", "192.0.2.7")


@pytest.mark.req("S10", "N118")
async def test_a_flood_is_one_event_a_minute_for_each_who_floods(redis_port: int) -> None:
    """Not one for each refusal."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        told: list[str] = []
        clock = Clock()
        limits = limits_in(redis, told, clock)
        for who in ("192.0.2.7", "192.0.2.8"):
            for _ in range(9):
                with suppress(RateLimited):
                    await limits.hit("sign_in", who)
        assert told == ["sign_in", "sign_in"]
        clock.ahead = 61
        with pytest.raises(RateLimited):
            await limits.hit("sign_in", "192.0.2.7")
        assert len(told) == 3
