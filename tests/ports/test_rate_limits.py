"""The port RateLimits over Redis."""

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bff.adapters.rate_limits import RedisRateLimits
from bff.errors import RateLimited
from tests.builders import LOOKUP_KEY


def limits_in(redis: Redis) -> RedisRateLimits:
    """Three a minute."""
    return RedisRateLimits(redis, {"sign_in": 3, "refresh": 3}, lookup_key=LOOKUP_KEY, prefix="bff")


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
        assert limited.value.retry_after_seconds > 0
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
