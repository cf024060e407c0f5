"""The client of Redis: nothing it does lasts longer than its limit."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bff.adapters.redis_client import redis_client
from bff.adapters.round_trip import round_trip


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """Somebody to whom connections are made, and who neither reads nor answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        yield deaf.getsockname()[1]


@pytest.mark.req("N72")
async def test_what_redis_does_not_take_in_time_is_an_error(deaf_port: int) -> None:
    """A write that fills every buffer on the way; the connection is of no use any more."""
    client = redis_client(f"redis://127.0.0.1:{deaf_port}", timeout_seconds=0.2, max_connections=1)
    pool: Any = client.connection_pool
    connection = pool.make_connection()
    reader, writer = await asyncio.open_connection("127.0.0.1", deaf_port)
    connection._reader, connection._writer = reader, writer
    connection._parser.on_connect(connection)
    async with asyncio.timeout(5):
        with pytest.raises(RedisTimeoutError):
            await connection.send_command("SET", "key", b"x" * 64_000_000)
    assert not connection.is_connected
    writer.transport.abort()
    await asyncio.sleep(0)
    await client.aclose(close_connection_pool=True)


@pytest.mark.req("N72")
async def test_an_answer_that_does_not_come_in_time_is_an_error(deaf_port: int) -> None:
    """Writing has a limit of its own, and takes none from reading."""
    client = redis_client(f"redis://127.0.0.1:{deaf_port}", timeout_seconds=0.2, max_connections=1)
    async with asyncio.timeout(5):
        with pytest.raises(RedisTimeoutError):
            await client.get("key")
    await client.aclose(close_connection_pool=True)


async def test_a_command_starts_no_task(redis_port: int) -> None:
    """Neither to write nor to read: a task for each would cost as much as the command."""
    client = redis_client(f"redis://127.0.0.1:{redis_port}", timeout_seconds=5, max_connections=1)
    await client.get("key")
    loop, started = asyncio.get_running_loop(), []

    def starting(loop: asyncio.AbstractEventLoop, work: Any, **_: Any) -> asyncio.Task[Any]:
        started.append(work)
        return asyncio.Task(work, loop=loop)

    loop.set_task_factory(starting)
    try:
        await client.get("key")
    finally:
        loop.set_task_factory(None)
    assert started == []
    await client.aclose(close_connection_pool=True)


@pytest.mark.parametrize("url", ["redis://x", "rediss://x", "unix:///x"])
def test_every_kind_of_connection_is_bounded(url: str) -> None:
    """TCP, TLS, a socket of this machine."""
    pool = redis_client(url, timeout_seconds=5, max_connections=1).connection_pool
    assert isinstance(pool, BlockingConnectionPool)
    assert pool.connection_class.__module__ == "bff.adapters.redis_client"


@pytest.mark.req("N72")
async def test_whoever_waits_for_a_connection_gets_one_that_is_given_back(redis_port: int) -> None:
    """Each is told, however many wait and whoever comes meanwhile."""
    client = redis_client(f"redis://127.0.0.1:{redis_port}", timeout_seconds=5, max_connections=1)
    pool: Any = client.connection_pool
    held = await pool.get_connection()
    async with asyncio.timeout(4), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(round_trip(client, ("ECHO", number))) for number in range(3)]
        while pool._waiting < len(waiting):  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
        await pool.release(held)
        assert await client.echo("meanwhile") == b"meanwhile"
    assert [task.result() for task in waiting] == [[b"0"], [b"1"], [b"2"]]
    await client.aclose(close_connection_pool=True)


@pytest.mark.req("N72")
async def test_who_waits_too_long_for_a_connection_is_told(redis_port: int) -> None:
    """And takes no place from those who come later."""
    client = redis_client(
        f"redis://127.0.0.1:{redis_port}", timeout_seconds=0.05, max_connections=1
    )
    pool: Any = client.connection_pool
    held = await pool.get_connection()
    with pytest.raises(RedisConnectionError, match="No connection available"):
        await client.get("key")
    await pool.release(held)
    assert await client.ping()
    await client.aclose(close_connection_pool=True)


@pytest.mark.req("N72")
async def test_a_connection_closed_while_it_was_idle_is_not_given_out(redis_port: int) -> None:
    """It is opened again first."""
    client = redis_client(f"redis://127.0.0.1:{redis_port}", timeout_seconds=5, max_connections=1)
    own = await client.client_id()
    async with Redis(port=redis_port, protocol=2) as other:
        await other.client_kill_filter(_id=str(own))
    pool: Any = client.connection_pool
    connection = await pool.get_connection()
    await connection.send_command("CLIENT", "ID")
    assert await connection.read_response() != own
    await pool.release(connection)
    await client.aclose(close_connection_pool=True)
