"""The WebSocket adapter against real sockets: a willing API, and every other kind."""

import asyncio
import logging.config
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol
from websockets.utils import accept_key

from bff.adapters.api_sockets import OpenSocket, WebSocketApi
from bff.errors import (
    ResourceServerResponseInvalid,
    ResourceServerTimedOut,
    ResourceServerUnavailable,
)
from bff.resource.messages import ApiRequest
from bff.resource.routes import ApiRoute, Timeouts, Upstream
from bff.resource.sockets import LOST, Close, Refusal, SocketClosed

PATIENCE = 10.0
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
Handler = Callable[[ServerConnection], Awaitable[None]]


def a_route(port: int, scheme: str = "http", first_byte: float = PATIENCE) -> ApiRoute:
    """To a server of this test."""
    return ApiRoute(
        name="ws",
        prefix="/api/ws",
        upstream=Upstream(scheme, "127.0.0.1", port),  # type: ignore[arg-type]
        methods=("GET",),
        timeouts=Timeouts(connect=PATIENCE, first_byte=first_byte),
        websocket=True,
    )


def a_handshake(target: bytes = b"/ws?x=%20y") -> ApiRequest:
    """With a token and one field twice."""
    fields = [(b"authorization", b"Bearer t"), (b"x-two", b"1"), (b"x-two", b"2")]
    return ApiRequest("GET", target, fields)


@asynccontextmanager
async def listening(handler: Handler, **options: object) -> AsyncIterator[int]:
    """A WebSocket server; its port."""
    async with serve(handler, "127.0.0.1", 0, **options) as server:  # type: ignore[arg-type]
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def raw(answer: bytes, *, wait: bool = False) -> AsyncIterator[int]:
    """A server that answers every request with these octets, and hangs up unless it is to wait."""
    speaking: list[asyncio.Task[None] | None] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        speaking.append(asyncio.current_task())
        await reader.read(65536)
        writer.write(answer)
        if wait:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*filter(None, speaking), return_exceptions=True)


async def opened(port: int, *subprotocols: str, limit: int = 1000) -> OpenSocket:
    """An open socket."""
    socket = await WebSocketApi(message_limit=limit).open(
        a_route(port), a_handshake(), subprotocols
    )
    assert isinstance(socket, OpenSocket)
    return socket


async def echo(connection: ServerConnection) -> None:
    """Sends back what comes."""
    async for message in connection:
        await connection.send(message)


async def how(socket: OpenSocket) -> Close:
    """How the API closed."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await socket.receive()
            except SocketClosed as closed:
                return closed.close


@pytest.mark.req("N87")
async def test_the_handshake_is_as_described() -> None:
    """Path, query and fields to the octet; nothing of our own invention; the API's choice is known."""
    seen: list[ServerConnection] = []

    async def note(connection: ServerConnection) -> None:
        seen.append(connection)
        await echo(connection)

    chat = [Subprotocol("chat")]
    async with listening(note, subprotocols=chat) as port:
        socket = await opened(port, "other", "chat")
        await socket.send("hi")
        assert await socket.receive() == "hi"
        await socket.send(b"\0")
        assert await socket.receive() == b"\0"
        assert socket.subprotocol == "chat"
        request = seen[0].request
        await socket.close(Close(1000))
    assert request is not None
    assert request.path == "/ws?x=%20y"
    assert request.headers.get_all("x-two") == ["1", "2"]
    assert request.headers["authorization"] == "Bearer t"
    assert "origin" not in request.headers
    assert "user-agent" not in request.headers
    assert "sec-websocket-extensions" not in request.headers


async def test_codes_go_both_ways() -> None:
    """With their reasons; a second close is harmless, and nothing can be sent any more."""
    heard: asyncio.Future[tuple[int | None, str | None]] = (
        asyncio.get_running_loop().create_future()
    )

    async def close(connection: ServerConnection) -> None:
        if await connection.recv() == "close":
            await connection.close(3000, "enough")
        else:
            await connection.wait_closed()
            heard.set_result((connection.close_code, connection.close_reason))

    async with listening(close) as port:
        socket = await opened(port)
        await socket.send("close")
        assert await how(socket) == Close(3000, "enough")
        with pytest.raises(SocketClosed):
            await socket.send("more")
        other = await opened(port)
        await other.send("stay")
        await other.close(Close(4000, "bye"))
        await other.close(Close(1000))
        assert await heard == (4000, "bye")


async def test_an_api_that_does_not_answer_a_close_is_hung_up_on() -> None:
    """Also when it does not read."""
    over = asyncio.Event()

    async def stubborn(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await over.wait()
        connection.transport.abort()

    async with listening(stubborn, close_timeout=0.01) as port:
        socket = await opened(port)
        async with asyncio.timeout(PATIENCE):
            flood = asyncio.create_task(_flood(socket))
            await asyncio.sleep(0.1)
            await socket.close(Close(1000))
            await flood
        over.set()


async def _flood(socket: OpenSocket) -> None:
    open_ = True
    while open_:
        try:
            await socket.send(b"x" * 100_000)
        except SocketClosed:
            open_ = False


async def test_an_api_that_breaks_off_is_lost() -> None:
    """Without a close frame."""

    async def die(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with listening(die) as port:
        assert await how(await opened(port)) == LOST


async def test_a_message_beyond_the_limit_ends_it() -> None:
    """We say so; the next message is not read."""

    async def big(connection: ServerConnection) -> None:
        await connection.send("x" * 1001)
        await connection.wait_closed()

    async with listening(big) as port:
        assert await how(await opened(port)) == Close(1009)


async def test_an_api_whose_heart_stops_is_let_go() -> None:
    """No pong, no socket."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line
            for line in head.decode().split("\r\n")
            if line.lower().startswith("sec-websocket-key")
        )
        accept = accept_key(key.partition(": ")[2])
        writer.write(SWITCH + f"sec-websocket-accept: {accept}\r\n\r\n".encode())
        await reader.read()
        writer.close()
        over.set()

    over = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    api = WebSocketApi(message_limit=1000, heartbeat=0.05)
    socket = await api.open(a_route(port), a_handshake(), ())
    assert isinstance(socket, OpenSocket)
    assert await how(socket) == LOST
    server.close()
    await over.wait()


@pytest.mark.req("N96")
async def test_a_redirect_is_not_followed() -> None:
    """It is a refusal like any other; a token would travel along."""
    hit = False

    async def evil(connection: ServerConnection) -> None:
        nonlocal hit
        hit = True
        await connection.close()

    async with listening(evil) as evil_port:
        answer = b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:%d/\r\ncontent-length: 0\r\n\r\n"
        async with raw(answer % evil_port) as port:
            refusal = await WebSocketApi(message_limit=1000).open(a_route(port), a_handshake(), ())
    assert isinstance(refusal, Refusal)
    assert refusal.status == 302
    assert (b"content-length", b"0") in refusal.headers
    assert not hit


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        SWITCH + b"sec-websocket-accept: wrong\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_is_invalid(answer: bytes) -> None:
    """Nothing, noise, an upgrade that is none, a body without end."""
    async with raw(answer) as port:
        with pytest.raises(ResourceServerResponseInvalid):
            await WebSocketApi(message_limit=1000).open(a_route(port), a_handshake(), ())


async def test_an_api_that_takes_too_long_is_timed_out() -> None:
    """The handshake was sent."""
    async with raw(b"", wait=True) as port:
        with pytest.raises(ResourceServerTimedOut):
            await WebSocketApi(message_limit=1000).open(
                a_route(port, first_byte=0.05), a_handshake(), ()
            )


async def test_a_caller_who_leaves_takes_the_connection_along() -> None:
    """Cancelled in the middle of the handshake."""
    async with raw(b"", wait=True) as port:
        api = WebSocketApi(message_limit=1000)
        opening = asyncio.create_task(api.open(a_route(port), a_handshake(), ()))
        await asyncio.sleep(0.1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening


async def test_an_api_that_is_not_there_is_unavailable() -> None:
    """Refused; or not trusted, where TLS was configured."""
    api = WebSocketApi(message_limit=1000, tls=ssl.create_default_context())
    async with raw(b"") as port:
        with pytest.raises(ResourceServerUnavailable):
            await api.open(a_route(port, "https"), a_handshake(), ())
    with pytest.raises(ResourceServerUnavailable):
        await api.open(a_route(port), a_handshake(), ())


@pytest.mark.req("N68")
async def test_nothing_is_logged_of_a_handshake(caplog: pytest.LogCaptureFixture) -> None:
    """Not even at DEBUG: the library would write the token down."""
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})  # as a server does
    caplog.set_level("DEBUG")
    async with listening(echo) as port:
        socket = await opened(port)
        await socket.close(Close(1000))
    told = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert not [line for line in told if "authorization" in line.lower() or "Bearer" in line]
