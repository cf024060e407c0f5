"""One pool of connections to Redis, and what its errors mean."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, ConnectionPool, Redis, SSLConnection
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

    ``kind`` says for which kind of request; whoever knows puts itself there. A connection that is
    there for the taking is taken and given back without redis-py's condition and time limit, which
    are for those who have to wait.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  as redis-py has it
        """Counts begin at none."""
        super().__init__(*arguments, **options)
        self.connection_class = _BOUNDED.get(self.connection_class, self.connection_class)
        self.trips: Counter[str] = Counter()
        self.kind: Callable[[], str] = outside
        self._waiting = 0

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:  # noqa: ANN401  as redis-py has it
        """Take one."""
        del command_name, keys, options
        self.trips[self.kind()] += 1
        if not self._available_connections:
            return await self._waited_for()
        connection: Any = self.get_available_connection()  # type: ignore[no-untyped-call]
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def _waited_for(self) -> Any:  # noqa: ANN401  as redis-py has it
        """One that is opened for it, or that somebody gives back within the time there is."""
        self._waiting += 1
        try:
            return await super().get_connection()  # type: ignore[no-untyped-call]
        finally:
            self._waiting -= 1

    async def release(self, connection: Any) -> None:  # noqa: ANN401  as redis-py has it
        """Give it back; somebody who waits is told."""
        await ConnectionPool.release(self, connection)
        if self._waiting:
            async with self._condition:
                self._condition.notify()


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
