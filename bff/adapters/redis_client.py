"""One pool of connections to Redis, and what its errors mean."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio import UnixDomainSocketConnection as UnixConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bff.errors import StoreUnavailable


def outside() -> str:
    """Where nobody says for whom Redis is asked."""
    return "background"


class Bounded:
    """A connection whose writes end within ``socket_timeout`` seconds, without a task for each.

    redis-py's own limit starts one, where Python is older than 3.12.
    """

    socket_timeout: float | None

    async def send_packed_command(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  as redis-py has it
        """Write; what the other side does not take in time breaks the connection."""
        limit, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(limit):
                await super().send_packed_command(*arguments, **options)  # type: ignore[misc]
        except TimeoutError:
            raise RedisTimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = limit


class _Tcp(Bounded, Connection):
    pass


class _Tls(Bounded, SSLConnection):
    pass


class _Unix(Bounded, UnixConnection):
    pass


_BOUNDED = {Connection: _Tcp, SSLConnection: _Tls, UnixConnection: _Unix}


class CountingPool(BlockingConnectionPool):
    """Counts how often a connection is taken: once for each command, script or pipeline.

    ``kind`` says for which kind of request; whoever knows puts itself there.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  as redis-py has it
        """Counts begin at none."""
        super().__init__(*arguments, **options)
        self.connection_class = _BOUNDED.get(self.connection_class, self.connection_class)
        self.trips: Counter[str] = Counter()
        self.kind: Callable[[], str] = outside

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:  # noqa: ANN401  as redis-py has it
        """Take one."""
        del command_name, keys, options
        self.trips[self.kind()] += 1
        return await super().get_connection()  # type: ignore[no-untyped-call]


def redis_client(url: str, *, timeout_seconds: float, max_connections: int) -> Redis:
    """A client; a connection that Redis closed while it was idle is replaced once, quietly.

    RESP2: notices of a subscription arrive where a plain listener hears them.
    """
    pool = CountingPool.from_url(
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
