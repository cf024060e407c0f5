"""One pool of connections to Redis, and what its errors mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from bff.errors import StoreUnavailable


def redis_client(url: str, *, timeout_seconds: float, max_connections: int) -> Redis:
    """A client; a connection that Redis closed while it was idle is replaced once, quietly.

    RESP2: notices of a subscription arrive where a plain listener hears them.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        protocol=2,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    return Redis(connection_pool=pool)


@asynccontextmanager
async def redis_errors() -> AsyncIterator[None]:
    """Nothing of redis-py gets out: StoreUnavailable instead."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable from error
