"""A process that ends, as its browsers' connections see it: whoever asks is answered, and told to come anew."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from bff.adapters import browser_connection
from bff.adapters.browser_socket import BrowserSocketConnection
from tests.app.doorstep import Doorstep, Visitor
from tests.app.house import House
from tests.ports.resource_server.scripted_api import OK, Thinking, Wire, answering, until

New = Callable[..., Awaitable[Doorstep]]
FOR_LONG, FOR_AN_INSTANT = 3_600.0, 0.01
WAYS = pytest.mark.parametrize("short_cut", [True, False], ids=["direct", "ordinary"])


def end(door: Doorstep, linger_seconds: float) -> None:
    """The process is replaced, or stopped (0)."""
    door.world.closing.linger_seconds = linger_seconds
    door.world.begin_closing()
    for connection in door.connections:
        connection.shutdown()


async def asked(door: Doorstep, visitor: Visitor) -> dict[bytes, bytes]:
    """The fields of one more good answer."""
    visitor.ask(door.request())
    status, fields, body = await visitor.answer()
    assert (status, body) == (200, b"ok")
    return fields


@WAYS
async def test_an_idle_connection_answers_once_more_and_says_that_it_closes(
    new_doorstep: New, *, short_cut: bool
) -> None:
    """The browser asks on a new one next (RFC 9112, section 9.6)."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor(short_cut=short_cut)
    assert b"connection" not in await asked(door, visitor)
    end(door, FOR_LONG)
    assert (await asked(door, visitor))[b"connection"] == b"close"
    assert await visitor.end() == b""


@WAYS
async def test_a_new_connection_is_answered_too(new_doorstep: New, *, short_cut: bool) -> None:
    """Told of the end before its first request, or opened after everybody was told."""
    door = await new_doorstep(answering(OK))
    early = await door.visitor(short_cut=short_cut)
    await until(lambda: len(door.connections) == 2)
    end(door, FOR_LONG)
    late = await door.visitor(short_cut=short_cut)
    for visitor in (early, late):
        assert (await asked(door, visitor))[b"connection"] == b"close"
        assert await visitor.end() == b""


async def test_who_comes_late_to_a_process_that_stops_is_answered(new_doorstep: New) -> None:
    """The server told the others already, and nobody would tell this one."""
    door = await new_doorstep(answering(OK))
    end(door, 0)
    late = await door.visitor()
    assert (await asked(door, late))[b"connection"] == b"close"


async def test_a_head_that_is_half_here_is_waited_for(new_doorstep: New) -> None:
    """Also where nobody else lingers: the browser cannot know that its request was not read."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    await asked(door, visitor)
    request = door.request()
    visitor.ask(request[:40])
    await until(lambda: door.connections[-1]._in_message)
    end(door, 0)
    visitor.ask(request[40:])
    status, fields, _ = await visitor.answer()
    assert (status, fields[b"connection"]) == (200, b"close")
    assert await visitor.end() == b""


@WAYS
async def test_an_answer_that_is_due_says_that_it_is_the_last(
    new_doorstep: New, *, short_cut: bool
) -> None:
    """Its head was not written yet."""
    api = Thinking()
    door = await new_doorstep(api)
    visitor = await door.visitor(short_cut=short_cut)
    visitor.ask(door.request())
    await api.heard.wait()
    end(door, FOR_LONG)
    api.go_on.set()
    status, fields, _ = await visitor.answer()
    assert (status, fields[b"connection"]) == (200, b"close")
    assert await visitor.end() == b""


async def test_after_an_answer_that_could_not_say_so_one_more_is_given(new_doorstep: New) -> None:
    """Its head had gone: the stream ends whole, and the next answer says it."""
    go_on = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
        await go_on.wait()
        await wire.send(b"-last")
        await wire.request()
        await wire.send(OK)

    door = await new_doorstep(script)
    visitor = await door.visitor()
    visitor.ask(door.request())
    await visitor.reader.readuntil(b"first")
    end(door, FOR_LONG)
    go_on.set()
    assert await visitor.reader.readexactly(5) == b"-last"
    assert (await asked(door, visitor))[b"connection"] == b"close"
    assert await visitor.end() == b""


@pytest.mark.parametrize("linger_seconds", [FOR_AN_INSTANT, 0], ids=["replaced", "stopped"])
async def test_who_asks_nothing_is_let_go(new_doorstep: New, linger_seconds: float) -> None:
    """In the end, or at once."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    await asked(door, visitor)
    end(door, linger_seconds)
    assert await visitor.end() == b""


async def test_what_is_on_its_way_when_time_is_up_is_answered(
    new_doorstep: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle connection is looked at once more before it is closed."""
    monkeypatch.setattr(browser_connection, "LAST_LOOK_SECONDS", FOR_LONG)
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    await asked(door, visitor)
    end(door, FOR_AN_INSTANT)
    await until(lambda: door.connections[-1]._looked)
    assert (await asked(door, visitor))[b"connection"] == b"close"


async def test_of_pipelined_requests_the_last_is_told(new_doorstep: New) -> None:
    """Those before it are answered as ever."""
    api = Thinking()
    door = await new_doorstep(api)
    visitor = await door.visitor(short_cut=False)
    visitor.ask(door.request(), door.request())
    await api.heard.wait()
    end(door, FOR_LONG)
    api.go_on.set()
    told = [(await visitor.answer())[1].get(b"connection") for _ in range(2)]
    assert told == [None, b"close"]
    assert await visitor.end() == b""


class HalfADoor:
    """The part of uvicorn's configuration that a socket looks at."""

    def __init__(self, app: object) -> None:
        self.loaded_app = app


@pytest.mark.parametrize("late", [False, True], ids=["open by then", "came while it ended"])
@pytest.mark.parametrize("shaken", [False, True], ids=["under way", "open"])
async def test_a_socket_is_cut_only_if_it_did_not_listen(
    house: House, monkeypatch: pytest.MonkeyPatch, *, late: bool, shaken: bool
) -> None:
    """The app has told those that were open; the others it is still about to tell."""
    cut: list[bool] = []
    theirs = WebSocketsSansIOProtocol
    monkeypatch.setattr(theirs, "shutdown", lambda _socket: cut.append(True))
    monkeypatch.setattr(theirs, "connection_made", lambda _socket, _transport: None)
    socket = BrowserSocketConnection.__new__(BrowserSocketConnection)
    socket.config = HalfADoor(house.app)  # type: ignore[assignment]
    closing = house.worlds[-1].closing
    if late:
        closing.begin()
    socket.connection_made(None)
    closing.begin()
    socket.handshake_complete = shaken
    socket.shutdown()
    assert cut == ([True] if shaken and not late else [])
