"""The connections to one origin: reused last in, first out; bounded; waited for in order."""

import asyncio
import ssl
from collections import deque
from contextlib import suppress

from bff.adapters.dialing import dial
from bff.adapters.http1_connection import Connection
from bff.errors import ResourceServerUnavailable
from bff.resource.routes import Upstream


class ConnectionPool:
    """Connections to one scheme, host and port.

    A place is a connection, or the right to open one. Whoever finds none free waits for the next,
    first come, first served. ``open`` counts the places taken.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        tls: ssl.SSLContext,
        max_connections: int,
        keep_alive: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._upstream = upstream
        self._tls = tls if upstream.scheme == "https" else None
        self._max = max_connections
        self._keep_alive = keep_alive
        self._members: set[Connection] = set()
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False
        self.open = 0

    def take_idle(self) -> Connection | None:
        """An open connection that waits for work, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable():
                return connection
            connection.close()
        return None

    async def acquire(self, seconds: float) -> Connection:
        """A connection, opened or waited for within ``seconds``.

        Raises:
            ResourceServerUnavailable: it took too long, was refused, or failed TLS; nothing was
                sent.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._next()
        except OSError as error:  # TimeoutError and ssl.SSLError among them
            raise ResourceServerUnavailable from error

    def close_idle(self) -> None:
        """Trust none of those that wait: one of them turned out to be dead."""
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Close everything; whoever waits is told that the API cannot be reached."""
        self._closed = True
        for connection in tuple(self._members):
            connection.close()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(ResourceServerUnavailable())

    # ------------------------------------------------------------------ called by connections

    def release(self, connection: Connection) -> None:
        """Hand it to whoever has waited longest, or keep it."""
        if not self._hand_over(connection):
            self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """Its place is free."""
        if connection in self._members:
            self._members.remove(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self._free_place()

    # ------------------------------------------------------------------ within

    async def _next(self) -> Connection:
        while not self._closed:
            connection = self.take_idle()
            if connection is not None:
                return connection
            if self.open < self._max:
                self.open += 1
            else:
                connection = await self._wait()
                if connection is not None and connection.usable():
                    return connection
                if connection is not None:
                    connection.close()
                    continue
            return await self._connect()
        raise ResourceServerUnavailable

    async def _wait(self) -> Connection | None:
        """The next connection that becomes free; None is the place of one that was lost."""
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):  # passed over already
                    self._waiting.remove(waiter)
            elif (connection := waiter.result()) is not None:
                self.release(connection)
            else:
                self._free_place()
            raise

    async def _connect(self) -> Connection:
        """Open one in a place already taken."""
        try:
            dialed = await dial(self._loop, self._upstream.host, self._upstream.port)
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, self, self._keep_alive),
                sock=dialed,
                ssl=self._tls,
                server_hostname=self._upstream.host if self._tls else None,
            )
        except BaseException:
            self._free_place()
            raise
        if self._closed or connection.closing:
            connection.close()
            self._free_place()
            raise ResourceServerUnavailable
        self._members.add(connection)
        return connection

    def _free_place(self) -> None:
        if not self._hand_over(None):
            self.open -= 1

    def _hand_over(self, place: Connection | None) -> bool:
        """Whether somebody was waiting and has it now."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(place)
                return True
        return False
