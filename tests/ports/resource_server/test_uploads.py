"""Request bodies: framing, back-pressure, and what happens when either side stops early."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bff.adapters.resource_server import SMALL_BODY, HttpResourceServer
from bff.errors import ContentTooLarge, RequestMalformed, ResourceServerUnavailable
from bff.resource.messages import ApiResponse
from tests.ports.resource_server.scripted_api import (
    OK,
    PATIENCE,
    Heard,
    ScriptedApi,
    Serve,
    Wire,
    a_request,
    pieces,
    settled,
    until,
)

LENGTH = b"content-length"
MANY = 320


class Ear:
    """A script that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    async def __call__(self, wire: Wire) -> None:
        """Answer every request with OK."""
        while True:
            self.heard.append(await wire.request())
            await wire.send(OK)


async def upload(
    client: HttpResourceServer, listening: ScriptedApi, body: Any, *fields: tuple[bytes, bytes]
) -> ApiResponse:
    """POST a body."""
    async with asyncio.timeout(PATIENCE):
        return await client.send(listening.route(), a_request("POST", b"/x", *fields), body)


@pytest.mark.parametrize("size", [0, 1, SMALL_BODY, SMALL_BODY + 1, 40 * SMALL_BODY])
async def test_a_body_of_known_length_is_sent_as_it_is(
    api: Serve, client: HttpResourceServer, size: int
) -> None:
    """Small or large, in one piece or several, some of them empty; the connection stays usable."""
    ear = Ear()
    listening = await api(ear)
    whole = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    cut = size // 3
    for parts in ((whole,), (whole[:cut], b"", whole[cut:]), (b"", whole, b"")):
        answer = await upload(client, listening, pieces(*parts), (LENGTH, b"%d" % size))
        assert answer.complete == b"ok"
        assert ear.heard[-1].body == whole
        assert (LENGTH, b"%d" % size) in ear.heard[-1].fields
    assert listening.accepted == 1


async def test_a_body_of_unknown_length_is_sent_in_chunks(
    api: Serve, client: HttpResourceServer
) -> None:
    """An empty piece does not end it, and no body at all is an empty one."""
    ear = Ear()
    listening = await api(ear)
    for parts in ((b"one", b"", b"two" * 20_000), ()):
        await upload(client, listening, pieces(*parts))
        assert ear.heard[-1].body == b"".join(parts)
        assert (b"transfer-encoding", b"chunked") in ear.heard[-1].fields
        assert LENGTH not in dict(ear.heard[-1].fields)
    assert listening.accepted == 1


@pytest.mark.parametrize(
    ("method", "length"),
    [("POST", b"0"), ("PUT", b"0"), ("PATCH", b"0"), ("GET", None), ("DELETE", None)],
)
async def test_no_body_is_announced_where_one_is_expected(
    api: Serve, client: HttpResourceServer, method: str, length: bytes | None
) -> None:
    """RFC 9110, section 8.6: content-length 0 for methods that usually have content."""
    ear = Ear()
    listening = await api(ear)
    for fields in ([], [(LENGTH, b"0")]):
        await client.send(listening.route(), a_request(method, b"/x", *fields), None)
    assert [dict(heard.fields).get(LENGTH) for heard in ear.heard] == [length, b"0"]


@pytest.mark.parametrize("length", [b"3", b"100", b"%d" % (SMALL_BODY * 2)])
@pytest.mark.req("N93")
async def test_a_body_that_lies_about_its_length_is_not_sent_as_whole(
    api: Serve, client: HttpResourceServer, length: bytes
) -> None:
    """Longer or shorter than announced: an error here, never a request the API could act on."""
    ear = Ear()
    listening = await api(ear)
    parts = [b"x" * 10, b"y" * 10]
    with pytest.raises(RequestMalformed) as refused:
        await upload(client, listening, pieces(*parts), (LENGTH, length))
    assert refused.value.what == "body"
    with pytest.raises(RequestMalformed):
        await upload(client, listening, None, (LENGTH, length))
    assert ear.heard == []


@pytest.mark.parametrize(
    "field",
    [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\n"),
        (b"x\r\ny", b"1"),
        (b"x-a", b"\x00"),
        (b"x", b"\r"),
    ],
)
@pytest.mark.req("N93")
async def test_a_field_cannot_write_another(
    api: Serve, client: HttpResourceServer, field: tuple[bytes, bytes]
) -> None:
    """A line end in a field is refused before anybody is spoken to."""
    listening = await api(Ear())
    with pytest.raises(RequestMalformed) as refused:
        await client.send(listening.route(), a_request("GET", b"/x", field), None)
    assert refused.value.what == "header"
    assert listening.accepted == 0


@pytest.mark.parametrize("fields", [[], [(LENGTH, b"%d" % (SMALL_BODY * MANY))]])
@pytest.mark.req("N100")
async def test_a_slow_api_slows_the_browser_down(
    api: Serve, client: HttpResourceServer, fields: list[tuple[bytes, bytes]]
) -> None:
    """While the API does not read, part of the body is asked for; then all of it goes through."""
    may_read = asyncio.Event()
    asked = 0

    async def script(wire: Wire) -> None:
        await may_read.wait()
        assert len((await wire.request()).body) == SMALL_BODY * MANY
        await wire.send(OK)

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        for asked in range(1, MANY + 1):  # noqa: B007  counted from outside
            yield bytes(SMALL_BODY)

    listening = await api(script)
    sending = asyncio.ensure_future(upload(client, listening, body(), *fields))
    await settled(lambda: asked)
    assert 0 < asked < MANY
    may_read.set()
    assert (await sending).complete == b"ok"
    assert asked == MANY


class Left(Exception):
    """The browser has left in the middle of its upload."""


@pytest.mark.parametrize("error", [Left(), ContentTooLarge(10)])
@pytest.mark.parametrize("fields", [[], [(LENGTH, b"1000000")], [(LENGTH, b"10")]])
async def test_a_body_that_fails_ends_the_request(
    api: Serve, client: HttpResourceServer, error: Exception, fields: list[tuple[bytes, bytes]]
) -> None:
    """Its own exception comes out, and the API sees a request that broke off."""
    heard = bytearray()

    async def script(wire: Wire) -> None:
        heard.extend(await wire.closed())

    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        raise error

    listening = await api(script)
    with pytest.raises(type(error)) as raised:
        await upload(client, listening, body(), *fields)
    assert raised.value is error
    await listening.finished()
    assert not heard.endswith(b"0\r\n\r\n")
    assert client.connections == 0


@pytest.mark.parametrize("close", [b"connection: close\r\n", b""])
@pytest.mark.req("N100")
async def test_an_early_answer_stops_the_upload(
    api: Serve, client: HttpResourceServer, close: bytes
) -> None:
    """A complete answer before the end of the body: the rest of the body is not read."""
    stopped = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        try:
            yield b"begun"
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(b"HTTP/1.1 413 Too Large\r\n" + close + b"content-length: 3\r\n\r\nno.")
        await wire.closed()

    listening = await api(script)
    response = await upload(client, listening, body())
    assert (response.status, b"".join([piece async for piece in response.body])) == (413, b"no.")
    async with asyncio.timeout(PATIENCE):
        await stopped.wait()
    await listening.finished()
    assert client.connections == 0


async def test_both_directions_can_stream_at_once(api: Serve, client: HttpResourceServer) -> None:
    """An answer that begins before the body ends does not end the body."""
    spoken = asyncio.Queue[bytes]()

    async def body() -> AsyncIterator[bytes]:
        while piece := await spoken.get():
            yield piece

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        async for piece in wire.chunks():
            await wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        await wire.send(b"0\r\n\r\n")
        await wire.request()
        await wire.send(OK)

    listening = await api(script)
    response = await upload(client, listening, body())
    echo = aiter(response.body)
    for piece in (b"one", b"two"):
        spoken.put_nowait(piece)
        assert await anext(echo) == piece
    spoken.put_nowait(b"")
    assert [piece async for piece in echo] == []
    assert (await client.send(listening.route(), a_request(), None)).complete == b"ok"
    assert listening.accepted == 1


async def test_a_failing_body_breaks_an_answer_that_has_begun(
    api: Serve, client: HttpResourceServer
) -> None:
    """The browser leaves while both stream: one body raises what the other raised."""
    leave = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        await leave.wait()
        raise Left

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nbegun")
        await wire.closed()

    listening = await api(script)
    response = await upload(client, listening, body())
    leave.set()
    with pytest.raises(Left):
        _ = [piece async for piece in response.body]
    await listening.finished()


async def test_an_api_that_dies_during_an_upload_is_noticed_at_once(
    api: Serve, client: HttpResourceServer
) -> None:
    """Even while the browser sends nothing."""

    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        await asyncio.Event().wait()

    async def script(wire: Wire) -> None:
        await wire.head()

    listening = await api(script)
    with pytest.raises(Exception, match="truncated"):
        await upload(client, listening, body())
    await until(lambda: client.connections == 0)


async def test_a_body_is_not_touched_when_nobody_listens(
    api: Serve, client: HttpResourceServer
) -> None:
    """No connection, no upload: whoever asked can still send the body elsewhere."""
    listening = await api(Ear())
    await listening.stop()
    touched = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal touched
        touched = True
        yield b"x"

    with pytest.raises(ResourceServerUnavailable):
        await upload(client, listening, body())
    assert not touched
