"""The queue for connections, without sockets."""

import asyncio
import ssl
from typing import Any

from bff.adapters.connection_pool import ConnectionPool
from bff.adapters.http1_body import ResponseBody
from bff.resource.routes import Upstream
from tests.ports.resource_server.scripted_api import PATIENCE


class Line:
    """A connection that is open, or not."""

    def __init__(self, *, open_: bool = True) -> None:
        self.open = open_

    def usable(self) -> bool:
        """As told."""
        return self.open

    def close(self) -> None:
        """Closed."""
        self.open = False


async def test_a_dead_connection_from_the_queue_is_not_used() -> None:
    """It died between the hand-over and its use; another that became idle meanwhile is taken."""
    pool: Any = ConnectionPool(
        Upstream("http", "localhost", 1),
        tls=ssl.create_default_context(),
        max_connections=2,
        keep_alive=PATIENCE,
    )
    pool.open = 2
    first, second = (asyncio.ensure_future(pool.acquire(PATIENCE)) for _ in range(2))
    await asyncio.sleep(0)
    dead, taken, idle = Line(open_=False), Line(), Line()
    for line in (dead, taken, idle):
        pool.release(line)
    assert await second is taken
    assert await first is idle


async def test_pieces_that_came_before_anybody_looked_are_one_body() -> None:
    """The whole is the pieces joined, and stays readable as a stream."""
    body = ResponseBody(None, asyncio.get_running_loop())  # type: ignore[arg-type]
    body.add([b"a", b"b"])
    assert body.whole() is None
    body.add([b"c"])
    body.end()
    assert body.whole() == b"abc"
    assert [piece async for piece in body] == [b"abc"]
