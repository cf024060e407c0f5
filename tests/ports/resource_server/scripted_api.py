"""An API that speaks raw bytes, as scripted: one coroutine per connection."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from bff.resource.messages import ApiRequest, Fields
from bff.resource.routes import METHODS, ApiRoute, Timeouts, Upstream

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
PATIENCE = 10.0


class Heard(NamedTuple):
    """One request as it came over the wire."""

    line: bytes
    fields: Fields
    body: bytes


class Wire:
    """One connection, seen from the API."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> Heard:
        """A request's head."""
        line, *rest = (await self.reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        fields = [(name, value) for name, _, value in (field.partition(b": ") for field in rest)]
        return Heard(line, fields, b"")

    async def request(self) -> Heard:
        """A whole request, by the length or the chunks it announces."""
        heard = await self.head()
        named = dict(heard.fields)
        if named.get(b"transfer-encoding") == b"chunked":
            return heard._replace(body=b"".join([piece async for piece in self.chunks()]))
        return heard._replace(
            body=await self.reader.readexactly(int(named.get(b"content-length", b"0")))
        )

    async def chunks(self) -> Any:
        """The chunks of a request body."""
        while length := int(await self.reader.readline(), 16):
            yield await self.reader.readexactly(length)
            assert await self.reader.readexactly(2) == b"\r\n"
        assert await self.reader.readexactly(2) == b"\r\n"

    async def send(self, data: bytes) -> None:
        """Write, and wait while the other side does not read."""
        self.writer.write(data)
        await self.writer.drain()

    async def closed(self) -> bytes:
        """Wait until the other side has closed; what it sent before that."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    def reset(self) -> None:
        """Close with RST."""
        linger = struct.pack("ii", 1, 0)
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Script = Callable[[Wire], Awaitable[object]]


def answering(*responses: bytes) -> Script:
    """One response per request of a connection; the last one again and again."""

    async def script(wire: Wire) -> None:
        for response in responses:
            await wire.request()
            await wire.send(response)
        while True:
            await wire.request()
            await wire.send(responses[-1])

    return script


class Thinking:
    """An API that answers; having ``heard`` the second request of a connection, it keeps its answer back until ``go_on``."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.heard = asyncio.Event()

    async def __call__(self, wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()
        self.heard.set()
        await self.go_on.wait()
        await wire.send(OK)
        with suppress(asyncio.IncompleteReadError):  # not everybody asks a third time
            await wire.request()
            await wire.send(OK)


def closing_after(*responses: bytes) -> Script:
    """One response per request of a connection, then the end."""

    async def script(wire: Wire) -> None:
        for response in responses:
            await wire.request()
            await wire.send(response)

    return script


class ScriptedApi:
    """Listens on a free port; each connection runs the next of the scripts, at last the last."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = list(scripts)
        self._tls = tls
        self._tasks: list[asyncio.Task[None]] = []
        self.accepted = 0
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, ssl=self._tls, limit=2**20
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, end the scripts, and let their assertion failures out."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, AssertionError):
                raise result

    async def finished(self) -> None:
        """Wait until every script has run to its end."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)

    def route(self, **changes: Any) -> ApiRoute:
        """A route to this API."""
        given: dict[str, Any] = {
            "name": "scripted",
            "prefix": "/api",
            "upstream": self.upstream(),
            "methods": METHODS,
            "timeouts": Timeouts(PATIENCE, PATIENCE, PATIENCE),
        }
        return ApiRoute(**(given | changes))

    def upstream(self, base_path: str = "") -> Upstream:
        """Where it listens."""
        return Upstream("https" if self._tls else "http", "localhost", self.port, base_path)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._scripts[min(self.accepted, len(self._scripts) - 1)]
        self.accepted += 1
        self._tasks.append(asyncio.ensure_future(self._run(script, Wire(reader, writer))))

    async def _run(self, script: Script, wire: Wire) -> None:
        try:
            await script(wire)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left, which is no failure of a script
        finally:
            wire.writer.close()


class Serve(Protocol):
    """The fixture's function."""

    def __call__(
        self, *scripts: Script, tls: ssl.SSLContext | None = None
    ) -> Awaitable[ScriptedApi]:
        """Start an API that follows these scripts."""
        ...


def a_request(
    method: str = "GET", target: bytes = b"/x", *fields: tuple[bytes, bytes]
) -> ApiRequest:
    """A small request."""
    return ApiRequest(method, target, [(b"accept", b"*/*"), *fields])


async def pieces(*parts: bytes) -> Any:
    """A request body in these pieces."""
    for part in parts:
        yield part


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  a condition has no event
            await asyncio.sleep(0)


async def settled(figure: Callable[[], int]) -> None:
    """Let the event loop run until a figure is not zero and a thousand turns leave it alone."""
    last = 0
    while last != figure() or not last:
        last = figure()
        for _ in range(1_000):
            await asyncio.sleep(0)
