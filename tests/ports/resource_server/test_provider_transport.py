"""httpx's transport to the provider: what goes over the wire, and what its faults are called."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bff.adapters import provider_transport
from bff.adapters.provider_transport import ProviderTransport
from bff.resource.routes import Upstream
from tests.ports.resource_server.scripted_api import (
    OK,
    PATIENCE,
    Heard,
    ScriptedApi,
    Serve,
    Wire,
    answering,
    closing_after,
)
from tests.ports.resource_server.test_tls import certificate

pytestmark = pytest.mark.req("N74")


@pytest.fixture
async def transport() -> AsyncIterator[ProviderTransport]:
    """Closed at the end."""
    made = ProviderTransport(max_connections=2)
    yield made
    await made.aclose()


async def asked(
    transport: ProviderTransport, api: ScriptedApi, method: str = "POST", **rest: object
) -> tuple[int, httpx.Headers, bytes]:
    """Status, fields and body of an answer."""
    url = f"{api.upstream().origin}/token?a=b"
    request = httpx.Request(method, url, **rest)  # type: ignore[arg-type]
    async with asyncio.timeout(PATIENCE):
        response = await transport.handle_async_request(request)
        return response.status_code, response.headers, await response.aread()


async def test_a_form_goes_out_as_httpx_wrote_it(transport: ProviderTransport, api: Serve) -> None:
    """One host, one length, the body behind the head; the answer comes back whole."""
    heard: list[Heard] = []

    async def script(wire: Wire) -> None:
        heard.append(await wire.request())
        await wire.send(
            b"HTTP/1.1 400 Bad Request\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nhe\r\n3\r\nard\r\n0\r\n\r\n"
        )

    served = await api(script)
    fields = {"Authorization": "Basic x", "content-type": "application/x-www-form-urlencoded"}
    status, answered, body = await asked(transport, served, headers=fields, content=b"grant=r")
    assert (status, answered["date"], body) == (400, "d", b"heard")
    (request,) = heard
    assert request.line == b"POST /token?a=b HTTP/1.1"
    assert request.body == b"grant=r"
    assert sorted(request.fields) == [
        (b"authorization", b"Basic x"),
        (b"content-length", b"7"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"host", f"localhost:{served.port}".encode()),
    ]


async def test_one_connection_serves_one_request_after_the_other(
    transport: ProviderTransport, api: Serve
) -> None:
    """A GET carries no body and no length."""
    served = await api(answering(OK))
    for method in ("GET", "POST", "GET"):
        assert (await asked(transport, served, method))[2] == b"ok"
    assert served.accepted == 1


async def test_a_post_on_a_connection_found_dead_is_not_sent_again(
    transport: ProviderTransport, api: Serve
) -> None:
    """The provider may have acted on it; on a GET it has not."""

    async def hangs_up(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()

    served = await api(hangs_up, hangs_up, answering(OK))
    await asked(transport, served)
    with pytest.raises(httpx.RemoteProtocolError, match=r"^truncated$"):
        await asked(transport, served, content=b"grant=r")
    assert served.accepted == 1
    await asked(transport, served)
    assert (await asked(transport, served, "GET"))[0] == 200
    assert served.accepted == 3


async def test_an_answer_that_breaks_off_is_none(transport: ProviderTransport, api: Serve) -> None:
    """Before its head, and within its body."""
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"
    served = await api(closing_after(b"HTTP/1.1 200 OK\r\n"), closing_after(half))
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError, match=r"^truncated$"):
            await asked(transport, served)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"])
async def test_silence_is_a_time_out(
    transport: ProviderTransport, api: Serve, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Before the head, and within the body."""
    monkeypatch.setattr(provider_transport, "SILENCE_SECONDS", 0.02)

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(said)
        await wire.closed()

    with pytest.raises(httpx.ReadTimeout):
        await asked(transport, await api(script))


async def test_what_was_certainly_not_sent_says_so(
    transport: ProviderTransport, api: Serve, tmp_path: Path
) -> None:
    """Nobody there; a certificate that nobody vouches for; a scheme of another world; a line end in a field."""
    served = await api(answering(OK))
    with pytest.raises(httpx.LocalProtocolError):
        await asked(transport, served, headers=[(b"x", b"a\r\nb: c")])
    with pytest.raises(httpx.UnsupportedProtocol):
        await transport.handle_async_request(httpx.Request("GET", "ftp://provider.example/"))
    assert served.accepted == 0
    await served.stop()
    with pytest.raises(httpx.ConnectError):
        await asked(transport, served)
    context, _ = certificate(tmp_path, "localhost")
    with pytest.raises(httpx.ConnectError) as raised:
        await asked(transport, await api(answering(OK), tls=context))
    assert isinstance(raised.value.__cause__, Exception)
    assert isinstance(raised.value.__cause__.__cause__, ssl.SSLCertVerificationError)


async def test_who_leaves_gives_the_answer_up(transport: ProviderTransport, api: Serve) -> None:
    """Its connection is closed: what comes late is nobody's answer."""
    gone: list[bytes] = []

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        gone.append(await wire.closed())

    served = await api(script)
    request = httpx.Request("GET", f"{served.upstream().origin}/")
    response = await transport.handle_async_request(request)
    await response.aclose()
    await served.finished()
    assert gone == [b""]


@pytest.mark.parametrize(
    ("url", "upstream"),
    [
        ("https://provider.example/token", Upstream("https", "provider.example", 443)),
        ("http://provider.example/token", Upstream("http", "provider.example", 80)),
        ("https://[::1]:8443/token", Upstream("https", "::1", 8443)),
        ("https://bücher.example/", Upstream("https", "xn--bcher-kva.example", 443)),
    ],
)
async def test_where_a_url_leads(
    transport: ProviderTransport, url: str, upstream: Upstream
) -> None:
    """The scheme's own port, addresses, names beyond ASCII."""
    assert transport._route(httpx.URL(url)).upstream == upstream
