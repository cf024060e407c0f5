"""What sessions called, on a real Redis: counted, told, read; nothing lost while Redis is away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters import session_calls
from bff.adapters.session_calls import SessionCalls
from bff.errors import StoreUnavailable

START = 1_700_000_100.0  # a whole five minutes


class Clock:
    """Says what it was told."""

    at = START

    def now(self) -> float:
        """Unix seconds."""
        return self.at


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """Empty."""
    async with Redis(port=redis_port) as client:
        await client.flushall()
        yield client


@pytest.mark.req("S11")
async def test_calls_are_read_by_time_and_by_route_with_their_answers(redis: Redis) -> None:
    """Two processes add to one session; the busiest route is first; another session is not in it."""
    clock = Clock()
    one, other = (SessionCalls(redis, clock.now, prefix="bff") for _ in range(2))
    one.count("s_ada", "leads", 200)
    other.count("s_ada", "events", 200)
    other.count("s_ada", "events", 503)
    one.count("s_grace", "leads", 200)
    clock.at += 301
    other.count("s_ada", "events", 204)
    assert (await one.of("s_ada")).slots == ()
    await one.tell()
    await other.tell()
    use = await one.of("s_ada")
    assert use.slots == ((START, 3), (START + 300, 1))
    assert [(row.route, row.total, row.statuses) for row in use.routes] == [
        ("events", 3, {"2xx": 2, "5xx": 1}),
        ("leads", 1, {"2xx": 1}),
    ]
    assert 0 < await redis.ttl("bff:calls:{s_ada}") <= session_calls.KEPT_SECONDS


@pytest.mark.req("S11")
async def test_what_redis_did_not_take_is_told_the_next_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was counted meanwhile, and no call twice."""
    calls = SessionCalls(redis, Clock().now, prefix="bff")
    calls.count("s_ada", "leads", 200)
    send = calls._send

    async def away(some: Any) -> None:
        calls.count("s_ada", "leads", 404)
        raise ConnectionError

    monkeypatch.setattr(calls, "_send", away)
    with pytest.raises(StoreUnavailable):
        await calls.tell()
    monkeypatch.setattr(calls, "_send", send)
    await calls.tell()
    await calls.tell()
    use = await calls.of("s_ada")
    assert [(row.route, row.statuses) for row in use.routes] == [("leads", {"2xx": 1, "4xx": 1})]
    assert use.slots == ((START, 2),)


@pytest.mark.req("S11")
async def test_memory_is_bounded_here_and_there(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of too many sessions some are not counted; of too many slots the oldest go, routes stay."""
    monkeypatch.setattr(session_calls, "MOST_SESSIONS", 2)
    monkeypatch.setattr(session_calls, "MOST_SLOTS", 3)
    clock = Clock()
    calls = SessionCalls(redis, clock.now, prefix="bff")
    for ref in ("s_1", "s_2", "s_3"):
        calls.count(ref, "leads", 200)
    for _ in range(6):
        clock.at += 300
        calls.count("s_1", "leads", 200)
    await calls.tell()
    assert (await calls.of("s_3")).slots == ()
    use = await calls.of("s_1")
    assert [at for at, _ in use.slots] == [START + 1200, START + 1500, START + 1800]
    assert use.routes[0].total == 7
