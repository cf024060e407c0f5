"""Time-outs per phase, and a browser that reads slowly."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bff.adapters.deadline import Deadline
from bff.adapters.http1_body import ResponseBody
from bff.adapters.http1_connection import HIGH_WATER, Connection
from bff.adapters.resource_server import HttpResourceServer
from bff.errors import ResourceServerTimedOut
from bff.resource.routes import Timeouts
from tests.ports.resource_server.scripted_api import (
    OK,
    PATIENCE,
    Serve,
    Wire,
    a_request,
    settled,
    until,
)

SOON = 0.02


async def silent(wire: Wire) -> None:
    """Hear the request, say nothing."""
    await wire.head()
    await wire.closed()


async def begun(wire: Wire) -> None:
    """Begin an answer."""
    await wire.head()
    await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nbegun")
    await wire.closed()


async def nodding(wire: Wire) -> None:
    """Say again and again that something will be said."""
    await wire.head()
    await wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3)
    await wire.closed()


@pytest.mark.parametrize("script", [silent, nodding])
@pytest.mark.req("N100")
async def test_an_answer_that_does_not_come_is_timed_out(
    api: Serve, client: HttpResourceServer, script: Wire
) -> None:
    """The request was sent and nothing final came; the connection is closed."""
    listening = await api(script)  # type: ignore[arg-type]
    route = listening.route(timeouts=Timeouts(PATIENCE, first_byte=SOON, idle=PATIENCE))
    with pytest.raises(ResourceServerTimedOut):
        await client.send(route, a_request(), None)
    await listening.finished()
    await until(lambda: client.connections == 0)


@pytest.mark.req("N100")
async def test_a_body_that_falls_silent_is_timed_out(
    api: Serve, client: HttpResourceServer
) -> None:
    """Between two pieces there is a limit of its own; it is no end of the body."""
    listening = await api(begun)
    route = listening.route(timeouts=Timeouts(PATIENCE, first_byte=PATIENCE, idle=SOON))
    response = await client.send(route, a_request(), None)
    read = aiter(response.body)
    assert await anext(read) == b"begun"
    with pytest.raises(ResourceServerTimedOut):
        await anext(read)
    await listening.finished()


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.req("N100")
async def test_an_upload_that_stands_still_is_timed_out(
    api: Serve, client: HttpResourceServer, full: bool
) -> None:
    """The API does not read, or the browser does not send: nobody holds a connection for ever."""

    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        while full:
            yield bytes(65_536)
        await asyncio.Event().wait()

    async def deaf(wire: Wire) -> None:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    listening = await api(deaf)
    route = listening.route(timeouts=Timeouts(PATIENCE, first_byte=PATIENCE, idle=SOON))
    with pytest.raises(ResourceServerTimedOut):
        await client.send(route, a_request("POST"), body())
    await until(lambda: client.connections == 0)


@pytest.mark.req("N100")
async def test_a_slow_browser_slows_the_api_down(api: Serve, client: HttpResourceServer) -> None:
    """Unread bytes are bounded, the API waits, its time does not run; then everything arrives."""
    size = 256 * HIGH_WATER  # far more than the sockets on the way can hold
    written = 0

    async def script(wire: Wire) -> None:
        nonlocal written
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while written < size:
            await wire.send(bytes(65_536))
            written += 65_536

    listening = await api(script)
    response = await client.send(listening.route(), a_request(), None)
    body = response.body
    assert isinstance(body, ResponseBody)
    connection = body._source
    assert isinstance(connection, Connection)
    await until(lambda: connection._reading_paused)
    await settled(lambda: written)
    assert HIGH_WATER < body.size <= 4 * HIGH_WATER
    assert written < size // 2
    assert connection._deadline._at == float("inf")
    assert sum([len(piece) async for piece in response.body]) == size
    assert client.connections == 1


@pytest.mark.req("N100")
async def test_leaving_a_full_buffer_closes_the_connection(
    api: Serve, client: HttpResourceServer
) -> None:
    """A browser that leaves while the API is held back does not hold it back for ever."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 * HIGH_WATER))
        while True:
            await wire.send(bytes(65_536))

    listening = await api(script)
    response = await client.send(listening.route(), a_request(), None)
    body = response.body
    assert isinstance(body, ResponseBody)
    await until(lambda: body.size > HIGH_WATER)
    await response.body.aclose()
    await until(lambda: client.connections == 0)
    await listening.finished()


async def test_a_request_on_a_kept_connection_starts_its_own_time(
    api: Serve, client: HttpResourceServer
) -> None:
    """A long limit of the request before does not stretch a short one."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await silent(wire)

    listening = await api(script)
    await client.send(listening.route(), a_request(), None)
    hasty = listening.route(timeouts=Timeouts(PATIENCE, first_byte=SOON, idle=PATIENCE))
    with pytest.raises(ResourceServerTimedOut):
        await client.send(hasty, a_request(), None)


class Later:
    """An event loop's clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls: list[tuple[float, object]] = []

    def time(self) -> float:
        """Seconds."""
        return self.now

    def call_at(self, when: float, call: object) -> "Later":
        """Remember one timer."""
        self.calls.append((when, call))
        return self

    def cancel(self) -> None:
        """Forget the timer."""
        self.calls.pop()

    def pass_to(self, now: float) -> None:
        """Let the time come."""
        self.now = now
        while self.calls and self.calls[0][0] <= now:
            self.calls.pop(0)[1]()  # type: ignore[operator]


def test_a_deadline_that_moves_later_costs_no_timer() -> None:
    """One timer follows a deadline however often it moves; an earlier one replaces it."""
    loop, expired = Later(), []
    deadline = Deadline(loop, lambda: expired.append(loop.now))  # type: ignore[arg-type]
    for seconds in (10, 20, 30):
        deadline.set(seconds)
    assert [when for when, _ in loop.calls] == [110.0]
    loop.pass_to(110.0)
    assert expired == []
    assert [when for when, _ in loop.calls] == [130.0]
    deadline.set(5)
    assert [when for when, _ in loop.calls] == [115.0]
    loop.pass_to(115.0)
    assert expired == [115.0]
    assert loop.calls == []


def test_a_deadline_that_was_cleared_does_not_come() -> None:
    """Cleared or stopped, nothing expires; only stopping takes the timer away."""
    loop, expired = Later(), []
    deadline = Deadline(loop, lambda: expired.append(loop.now))  # type: ignore[arg-type]
    deadline.set(10)
    deadline.clear()
    loop.pass_to(120.0)
    deadline.set(10)
    deadline.stop()
    deadline.stop()
    assert loop.calls == []
    assert expired == []
