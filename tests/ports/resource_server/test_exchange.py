"""One request, one response: what goes over the wire and what is read from it."""

import asyncio

import pytest

from bff.adapters.resource_server import HttpResourceServer
from bff.errors import ResourceServerResponseInvalid
from tests.ports.resource_server.scripted_api import (
    OK,
    Serve,
    Wire,
    a_request,
    answering,
    closing_after,
)


@pytest.mark.req("N91", "N93", "N95")
async def test_a_request_is_sent_as_described(api: Serve, client: HttpResourceServer) -> None:
    """Exactly the line, the host and the fields that were given, nothing of our own invention."""

    async def script(wire: Wire) -> None:
        heard = await wire.request()
        assert heard.line == b"GET /v1/x?a=b HTTP/1.1"
        host = b"localhost:%d" % listening.port
        assert heard.fields == [
            (b"host", host),
            (b"accept", b"*/*"),
            (b"x-a", b"1"),
            (b"x-a", b"2"),
        ]
        await wire.send(OK)

    listening = await api(script)
    request = a_request("GET", b"/v1/x?a=b", (b"x-a", b"1"), (b"x-a", b"2"))
    response = await client.send(listening.route(), request, None)
    assert response.status == 200
    await listening.finished()


@pytest.mark.req("N94")
async def test_fields_come_back_as_sent_with_lower_case_names(
    api: Serve, client: HttpResourceServer
) -> None:
    """Order and duplicates are kept, values are not touched."""
    listening = await api(
        answering(
            b"HTTP/1.1 299 Odd\r\nX-A: 1\r\nLink: <a>\r\nLINK: <b>\r\nContent-Length: 0\r\n\r\n"
        )
    )
    response = await client.send(listening.route(), a_request(), None)
    assert response.status == 299
    expected = [(b"x-a", b"1"), (b"link", b"<a>"), (b"link", b"<b>"), (b"content-length", b"0")]
    assert response.headers == expected
    assert response.complete == b""


async def test_a_small_body_is_there_with_the_head(api: Serve, client: HttpResourceServer) -> None:
    """What arrived together is handed over together, and can be read piece by piece as well."""
    listening = await api(answering(OK))
    response = await client.send(listening.route(), a_request(), None)
    assert response.complete == b"ok"
    assert [piece async for piece in response.body] == [b"ok"]


async def test_a_body_streams_as_it_comes(api: Serve, client: HttpResourceServer) -> None:
    """Each piece is handed on before the next one exists, as server-sent events need."""
    told = asyncio.Queue[bytes]()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while piece := await told.get():
            await wire.send(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece))
        await wire.send(b"0\r\nx-trailer: dropped\r\n\r\n")

    listening = await api(script)
    response = await client.send(listening.route(), a_request(), None)
    assert response.complete is None
    assert (b"x-trailer", b"dropped") not in response.headers
    for piece in (b"data: one\n\n", b"data: two\n\n"):
        told.put_nowait(piece)
        assert await anext(aiter(response.body)) == piece
    told.put_nowait(b"")
    assert [piece async for piece in response.body] == []
    assert client.connections == 1


@pytest.mark.parametrize(
    ("method", "response", "status"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", 200),
        ("HEAD", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 200),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", 200),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5000\r\n\r\n", 304),
        ("OPTIONS", b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200),
    ],
)
@pytest.mark.req("N93")
async def test_a_response_without_a_body_leaves_the_connection_usable(
    api: Serve, client: HttpResourceServer, method: str, response: bytes, status: int
) -> None:
    """Whatever length it announces; the next response is read from its beginning."""
    listening = await api(answering(response, OK))
    answer = await client.send(listening.route(), a_request(method), None)
    assert (answer.status, answer.complete) == (status, b"")
    assert (await client.send(listening.route(), a_request(), None)).complete == b"ok"
    assert listening.accepted == 1


@pytest.mark.req("N93")
async def test_interim_responses_are_not_for_the_browser(
    api: Serve, client: HttpResourceServer
) -> None:
    """100, 103 and unknown ones are skipped, fields and all, with or before the final head."""
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"
    listening = await api(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + early + OK, early, OK))
    for _ in range(2):
        response = await client.send(listening.route(), a_request("HEAD"), None)
        assert response.headers == [(b"content-length", b"2")]


async def test_a_body_may_end_with_the_connection(api: Serve, client: HttpResourceServer) -> None:
    """HTTP/1.0's way: no length, no chunks, closed in good order."""
    listening = await api(closing_after(b"HTTP/1.0 200 OK\r\n\r\nall of it"))
    response = await client.send(listening.route(), a_request(), None)
    body = b"".join([piece async for piece in response.body])
    assert (response.status, body) == (200, b"all of it")
    assert client.connections == 0


@pytest.mark.parametrize(
    ("response", "check"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "syntax"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "syntax"),
        (b"HTTP/1.1 200 OK\r\nx y: 1\r\n\r\n", "syntax"),
        (b"HTTP/1.1 200 OK\r\nx : 1\r\ncontent-length: 0\r\n\r\n", "syntax"),
        (b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "syntax"),
        (b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n", "syntax"),
        (b"HTTP/1.1 200 OK\nx: a\n\n", "syntax"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok", "syntax"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok", "syntax"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok", "syntax"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok", "syntax"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "syntax",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "transfer_encoding",
        ),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx", "transfer_encoding"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            "upgrade",
        ),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000, "head_length"),
        (
            b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70_000 + b"\r\ncontent-length: 0\r\n\r\n",
            "head_length",
        ),
        (b"HTTP/1.1 103 Early Hints\r\nx: 1\r\n\r\n" * 3_000, "head_length"),
        (b"HTTP/1.1 200 OK\r\n", "truncated"),
        (b"", "truncated"),
    ],
)
@pytest.mark.req("N93", "N100")
async def test_an_answer_with_two_readings_is_none(
    api: Serve, client: HttpResourceServer, response: bytes, check: str
) -> None:
    """Broken or ambiguous framing, an endless head, an upgrade nobody asked for: refused."""
    listening = await api(closing_after(response))
    with pytest.raises(ResourceServerResponseInvalid) as refused:
        await client.send(listening.route(), a_request(), None)
    assert refused.value.check == check
    assert listening.accepted == 1


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"content-length: 10", b"half"),
        (b"transfer-encoding: chunked", b"4\r\nhalf\r\n"),
        (b"transfer-encoding: chunked", b"8\r\nhalf"),
    ],
)
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.req("N100")
async def test_a_broken_body_never_looks_complete(
    api: Serve, client: HttpResourceServer, head: bytes, body: bytes, reset: bool
) -> None:
    """What came before the break is handed on, then the break is an error."""
    half = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        await half.wait()
        if reset:
            wire.reset()

    listening = await api(script)
    response = await client.send(listening.route(), a_request(), None)
    assert response.complete is None
    read = aiter(response.body)
    assert await anext(read) == b"half"
    half.set()
    for _ in range(2):
        with pytest.raises(ResourceServerResponseInvalid) as broken:
            await anext(read)
        assert broken.value.check == "truncated"


@pytest.mark.req("N100")
async def test_endless_trailers_are_cut_off(api: Serve, client: HttpResourceServer) -> None:
    """Bytes that are neither head nor body are bounded, too."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: ")
        while not wire.writer.is_closing():
            await wire.send(b"a" * 16_384)

    listening = await api(script)
    response = await client.send(listening.route(), a_request(), None)
    with pytest.raises(ResourceServerResponseInvalid) as refused:
        _ = [piece async for piece in response.body]
    assert refused.value.check == "trailer_length"


@pytest.mark.parametrize("keep", [b"", b"connection: close\r\n"])
@pytest.mark.req("N93")
async def test_bytes_after_a_response_reach_nobody(
    api: Serve, client: HttpResourceServer, keep: bytes
) -> None:
    """A second response nobody asked for goes with its connection; so does a body after HEAD."""
    planted = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
    answer = b"HTTP/1.1 200 OK\r\n" + keep + b"content-length: 2\r\n\r\nok"
    listening = await api(answering(answer + planted), answering(answer))
    for method in ("GET", "HEAD", "GET"):
        response = await client.send(listening.route(), a_request(method), None)
        assert response.complete in {b"ok", b""}
    assert listening.accepted == 3
