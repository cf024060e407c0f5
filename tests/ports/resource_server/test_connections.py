"""Connections: reuse, staleness, bounds, fairness, and their end."""

import asyncio
from contextlib import suppress

import pytest

from bff.adapters.resource_server import HttpResourceServer
from bff.errors import ResourceServerResponseInvalid, ResourceServerUnavailable
from bff.resource.routes import Timeouts
from tests.ports.resource_server.scripted_api import (
    OK,
    PATIENCE,
    Script,
    Serve,
    Wire,
    a_request,
    answering,
    pieces,
    until,
)

CLOSING = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
BEGUN = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nbegun"


@pytest.mark.req("N100")
async def test_a_connection_serves_again(api: Serve, client: HttpResourceServer) -> None:
    """One after the other on one connection; two at once on two."""
    listening = await api(answering(OK))
    route = listening.route()
    for _ in range(3):
        await client.send(route, a_request(), None)
    assert (listening.accepted, client.connections) == (1, 1)
    await asyncio.gather(*[client.send(route, a_request(), None) for _ in range(2)])
    assert (listening.accepted, client.connections) == (2, 2)


async def test_upstreams_of_one_origin_share_connections(
    api: Serve, client: HttpResourceServer
) -> None:
    """Routes that differ in their base path only speak over the same connections."""
    listening = await api(answering(OK))
    for base_path in ("", "/v1", "/v2"):
        route = listening.route(upstream=listening.upstream(base_path))
        await client.send(route, a_request(), None)
    assert listening.accepted == 1


@pytest.mark.parametrize(
    "response", [CLOSING, b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", OK + b"excess"]
)
@pytest.mark.req("N93")
async def test_a_connection_that_will_close_is_not_kept(
    api: Serve, client: HttpResourceServer, response: bytes
) -> None:
    """The API said so, or said too much."""
    listening = await api(answering(response))
    for _ in range(2):
        assert (await client.send(listening.route(), a_request(), None)).complete == b"ok"
    assert listening.accepted == 2
    await until(lambda: client.connections == 0)


@pytest.mark.parametrize("last_words", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
@pytest.mark.req("N100")
async def test_a_connection_that_closed_while_idle_is_never_written_to(
    api: Serve, client: HttpResourceServer, last_words: bytes
) -> None:
    """Not even if the news is still in the kernel: what must not repeat goes out on a new one."""
    closed = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK + last_words)
        wire.writer.close()
        closed.set()
        assert await wire.closed() == b""

    listening = await api(script, answering(OK))
    await client.send(listening.route(), a_request(), None)
    await closed.wait()
    body = pieces(b"x")
    request = a_request("POST", b"/x", (b"content-length", b"1"))
    assert (await client.send(listening.route(), request, body)).complete == b"ok"
    assert listening.accepted == 2


def hanging_up() -> Script:
    """Answer once, read the second request, and close without a word."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.head()

    return script


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_safe_request_on_a_stale_connection_is_sent_again_once(
    api: Serve, client: HttpResourceServer, method: str
) -> None:
    """Nothing came back on a connection that had served: one more try, on a new connection."""
    listening = await api(hanging_up(), answering(OK))
    await client.send(listening.route(), a_request(), None)
    assert (await client.send(listening.route(), a_request(method), None)).status == 200
    assert listening.accepted == 2


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", b"x"), ("PUT", b"x"), ("DELETE", None), ("POST", None), ("GET", b"x")],
)
async def test_a_request_that_may_have_been_acted_on_is_not_sent_again(
    api: Serve, client: HttpResourceServer, method: str, body: bytes | None
) -> None:
    """An unsafe method, or a body: the caller is told that it was sent."""
    listening = await api(hanging_up(), answering(OK))
    await client.send(listening.route(), a_request(), None)
    with pytest.raises(ResourceServerResponseInvalid) as broken:
        await client.send(listening.route(), a_request(method), pieces(body) if body else None)
    assert broken.value.check == "truncated"
    assert listening.accepted == 1


async def test_a_second_silent_end_is_final(api: Serve, client: HttpResourceServer) -> None:
    """A new connection that closes without a word is not stale; nothing is tried a third time."""

    async def without_a_word(wire: Wire) -> None:
        await wire.request()

    listening = await api(hanging_up(), without_a_word, answering(OK))
    await client.send(listening.route(), a_request(), None)
    with pytest.raises(ResourceServerResponseInvalid):
        await client.send(listening.route(), a_request(), None)
    assert listening.accepted == 2


async def test_a_second_stale_connection_is_final(api: Serve) -> None:
    """The next connection, waited for in the queue, turns out to be just as old: no third try."""
    listening = await api(hanging_up())
    client = HttpResourceServer(max_connections=1)
    await client.send(listening.route(), a_request(), None)
    unlucky, lucky = await asyncio.gather(
        *[client.send(listening.route(), a_request(), None) for _ in range(2)],
        return_exceptions=True,
    )
    assert isinstance(unlucky, ResourceServerResponseInvalid)
    assert not isinstance(lucky, BaseException)
    assert listening.accepted == 2
    await client.aclose()


async def test_a_stale_connection_discredits_the_others(
    api: Serve, client: HttpResourceServer
) -> None:
    """After a restart all old connections are dead: the second try does not take one of them."""
    listening = await api(hanging_up(), hanging_up(), answering(OK))
    await asyncio.gather(*[client.send(listening.route(), a_request(), None) for _ in range(2)])
    assert (await client.send(listening.route(), a_request(), None)).complete == b"ok"
    assert listening.accepted == 3
    await until(lambda: client.connections == 1)


async def test_a_broken_answer_is_never_asked_for_again(
    api: Serve, client: HttpResourceServer
) -> None:
    """One byte of a response is enough to know that the API was there."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()
        await wire.send(b"H")

    listening = await api(script, answering(OK))
    await client.send(listening.route(), a_request(), None)
    with pytest.raises(ResourceServerResponseInvalid):
        await client.send(listening.route(), a_request(), None)
    assert listening.accepted == 1


@pytest.mark.req("N100")
async def test_connections_are_bounded_and_waited_for_in_order(api: Serve) -> None:
    """One connection, four callers: served first come, first served."""
    order: list[bytes] = []

    async def script(wire: Wire) -> None:
        while True:
            order.append((await wire.request()).line.split()[1])
            await wire.send(OK)

    listening = await api(script)
    client = HttpResourceServer(max_connections=1)
    targets = [b"/%d" % number for number in range(4)]
    await asyncio.gather(
        *[client.send(listening.route(), a_request("GET", target), None) for target in targets]
    )
    assert order == targets
    assert listening.accepted == 1
    await client.aclose()


@pytest.mark.req("N100")
async def test_a_lost_connection_gives_its_place_to_who_waits(api: Serve) -> None:
    """The place of a connection that must close goes to the next in line."""
    listening = await api(answering(CLOSING))
    client = HttpResourceServer(max_connections=1)
    sends = [client.send(listening.route(), a_request(), None) for _ in range(4)]
    assert [response.complete for response in await asyncio.gather(*sends)] == [b"ok"] * 4
    assert listening.accepted == 4
    await client.aclose()


@pytest.mark.req("N100")
async def test_waiting_for_a_connection_has_an_end(api: Serve) -> None:
    """Nothing was sent, so the API counts as unreachable; the place is not lost."""
    go_on = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await go_on.wait()
        await wire.send(OK)
        await answering(OK)(wire)

    listening = await api(script)
    client = HttpResourceServer(max_connections=1)
    first = asyncio.ensure_future(client.send(listening.route(), a_request(), None))
    await until(lambda: listening.accepted)
    hasty = listening.route(timeouts=Timeouts(connect=0.01))
    with pytest.raises(ResourceServerUnavailable):
        await client.send(hasty, a_request(), None)
    go_on.set()
    await first
    await client.send(hasty, a_request(), None)
    assert listening.accepted == 1
    await client.aclose()


@pytest.mark.req("N100")
async def test_whoever_leaves_the_queue_passes_the_place_on(api: Serve) -> None:
    """Cancelled before, at, or after the moment a place was handed over: the others are served."""
    for response in (OK, CLOSING):
        listening = await api(answering(response))
        client = HttpResourceServer(max_connections=1)
        for turns in range(12):
            sends = [
                asyncio.ensure_future(client.send(listening.route(), a_request(), None))
                for _ in range(4)
            ]
            for _ in range(turns):
                await asyncio.sleep(0)
            sends[1].cancel()
            sends[2].cancel()
            async with asyncio.timeout(PATIENCE):
                results = await asyncio.gather(*sends, return_exceptions=True)
            assert not isinstance(results[3], BaseException)
            assert client.connections <= 1
        await client.aclose()


async def test_giving_up_a_body_closes_the_connection(
    api: Serve, client: HttpResourceServer
) -> None:
    """That is how an API learns that the browser has left; closing twice or late does nothing."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(BEGUN)
        await wire.closed()

    listening = await api(script, answering(OK))
    response = await client.send(listening.route(), a_request(), None)
    await response.body.aclose()
    await response.body.aclose()
    await listening.finished()
    await until(lambda: client.connections == 0)
    whole = await client.send(listening.route(), a_request(), None)
    await whole.body.aclose()
    assert client.connections == 1


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nx: "])
async def test_a_caller_who_leaves_takes_the_connection_along(
    api: Serve, client: HttpResourceServer, begun: bytes
) -> None:
    """Cancelled while waiting for the head: the API sees the end, nobody gets that connection."""
    asked = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(begun)
        asked.set()
        await wire.closed()

    listening = await api(script)
    sending = asyncio.ensure_future(client.send(listening.route(), a_request(), None))
    await asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await listening.finished()
    await until(lambda: client.connections == 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
@pytest.mark.req("N100")
async def test_an_api_that_is_not_there_is_unavailable(
    api: Serve, client: HttpResourceServer, host: str
) -> None:
    """Refused, or without an address; the failed try leaves no place taken."""
    listening = await api(answering(OK))
    await listening.stop()
    upstream = listening.upstream()
    route = listening.route(upstream=type(upstream)("http", host, upstream.port))
    with pytest.raises(ResourceServerUnavailable):
        await client.send(route, a_request(), None)
    assert client.connections == 0


async def test_an_unused_connection_is_closed_after_a_while(api: Serve) -> None:
    """The API sees the end; the gauge goes back."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        assert await wire.closed() == b""

    listening = await api(script)
    client = HttpResourceServer(keep_alive=0.01)
    await client.send(listening.route(), a_request(), None)
    assert client.connections == 1
    await listening.finished()
    await until(lambda: client.connections == 0)
    await client.aclose()


@pytest.mark.req("N93")
async def test_bytes_on_an_idle_connection_end_it(api: Serve, client: HttpResourceServer) -> None:
    """They could be taken for the answer to the next request."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await may_speak.wait()
        await wire.send(OK)
        assert await wire.closed() == b""

    may_speak = asyncio.Event()
    listening = await api(script)
    await client.send(listening.route(), a_request(), None)
    may_speak.set()
    await listening.finished()
    await until(lambda: client.connections == 0)


async def test_closing_never_completes_a_response(api: Serve) -> None:
    """Not even one that would end with its connection: it is we who ended it."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await wire.closed()

    listening = await api(script)
    client = HttpResourceServer()
    response = await client.send(listening.route(), a_request(), None)
    await client.aclose()
    with pytest.raises(ResourceServerResponseInvalid):
        _ = [piece async for piece in response.body]


async def test_closing_reaches_whoever_is_just_connecting_or_leaving(api: Serve) -> None:
    """A connection that opens after the end is closed; a caller who leaves at the end is let go."""
    listening = await api(answering(OK))
    client = HttpResourceServer(max_connections=1)
    connecting, leaving = (
        asyncio.ensure_future(client.send(listening.route(), a_request(), None)) for _ in range(2)
    )
    await until(lambda: client.connections)
    await asyncio.sleep(0)
    leaving.cancel()
    await client.aclose()
    results = await asyncio.gather(connecting, leaving, return_exceptions=True)
    assert isinstance(results[0], ResourceServerUnavailable)
    assert isinstance(results[1], asyncio.CancelledError)
    assert client.connections == 0


@pytest.mark.req("N100")
async def test_closing_ends_everything(api: Serve) -> None:
    """Idle connections, a response under way, callers in the queue, and whoever comes later."""
    asked = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await wire.closed()

    listening = await api(script)
    client = HttpResourceServer(max_connections=1)
    sends = [
        asyncio.ensure_future(client.send(listening.route(), a_request(), None)) for _ in range(3)
    ]
    await asked.wait()
    await client.aclose()
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(result) for result in results] == [
        ResourceServerResponseInvalid,
        ResourceServerUnavailable,
        ResourceServerUnavailable,
    ]
    with pytest.raises(ResourceServerUnavailable):
        await client.send(listening.route(), a_request(), None)
    with suppress(TimeoutError):
        await until(lambda: client.connections == 0)
    assert client.connections == 0


@pytest.mark.req("N95")
async def test_nothing_of_one_exchange_shows_in_the_next(
    api: Serve, client: HttpResourceServer
) -> None:
    """Neither a cookie that the API set for one user nor any other field goes out for the next."""
    heard: list[set[bytes]] = []

    async def script(wire: Wire) -> None:
        while True:
            heard.append({name for name, _ in (await wire.request()).fields})
            await wire.send(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n")

    listening = await api(script)
    for user in (b"a", b"b"):
        fields = ((b"authorization", b"Bearer " + user), (b"x-" + user, b"1"))
        await client.send(listening.route(), a_request("GET", b"/x", *fields), None)
    assert heard == [
        {b"host", b"accept", b"authorization", b"x-a"},
        {b"host", b"accept", b"authorization", b"x-b"},
    ]


@pytest.mark.req("N96")
async def test_redirects_are_handed_on_not_followed(api: Serve, client: HttpResourceServer) -> None:
    """A token would travel along."""
    evil = await api(answering(OK))
    location = b"http://localhost:%d/" % evil.port
    listening = await api(
        answering(b"HTTP/1.1 302 Found\r\nlocation: " + location + b"\r\ncontent-length: 0\r\n\r\n")
    )
    response = await client.send(listening.route(), a_request(), None)
    assert (response.status, dict(response.headers)[b"location"]) == (302, location)
    assert evil.accepted == 0
