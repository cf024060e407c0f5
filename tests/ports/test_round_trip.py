"""Commands in one round trip: their answers stay in step, whatever happens to one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from bff.adapters.redis_client import redis_client
from bff.adapters.round_trip import answers, round_trip

pytestmark = pytest.mark.req("N72")


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """An empty Redis, one connection to it."""
    url = f"redis://127.0.0.1:{redis_port}"
    client = redis_client(url, timeout_seconds=5, max_connections=1)
    await client.flushall()
    yield client
    await client.aclose(close_connection_pool=True)


async def test_answers_come_in_order(redis: Redis) -> None:
    """Text, octets, numbers; in one round trip."""
    commands = (("SET", "a", b"\x00\xff"), ("INCRBY", "b", 7), ("GET", "a"), ("MGET", "b", "c"))
    assert await round_trip(redis, *commands) == [b"OK", 7, b"\x00\xff", [b"7", None]]
    pool: Any = redis.connection_pool
    assert pool.trips.total() == 2


async def test_a_refusal_is_raised_when_all_have_answered(redis: Redis) -> None:
    """The first of them; what comes next is not answered by what was left."""
    with pytest.raises(ResponseError, match="NOSUCH"):
        await round_trip(redis, ("SET", "a", 1), ("NOSUCH",), ("LPUSH", "a", 1), ("GET", "a"))
    assert await round_trip(redis, ("GET", "a")) == [b"1"]


async def test_refusals_can_be_had_among_the_answers(redis: Redis) -> None:
    """Where each command stands for itself."""
    fine, refused, last = await answers(redis, ("SET", "a", 1), ("LPUSH", "a", 1), ("GET", "a"))
    assert (fine, last) == (b"OK", b"1")
    assert isinstance(refused, ResponseError)


async def test_a_connection_that_redis_closed_is_replaced(redis: Redis, redis_port: int) -> None:
    """Once, quietly: whether it was seen closed before, or only when it was used."""
    (own,) = await round_trip(redis, ("CLIENT", "ID"))
    async with Redis(port=redis_port, protocol=2) as other:
        await other.client_kill_filter(_id=str(own))
    assert await round_trip(redis, ("ECHO", "here")) == [b"here"]
    with pytest.raises(RedisConnectionError):
        await round_trip(redis, ("QUIT",), ("PING",))
    assert await round_trip(redis, ("ECHO", "here")) == [b"here"]


async def test_who_leaves_takes_no_answer_from_the_next(redis: Redis) -> None:
    """A connection with an answer still to come is not used again."""
    waiting = asyncio.create_task(round_trip(redis, ("BLPOP", "nothing", 0)))
    pool: Any = redis.connection_pool
    while not pool._in_use_connections:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await round_trip(redis, ("ECHO", "mine")) == [b"mine"]


async def test_a_client_that_wants_to_is_around_each(redis_port: int) -> None:
    """It hears the names of the commands, never a key or a value."""
    heard: list[list[str]] = []

    class Watching(Redis):
        def around(self, names: list[str]) -> AbstractContextManager[None]:
            heard.append(names)
            return nullcontext()

    async with Watching(port=redis_port, protocol=2) as redis:
        await round_trip(redis, ("SET", "key", "value"), ("GET", "key"))
        await answers(redis, ("PING",))
    assert heard == [["SET", "GET"], ["PING"]]
