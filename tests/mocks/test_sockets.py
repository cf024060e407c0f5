"""What only a real socket shows: hanging up, leaving, WebSockets; and the commands that listen."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import redis
import uvicorn
import websockets
from litestar import Litestar

from tests.mocks.conftest import SECRET, Clock, Relying, until
from upstream_mocks import processes, redis_server
from upstream_mocks.api.app import create_api
from upstream_mocks.api.settings import ApiSettings
from upstream_mocks.provider.__main__ import read_settings
from upstream_mocks.provider.app import create_provider
from upstream_mocks.provider.settings import ProviderSettings, client_at

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 30.0


@asynccontextmanager
async def listening(app: Litestar) -> AsyncIterator[str]:
    """The application on a port of its own; ``host:port``."""
    config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"{host}:{port}"
    finally:
        await server.shutdown()


@pytest.fixture
async def token(rp: Relying) -> str:
    """Grace's."""
    return str((await rp.sign_in("grace"))["access_token"])


@pytest.fixture
async def api_at(rp: Relying, clock: Clock) -> AsyncIterator[str]:
    """The API on a socket."""
    async with listening(create_api(ApiSettings(), rp.http, clock=clock)) as address:
        yield address


@pytest.mark.parametrize("fault", ["drop_before", "drop_after_grant"])
async def test_the_provider_hangs_up(fault: str) -> None:
    """The client sees a closed socket and no byte of an answer; the next request is answered."""
    form = {"grant_type": "client_credentials"}
    async with listening(create_provider()) as address, httpx.AsyncClient() as http:
        await http.post(f"http://{address}/__faults", json={"fault": fault, "count": 1})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await http.post(f"http://{address}/token", data=form, auth=SECRET)
        answer = await http.post(f"http://{address}/token", data=form, auth=SECRET)
        assert answer.status_code == 200
        issued = (await http.get(f"http://{address}/__stats")).json()["issued"]
    assert issued["client_credentials"] == (2 if fault == "drop_after_grant" else 1)


async def test_the_api_hangs_up_in_the_middle(api_at: str, token: str) -> None:
    """Fewer bytes than promised."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes, expected 50"):
            await http.get(f"http://{api_at}/die?after=20&length=50")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await http.get(f"http://{api_at}/die?after=-1")


@pytest.mark.parametrize("path", ["/sse?count=100&interval=60", "/stream?interval=60"])
async def test_a_client_that_leaves_is_counted(api_at: str, token: str, path: str) -> None:
    """And the answer ends: nothing is left in flight."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        async with http.stream("GET", f"http://{api_at}{path}") as answer:
            await anext(answer.aiter_raw())

        async def ended() -> bool:
            stats = (await http.get(f"http://{api_at}/__stats")).json()
            return (stats["in_flight"], stats["abandoned"]) == (0, 1)

        await until(ended)


async def test_a_socket_echoes(api_at: str, token: str) -> None:
    """Texts, bytes, a subprotocol, many at once, and a close with the code that was asked for."""
    bearer = {"Authorization": f"Bearer {token}"}
    async with websockets.connect(
        f"ws://{api_at}/ws",
        additional_headers=bearer,
        subprotocols=[websockets.Subprotocol("leads.v1")],
    ) as socket:
        assert socket.subprotocol == "leads.v1"
        await socket.send("hello")
        assert await socket.recv() == "hello"
        await socket.send(b"\x00\xff")
        assert await socket.recv() == b"\x00\xff"
        await socket.send("push:3:5")
        assert [await socket.recv() for _ in range(3)] == ["xxxxx"] * 3
        await socket.send("leak")
        assert await socket.recv() == token
        await socket.send("close:4001")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001


async def test_a_socket_needs_a_token(api_at: str) -> None:
    """The handshake is refused as a call would be."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{api_at}/ws")
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["WWW-Authenticate"] == 'Bearer realm="eventlead"'


@pytest.mark.parametrize(("fault", "status"), [("status", 503), ("invalid_token", 401)])
async def test_a_handshake_suffers_faults_too(
    api_at: str, token: str, fault: str, status: int
) -> None:
    """With the status that a call would get."""
    async with httpx.AsyncClient() as http:
        await http.post(f"http://{api_at}/__faults", json={"fault": fault})
    bearer = {"Authorization": f"Bearer {token}"}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{api_at}/ws", additional_headers=bearer)
    assert refused.value.response.status_code == status


async def test_a_handshake_that_is_dropped(api_at: str, token: str) -> None:
    """The socket closes without an answer."""
    async with httpx.AsyncClient() as http:
        await http.post(f"http://{api_at}/__faults", json={"fault": "drop"})
    bearer = {"Authorization": f"Bearer {token}"}
    with pytest.raises(websockets.InvalidMessage):
        await websockets.connect(f"ws://{api_at}/ws", additional_headers=bearer)


@pytest.fixture
def port() -> int:
    """Free a moment ago."""
    return processes.free_ports(1)[0]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[processes.Process]]:
    """What a test starts, ended whatever happens."""
    watched: list[processes.Process] = []
    yield watched
    processes.end_all(watched)


def start(command: str, folder: Path, watched: list[processes.Process]) -> processes.Process:
    """A command of the Procfile."""
    process = processes.Process(
        "subject",
        f"{sys.executable} -m {command}",
        env={"PATH": ""},
        cwd=ROOT,
        log=folder / "subject.log",
    )
    process.start()
    watched.append(process)
    return process


def test_redis_starts_and_remembers(
    tmp_path: Path, port: int, started: list[processes.Process]
) -> None:
    """A real Redis, whose append-only file survives SIGKILL."""
    command = f"upstream_mocks.redis_server --port {port} --dir {tmp_path / 'data'}"
    remembered = []
    for _ in range(2):
        process = start(command, tmp_path, started)
        processes.wait_until(lambda: processes.redis_answers(port), process, READY_WITHIN_SECONDS)
        with redis.Redis(port=port) as client:
            remembered.append(client.getset("name", "Ada"))
        process.kill()
    assert remembered == [None, b"Ada"]


def test_the_redis_command_says_where_it_listens_and_keeps_its_data(tmp_path: Path) -> None:
    """Loopback only; without an append-only file if so told."""
    executable, *flags = redis_server.redis_command(1234, tmp_path, appendonly=False)
    options = dict(zip(flags[::2], flags[1::2], strict=True))
    assert Path(executable) == redis_server.redis_executable()
    assert Path(executable).exists()
    assert (options["--port"], options["--bind"]) == ("1234", "127.0.0.1")
    assert (options["--dir"], options["--appendonly"]) == (str(tmp_path), "no")


def test_the_provider_and_the_api_listen(tmp_path: Path, started: list[processes.Process]) -> None:
    """As the Procfile starts them."""
    at, api_at = processes.free_ports(2)
    provider = start(f"upstream_mocks.provider --port {at}", tmp_path, started)
    issuer = f"http://localhost:{at}"
    api = start(f"upstream_mocks.api --port {api_at} --issuer {issuer}", tmp_path / "api", started)
    metadata = f"http://127.0.0.1:{at}/.well-known/openid-configuration"
    processes.wait_until(lambda: processes.url_answers(metadata), provider, READY_WITHIN_SECONDS)
    stats = f"http://127.0.0.1:{api_at}/__stats"
    processes.wait_until(lambda: processes.url_answers(stats), api, READY_WITHIN_SECONDS)
    assert httpx.get(metadata).json()["issuer"] == issuer
    bad = {"Authorization": "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.c2ln"}
    assert httpx.get(f"http://127.0.0.1:{api_at}/me", headers=bad).status_code == 401


def test_the_client_lives_where_the_command_line_says() -> None:
    """Origins give every address; single addresses may be given instead."""
    _, settings = read_settings(
        ["--port", "9", "--client-origin", "http://localhost:1", "http://localhost:2"]
    )
    (client,) = settings.clients
    assert settings.issuer == "http://localhost:9"
    assert client.redirect_uris == (
        "http://localhost:1/bff/callback",
        "http://localhost:2/bff/callback",
    )
    assert client.post_logout_redirect_uris == ("http://localhost:1/", "http://localhost:2/")
    assert client.backchannel_logout_uri == "http://localhost:1/bff/backchannel-logout"
    _, other = read_settings(
        [
            *("--issuer", "https://op.example", "--access-token-seconds", "30"),
            *("--redirect-uri", "https://a.example/cb", "--redirect-uri", "https://b.example/cb"),
        ]
    )
    assert other.issuer == "https://op.example"
    assert other.clients[0].redirect_uris == ("https://a.example/cb", "https://b.example/cb")
    assert other.access_token_seconds == 30
    assert other.clients[0].backchannel_logout_uri == (
        "http://localhost:8700/bff/backchannel-logout"
    )


async def test_the_provider_opens_a_client_of_its_own(port: int) -> None:
    """For Logout Tokens; that nobody listens there is no error."""
    address = f"http://127.0.0.1:{port}/"
    client = replace(client_at(address), backchannel_logout_uri=address)
    app = create_provider(ProviderSettings(clients=(client,)))
    async with listening(app) as at, httpx.AsyncClient() as http:
        answer = await http.post(f"http://{at}/__backchannel-logout", json={"sub": "ada"})
    assert answer.json() == {"client_id": SECRET[0], "status": None, "body": "ConnectError"}
    assert app.state.provider.http_client.is_closed
