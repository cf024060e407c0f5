"""The forwarding path to the mock API on a real server: headers out, body through, headers back."""

import hashlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import jwt
import msgspec
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa

from bff.adapters.resource_server import HttpResourceServer
from bff.errors import ResourceServerResponseInvalid, TokenLeaked
from bff.resource.leak import LeakGuard, readable
from bff.resource.messages import (
    ApiRequest,
    ApiResponse,
    Forwarded,
    outgoing_headers,
)
from bff.resource.returned import returning_headers
from bff.resource.routes import METHODS, ApiRoute, RouteTable, Upstream
from tests.ports.resource_server.scripted_api import pieces, until
from upstream_mocks.api.app import create_api
from upstream_mocks.api.settings import ApiSettings

FORWARDED = Forwarded("203.0.113.7", "app.example", "https", "req_1")
BROWSER = [
    (b"accept", b"*/*"),
    (b"cookie", b"__Host-Http-bff=secret"),
    (b"authorization", b"Bearer forged"),
    (b"x-forwarded-for", b"6.6.6.6"),
]


class Way:
    """The mock API on a socket, the table that leads to it, and a token it accepts."""

    def __init__(self, port: int, token: str, app: Any, client: HttpResourceServer) -> None:
        self.token = token.encode()
        self.api = app.state.api
        self.client = client
        upstream = Upstream("http", "127.0.0.1", port)
        self._table = RouteTable(
            [ApiRoute(name="mock", prefix="/api", upstream=upstream, methods=METHODS)]
        )

    async def call(
        self,
        method: str,
        path: bytes,
        query: bytes = b"",
        body: AsyncIterator[bytes] | None = None,
        *fields: tuple[bytes, bytes],
    ) -> ApiResponse:
        """A proxied call; the fields that came back are those for the browser."""
        route, upstream_path = self._table.match(method, path)
        target = upstream_path + b"?" + query if query else upstream_path
        sent = outgoing_headers(
            [*BROWSER, *fields],
            route,
            authorization=b"Bearer " + self.token,
            forwarded=FORWARDED,
        )
        response = await self.client.send(route, ApiRequest(method, target, sent), body)
        guard = LeakGuard(self.token)
        guard.check_headers(response.headers)
        assert readable(response.headers)
        return ApiResponse(
            response.status, returning_headers(response.headers, route), response.body
        )

    async def content(self, response: ApiResponse) -> bytes:
        """The body as it passes the leak guard."""
        guard = LeakGuard(self.token)
        return b"".join([guard.feed(piece) async for piece in response.body]) + guard.finish()


@pytest.fixture(scope="session")
def mock() -> Iterator[tuple[int, str, Any]]:
    """Serve the mock from a thread, on a port of its own; its keys come from nowhere."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    key_set = {"keys": [public | {"kid": "k", "alg": "RS256", "use": "sig"}]}
    settings, now = ApiSettings(), int(time.time())
    claims: dict[str, object] = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": "ada",
        "client_id": "bff",
    }
    claims |= {"iat": now, "exp": now + 3600, "jti": "1", "scope": "leads.read leads.write"}
    token = jwt.encode(claims, private, "RS256", {"kid": "k", "typ": "at+jwt"})
    keys = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=key_set))
    )
    app = create_api(settings, keys)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1], token, app
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def way(mock: tuple[int, str, Any], client: HttpResourceServer) -> Way:
    """All of it."""
    return Way(*mock, client)


@pytest.mark.req("N91", "N92", "N97", "N99")
async def test_the_api_sees_an_honest_request(way: Way) -> None:
    """Our token, our word about the client, no cookie; the answer is not stored."""
    response = await way.call("GET", b"/api/echo/a%20b", b"x=1&x=2")
    seen = msgspec.json.decode(await way.content(response))
    fields = dict(seen["headers"])
    assert response.status == 200
    assert (seen["method"], seen["path"], seen["query"]) == ("GET", "/echo/a%20b", "x=1&x=2")
    assert "cookie" not in fields
    assert fields["x-forwarded-for"] == "203.0.113.7"
    assert fields["forwarded"] == 'for=203.0.113.7;host="app.example";proto=https'
    assert (b"cache-control", b"no-store") in response.headers


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.req("N93")
async def test_uploads_arrive_whole(way: Way, known: bool) -> None:
    """With a length and without one."""
    parts = [bytes([number]) * 100_000 for number in range(20)]
    whole = b"".join(parts)
    length = ((b"content-length", b"%d" % len(whole)),) if known else ()
    response = await way.call("POST", b"/api/upload", b"", pieces(*parts), *length)
    answer = msgspec.json.decode(await way.content(response))
    assert answer["bytes"] == len(whole)
    assert answer["sha256"] == hashlib.sha256(whole).hexdigest()


@pytest.mark.req("N93")
async def test_downloads_and_ranges_arrive_whole(way: Way) -> None:
    """A megabyte, and the hundred bytes in its middle that a range asks for."""
    whole = await way.content(await way.call("GET", b"/api/download", b"size=1000000"))
    response = await way.call(
        "GET", b"/api/download", b"size=1000000", None, (b"range", b"bytes=500-599")
    )
    assert len(whole) == 1_000_000
    assert response.status == 206
    assert (b"content-range", b"bytes 500-599/1000000") in response.headers
    assert await way.content(response) == whole[500:600]


async def test_a_stream_without_a_length_arrives_whole(way: Way) -> None:
    """In chunks, from a server that did not know how many."""
    response = await way.call("GET", b"/api/stream", b"chunks=100&size=100")
    assert await way.content(response) == b"x" * 10_000


@pytest.mark.req("N94", "N96")
async def test_what_the_api_says_for_our_origin_does_not_come_back(way: Way) -> None:
    """Cookies and policies are dropped; a redirect is made public, or withheld."""
    query = b"h=Set-Cookie:a%3Db&h=Clear-Site-Data:*&h=X-Mine:1&h=X-Mine:2"
    response = await way.call("GET", b"/api/headers", query)
    assert {name for name, _ in response.headers}.isdisjoint({b"set-cookie", b"clear-site-data"})
    assert [value for name, value in response.headers if name == b"x-mine"] == [b"1", b"2"]
    inside = await way.call("GET", b"/api/redirect", b"to=/me")
    assert (inside.status, dict(inside.headers)[b"location"]) == (302, b"/api/me")
    outside = await way.call("GET", b"/api/redirect", b"to=https://evil.example/")
    assert b"location" not in dict(outside.headers)


@pytest.mark.parametrize("how", [b"body", b"chunked", b"header"])
@pytest.mark.req("N68")
async def test_a_token_the_api_gives_away_is_caught(way: Way, how: bytes) -> None:
    """In a header, in a body, cut into pieces of seven bytes."""
    with pytest.raises(TokenLeaked):
        await way.content(await way.call("GET", b"/api/echo", b"leak=" + how))


@pytest.mark.parametrize("after", [-1, 0, 10, 100_000])
@pytest.mark.req("N100")
async def test_an_api_that_hangs_up_is_noticed(way: Way, after: int) -> None:
    """Before its answer, or anywhere within it."""
    with pytest.raises(ResourceServerResponseInvalid) as broken:
        await way.content(await way.call("GET", b"/api/die", b"after=%d" % after))
    assert broken.value.check == "truncated"


@pytest.mark.req("N100")
async def test_an_api_learns_that_the_browser_has_left(way: Way) -> None:
    """It stops its work."""
    before = way.api.stats.abandoned
    response = await way.call("GET", b"/api/stream", b"chunks=1000000&interval=0.01")
    await anext(aiter(response.body))
    await response.body.aclose()
    await until(lambda: way.api.stats.abandoned == before + 1)
