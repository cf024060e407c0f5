"""The last renewals of a session, on a real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bff.adapters.renewal_trend import POINTS, RenewalTrend
from bff.audit.record import Record
from bff.errors import StoreUnavailable


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """Empty."""
    async with Redis(port=redis_port) as client:
        await client.flushall()
        yield client


def renewed(ref: str, left: float) -> Record:
    """As the trail has it."""
    return Record(event="session_renewed", at=1.0, ref=ref, details={"seconds_left": left})


@pytest.mark.req("S11")
async def test_the_last_twelve_renewals_oldest_first(redis: Redis) -> None:
    """A failed one has none left; what is no renewal is none; who was never renewed is not named."""
    trend = RenewalTrend(redis, prefix="bff")
    for left in range(14):
        trend.take(renewed("s_ada", 280.0 + left))
    trend.take(
        Record(event="session_renewal_failed", at=1.0, ref="s_ada", details={"seconds_left": 250.0})
    )
    trend.take(Record(event="authn_login_success", at=1.0, ref="s_ada", details={}))
    assert await trend.of(["s_ada"]) == {}
    await trend.tell()
    await trend.tell()
    found = await trend.of(["s_grace", "s_ada"])
    assert found == {"s_ada": (*range(283, 294), 0)}
    assert len(found["s_ada"]) == POINTS


@pytest.mark.req("S11")
async def test_what_redis_did_not_take_keeps_its_order(redis: Redis) -> None:
    """Told once Redis is back, before what came meanwhile."""
    async with Redis(port=1) as away:
        trend = RenewalTrend(away, prefix="bff")
        trend.take(renewed("s_ada", 1.0))
        trend.take(renewed("s_ada", 2.0))
        with pytest.raises(StoreUnavailable):
            await trend.tell()
        trend.take(renewed("s_ada", 3.0))
        trend._redis = redis
        await trend.tell()
        assert await trend.of(["s_ada"]) == {"s_ada": (1, 2, 3)}
