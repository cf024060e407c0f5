"""Sessions by state on a real Redis: one process counts, the others know."""

from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.shared_census import SharedCensus
from bff.errors import StoreUnavailable

KEY = b"k" * 32


@pytest.mark.req("S11")
async def test_one_process_counts_in_a_round_and_the_others_read_it(redis_port: int) -> None:
    """Nothing is said before anybody has counted; the next round counts anew."""
    async with Redis(port=redis_port) as redis:
        await redis.flushall()
        names, asked = AuditNames("bff", KEY), list[str]()

        def process(name: str, counts: Mapping[str, int]) -> SharedCensus:
            async def count() -> Mapping[str, int]:
                asked.append(name)
                return counts

            return SharedCensus(redis, names, count)

        first = process("first", {"active": 2, "idle": 1})
        second = process("second", {"active": 7, "idle": 0})
        await redis.set(names.plain("census-turn"), b"1")
        assert await second.read() == {}
        await redis.delete(names.plain("census-turn"))
        assert await first.read() == {"active": 2, "idle": 1}
        assert 0 < await redis.pttl(names.plain("census-turn")) < 60_000
        assert await second.read() == {"active": 2, "idle": 1}
        await redis.delete(names.plain("census-turn"))
        assert await second.read() == await first.read() == {"active": 7, "idle": 0}
        assert asked == ["first", "second"]


@pytest.mark.req("S11")
async def test_a_count_that_takes_longer_than_a_round_is_not_begun_twice(redis_port: int) -> None:
    """Nor soon after it is done: it is dear. Whoever failed does not keep their turn."""
    async with Redis(port=redis_port) as redis:
        await redis.flushall()
        names, seconds = AuditNames("bff", KEY), iter([0.0, 70.0, 0.0, 5.0])
        turn = names.plain("census-turn")

        async def slow() -> Mapping[str, int]:
            assert await redis.pttl(turn) > 100_000
            return {"active": 1}

        async def broken() -> Mapping[str, int]:
            raise ConnectionError

        await SharedCensus(redis, names, slow, lambda: next(seconds)).read()
        assert 270_000 < await redis.pttl(turn) <= 280_000
        await redis.delete(turn)
        with pytest.raises(StoreUnavailable):
            await SharedCensus(redis, names, broken, lambda: next(seconds)).read()
        assert 30_000 < await redis.pttl(turn) <= 43_000
