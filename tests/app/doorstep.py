"""A house whose front door is a real socket and whose API is a scripted one: octets in, octets out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from bff.adapters.access_log import AccessLog
from bff.adapters.browser_connection import BrowserConnection
from bff.adapters.resource_server import HttpResourceServer
from bff.endpoints.direct import DirectCalls
from tests.app.house import ORIGIN, Browser, House
from tests.ports.resource_server.scripted_api import PATIENCE, Script, ScriptedApi

Asked = tuple[bytes, dict[bytes, bytes]]


class Visitor:
    """One connection of a signed-in browser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, *requests: bytes) -> None:
        """Send them in one piece."""
        self.writer.write(b"".join(requests))

    async def answer(self, *, to_head: bool = False) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, fields and body of the next response."""
        async with asyncio.timeout(PATIENCE):
            line, *rest = (await self.reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
            status = int(line.split()[1])
            named = [field.partition(b": ")[::2] for field in rest]
            fields = dict(named)
            assert len(fields) == len(named), named
            if to_head or status in {204, 304}:
                return status, fields, b""
            if fields.get(b"transfer-encoding") == b"chunked":
                return status, fields, await self._chunks()
            return status, fields, await self.reader.readexactly(int(fields[b"content-length"]))

    async def _chunks(self) -> bytes:
        body = b""
        while length := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(length)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body

    async def end(self) -> bytes:
        """What comes before the connection is closed."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


class Doorstep:
    """The house, its door, its API."""

    def __init__(self, house: House, api: ScriptedApi, lines: list[tuple[Any, ...]]) -> None:
        self.house = house
        self.api = api
        self.world = house.worlds[-1]
        self.browser: Browser = house.browser()
        self.connections: list[BrowserConnection] = []
        self.direct: list[bool] = []
        self.lines = lines
        self._servers: list[asyncio.Server] = []
        self._visitors: list[Visitor] = []

    async def open(self) -> None:
        """Sign in, and let the session be held as if Redis vouched for it for ever."""
        self.cache.vouch(float("inf"))
        await self.browser.sign_in()
        warm = await self.visitor(short_cut=False)
        warm.ask(self.request())
        assert (await warm.answer())[0] == 200

    @property
    def cache(self) -> Any:
        """The process's sessions."""
        return self.world.session_cache

    def request(self, method: str = "GET", target: str = "/api/v/x", *fields: str) -> bytes:
        """A call by the signed-in page."""
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {ORIGIN.removeprefix('http://')}",
            "Cookie: " + "; ".join(f"{name}={v[0]}" for name, v in self.browser.cookies.items()),
            f"BFF-Session: {self.browser.ref}",
            "Sec-Fetch-Site: same-origin",
            *fields,
        ]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"

    async def visitor(self, *, short_cut: bool = True) -> Visitor:
        """A connection to a door with or without the short cut."""
        config = uvicorn.Config(
            self.house.app,
            http=BrowserConnection,
            lifespan="off",
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=75,
        )
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"ours")]

        def made() -> BrowserConnection:
            connection = BrowserConnection(config, state, {})
            if not short_cut:
                connection._short_cut = None
            self.connections.append(connection)
            return connection

        server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        visitor = Visitor(*await asyncio.open_connection("127.0.0.1", port))
        self._visitors.append(visitor)
        return visitor

    def close(self) -> None:
        """Nobody comes any more."""
        for visitor in self._visitors:
            visitor.writer.transport.abort()
        for server in self._servers:
            server.close()


@pytest.fixture
async def new_doorstep(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Any]]:
    """Opens doorsteps: the scripts of the API's connections, and settings by dotted path."""
    monkeypatch.setattr("bff.composition.world.HttpResourceServer", HttpResourceServer)
    made: list[Doorstep] = []

    async def open_one(*scripts: Script, **settings: object) -> Doorstep:
        api = ScriptedApi(*scripts)
        await api.start()
        line = {
            "prefix": "/api/v",
            "upstream": f"http://127.0.0.1:{api.port}",
            "methods": ["GET", "HEAD", "POST"],
        }
        values = {"routes": [line], "logging.format": "json", **settings}
        lines = _spied_log(monkeypatch)
        doorstep = Doorstep(new_house(values), api, lines)
        made.append(doorstep)
        _spy(doorstep, monkeypatch)
        await doorstep.open()
        doorstep.direct.clear()
        doorstep.lines.clear()
        return doorstep

    yield open_one
    for doorstep in made:
        doorstep.close()
        await doorstep.world.resource_server.aclose()
        await doorstep.api.stop()


def _spy(doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write down which calls went the direct way."""
    begin = DirectCalls.begin

    def begun(self: DirectCalls, *arguments: Any) -> Any:
        call = begin(self, *arguments)
        doorstep.direct.append(call is not None)
        return call

    monkeypatch.setattr(DirectCalls, "begin", begun)


def _spied_log(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the access log is told from now on."""
    lines: list[tuple[Any, ...]] = []
    monkeypatch.setattr(AccessLog, "write", lambda _log, *line: lines.append(line))
    return lines
