"""The way to Redis, which a test shuts and opens: while it is shut every connection breaks at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class RedisDoor:
    """Listens on ``port``, in the test's own event loop."""

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._open = True
        self._inside: set[asyncio.StreamWriter] = set()
        self.port = 0

    def shut(self) -> None:
        """Redis is away."""
        self._open = False
        for writer in self._inside:
            writer.transport.abort()

    def open(self) -> None:
        """Redis is back."""
        self._open = True

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if not self._open:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._redis_port)
        both = {writer, back}
        self._inside |= both
        try:
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            self._inside -= both
            for each in both:
                each.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def redis_door(redis_port: int) -> AsyncIterator[RedisDoor]:
    """Open, until a test shuts it; gone at the end."""
    door = RedisDoor(redis_port)
    async with await asyncio.start_server(door.enter, "127.0.0.1", 0) as server:
        door.port = server.sockets[0].getsockname()[1]
        yield door
        door.shut()
