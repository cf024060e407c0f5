"""The direct way: what goes it, what does not, and that nobody can tell the difference but by the clock."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bff.adapters import browser_connection
from tests.app.doorstep import Doorstep
from tests.ports.resource_server.scripted_api import (
    OK,
    Thinking,
    Wire,
    answering,
    closing_after,
    until,
)

New = Callable[..., Awaitable[Doorstep]]
OF_THE_CALL = {b"date", b"x-request-id", b"bff-session-expires"}
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"


def shown(answer: tuple[int, dict[bytes, bytes], bytes]) -> Any:
    """An answer without what differs from call to call, and without how its length is told."""
    status, fields, body = answer
    left = OF_THE_CALL | {b"content-length", b"transfer-encoding"}
    body = body.replace(fields[b"x-request-id"], b"an id")
    return status, {name: value for name, value in fields.items() if name not in left}, body


async def test_a_plain_call_goes_the_direct_way(new_doorstep: New) -> None:
    """And is in the log, in the figures, and answered whole."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    for _ in range(3):
        visitor.ask(door.request())
        status, fields, body = await visitor.answer()
        assert (status, body) == (200, b"ok")
        assert fields[b"bff-session-expires"].startswith(b"idle=")
        assert fields[b"cache-control"] == b"no-store"
    assert door.direct == [True] * 3
    assert [line[1:4] for line in door.lines] == [("GET", "/api/v/x", 200)] * 3
    assert door.lines[-1][0].encode() == fields[b"x-request-id"]
    (times,) = door.world.metrics.hot.routes.values()
    assert sum(times.counts) == 4, "the three, and the one that warmed up"


RESPONSES = {
    "plain": OK,
    "chunked": CHUNKED,
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n',
    "empty": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "not found": b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
    "unknown status": b"HTTP/1.1 299 Odd\r\ncontent-length: 0\r\n\r\n",
    "its own fields": b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nserver: x\r\nx-mine: 1\r\n"
    b"access-control-allow-origin: *\r\nconnection: x-hop\r\nx-hop: 1\r\ncontent-length: 0\r\n\r\n",
    "a date": b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n",
    "an early hint": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK,
    "a location": b"HTTP/1.1 302 Found\r\nlocation: http://other.example/\r\ncontent-length: 0\r\n\r\n",
    "a broken one": b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour",
    "no HTTP": b"nonsense\r\n\r\n",
    "401 of its own": b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
    "events": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n",
    "until the end": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it",
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
async def test_both_ways_answer_alike(new_doorstep: New, response: bytes) -> None:
    """Status, fields and body are the same, whatever the API says."""
    asked: list[bytes] = []

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        while True:
            heard = await wire.request()
            asked.append(heard.line)
            await wire.send(response)
            if b"close" in response or b"nonsense" in response or b"four" in response:
                return

    door = await new_doorstep(script)
    seen = []
    for short_cut in (False, True):
        if b"close" in response or b"nonsense" in response or b"four" in response:
            warm = await door.visitor(short_cut=False)  # the connection is spent each time
            if short_cut:
                warm.ask(door.request())
                await warm.answer()
        visitor = await door.visitor(short_cut=short_cut)
        visitor.ask(door.request())
        seen.append(await answered(visitor))
    assert seen[0] == seen[1]
    assert door.direct == [True]


async def answered(visitor: Any) -> Any:
    """An answer, or how it broke off."""
    try:
        return shown(await visitor.answer())
    except asyncio.IncompleteReadError as error:
        return "broke off", bool(error.partial)


REQUESTS = {
    "a query": ("GET", "/api/v/x?a=b&c=%2F"),
    "an empty query": ("GET", "/api/v/x?"),
    "an encoded path": ("GET", "/api/v/%C3%A9"),
    "HEAD": ("HEAD", "/api/v/x"),
    "background": ("GET", "/api/v/x", "BFF-Background: 1"),
    "conditions": (
        "GET",
        "/api/v/x",
        'If-None-Match: "a"',
        "Range: bytes=0-1",
        "Accept: a",
        "Foo: b",
    ),
    "its id": ("GET", "/api/v/x", "X-Request-Id: abcdefgh12"),
    "a bad id": ("GET", "/api/v/x", "X-Request-Id: a b"),
    "space behind": ("GET", "/api/v/x", "Prefer: x  \t"),
    "origin": ("GET", "/api/v/x", "Origin: http://localhost:8700"),
    "kept alive": ("GET", "/api/v/x", "Connection: keep-alive"),
    "claims of where from": (
        "GET",
        "/api/v/x",
        "X-Forwarded-For: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
    ),
    "authorization": ("GET", "/api/v/x", "Authorization: Bearer mine"),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
async def test_both_ways_ask_the_same(new_doorstep: New, request_: tuple[str, ...]) -> None:
    """The API cannot tell which way a request came, but for the order of fields."""
    asked: list[Any] = []

    async def script(wire: Wire) -> None:
        while True:
            heard = await wire.request()
            fields = sorted(field for field in heard.fields if field[0] != b"x-request-id")
            given = [v for n, v in heard.fields if n == b"x-request-id" and v == b"abcdefgh12"]
            asked.append((heard.line, fields, given))
            await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    door = await new_doorstep(script)
    asked.clear()
    for short_cut in (False, True, True):
        visitor = await door.visitor(short_cut=short_cut)
        visitor.ask(door.request(*request_))
        assert (await visitor.answer(to_head=request_[0] == "HEAD"))[0] == 200
    assert asked[0] == asked[1] == asked[2]
    assert door.direct == [True, True]


OTHERS = {
    "another method": ("DELETE", "/api/v/x"),
    "a body": ("GET", "/api/v/x", "Content-Length: 0"),
    "chunks": ("GET", "/api/v/x", "Transfer-Encoding: chunked"),
    "the last one": ("GET", "/api/v/x", "Connection: close"),
    "an upgrade": ("GET", "/api/v/x", "Connection: upgrade", "Upgrade: x"),
    "expectation": ("GET", "/api/v/x", "Expect: 100-continue"),
    "another page": ("GET", "/api/v/x", "Origin: http://evil.example"),
    "another site": ("GET", "/api/v/x", "Sec-Fetch-Dest: image"),
    "two origins": ("GET", "/api/v/x", "Origin: a", "Origin: http://localhost:8700"),
    "another host": ("GET", "/api/v/x", "Host: evil.example"),
    "two sessions": ("GET", "/api/v/x", "Cookie: __Host-Http-bff=other"),
    "dots": ("GET", "/api/v/../x"),
    "dots in code": ("GET", "/api/v/%2e%2e/x"),
    "a fragment": ("GET", "/api/v/x#y"),
    "another prefix": ("GET", "/bff/session"),
    "absolute": ("GET", "http://localhost:8700/api/v/x"),
    "HTTP/1.0": ("GET", "/api/v/x HTTP/1.0\r\nX:"),
    "no space": ("GET", "/api/v/x", "Bad Name: 1"),
    "folded": ("GET", "/api/v/x", "A: b\r\n c"),
    "bare LF": ("GET", "/api/v/x", "A: b\nC: d"),
}


@pytest.mark.parametrize("request_", OTHERS.values(), ids=OTHERS)
async def test_what_needs_a_decision_takes_the_long_way(
    new_doorstep: New, request_: tuple[str, ...]
) -> None:
    """Also when the API would be there at once; and the answer is the gate's."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request(*request_))
    with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError):
        await asyncio.wait_for(visitor.answer(), 2)
    assert True not in door.direct


async def test_a_path_of_no_route_is_refused_by_the_gate(new_doorstep: New) -> None:
    """Each time, and the connection goes on."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    for _ in range(2):
        visitor.ask(door.request("GET", "/api/nothing"))
        assert (await visitor.answer())[0] == 404
    visitor.ask(door.request())
    assert (await visitor.answer())[0] == 200
    assert door.direct == [False, False, True]


async def test_a_head_says_no_length_that_its_api_did_not(new_doorstep: New) -> None:
    """That of nothing would be a lie (RFC 9110, section 9.3.2)."""
    door = await new_doorstep(
        answering(OK, b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n")
    )
    visitor = await door.visitor()
    for length in (None, b"7"):
        visitor.ask(door.request("HEAD"))
        assert (await visitor.answer(to_head=True))[1].get(b"content-length") == length
    assert door.direct == [True, True]


async def test_a_held_session_that_was_enough_is_counted(new_doorstep: New) -> None:
    """As a hit; and it is used last, so it is forgotten last."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    before = door.cache.hits
    for _ in range(3):
        visitor.ask(door.request())
        await visitor.answer()
    assert door.cache.hits == before + 3


async def test_another_host_takes_the_long_way(new_doorstep: New) -> None:
    """There it is refused."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request().replace(b"Host: localhost:8700", b"Host: evil.example"))
    assert (await visitor.answer())[0] == 400
    assert door.direct == [False]


@pytest.mark.req("N90")
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://localhost:8700/api/v/x"),
        ("GET", "http://evil.example/api/v/x"),
        ("GET", "https:/api/v/x"),
        ("CONNECT", "evil.example:443"),
        ("OPTIONS", "*"),
    ],
)
async def test_a_target_that_is_no_path_is_refused(
    new_doorstep: New, method: str, target: str
) -> None:
    """By the connection, which is then closed; no API hears of it."""
    lines: list[bytes] = []

    async def script(wire: Wire) -> None:
        while True:
            lines.append((await wire.request()).line)
            await wire.send(OK)

    door = await new_doorstep(script)
    lines.clear()
    visitor = await door.visitor()
    visitor.ask(door.request(method, target))
    assert (await visitor.answer())[0] == 400
    assert await visitor.end() == b""
    assert lines == []


async def test_an_answer_has_one_date(new_doorstep: New) -> None:
    """The API's, on both ways; ours where it says none (RFC 9110, section 6.6.1)."""
    dated = b"HTTP/1.1 200 OK\r\ndate: theirs\r\ncontent-length: 0\r\n\r\n"
    door = await new_doorstep(answering(dated, dated, dated, OK))
    for short_cut, date in (
        (False, b"theirs"),
        (True, b"theirs"),
        (False, b"ours"),
        (True, b"ours"),
    ):
        visitor = await door.visitor(short_cut=short_cut)
        visitor.ask(door.request())
        assert (await visitor.answer())[1][b"date"] == date
    assert door.direct == [True, True]


async def test_a_replaced_pin_is_refused_on_the_long_way(new_doorstep: New) -> None:
    """A page that believes in another session learns so."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request().replace(door.browser.ref.encode(), b"s_other"))
    assert (await visitor.answer())[0] == 409
    assert door.direct == [False]


async def test_a_session_that_is_not_held_is_read_first(new_doorstep: New) -> None:
    """Nobody vouches: every call asks Redis."""
    door = await new_doorstep(answering(OK))
    door.cache.doubt()
    visitor = await door.visitor()
    visitor.ask(door.request())
    assert (await visitor.answer())[0] == 200
    assert door.direct == [False]


@pytest.mark.parametrize("seconds", [901, 86_400 + 1], ids=["expired token", "idle limit"])
async def test_a_session_that_must_wait_or_end_takes_the_long_way(
    new_doorstep: New, seconds: int
) -> None:
    """Both are decided where Redis is asked."""
    door = await new_doorstep(answering(OK))
    door.house.pass_time(seconds)
    visitor = await door.visitor()
    visitor.ask(door.request())
    await visitor.answer()
    assert door.direct == [False]


async def test_signing_out_is_seen_at_once(new_doorstep: New) -> None:
    """What this process ends, it does not serve from what it holds."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    request = door.request()
    visitor.ask(request)
    assert (await visitor.answer())[0] == 200
    await door.browser.call("POST", "/bff/logout")
    visitor.ask(request)
    assert (await visitor.answer())[0] == 401
    assert door.direct == [True, False]


async def test_the_token_in_an_answer_is_stopped(new_doorstep: New) -> None:
    """The guard stands on this way, too; its refusal is the gate's."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        heard = await wire.request()
        token = dict(heard.fields)[b"authorization"].removeprefix(b"Bearer ")
        length = b"content-length: %d\r\n\r\n" % len(token)
        await wire.send(b"HTTP/1.1 200 OK\r\n" + length + token)

    door = await new_doorstep(script)
    visitor = await door.visitor()
    visitor.ask(door.request())
    status, _, body = await visitor.answer()
    assert (status, b"eyJ" in body) == (502, False)
    assert door.direct == [True]


async def test_a_stream_is_handed_over(new_doorstep: New) -> None:
    """Its head came alone: the rest goes as it comes, on the same exchange."""
    go_on = asyncio.Event()
    asked: list[bytes] = []

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        asked.append((await wire.request()).line)
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nfirst")
        await go_on.wait()
        await wire.send(b"second")

    door = await new_doorstep(script)
    visitor = await door.visitor()
    visitor.ask(door.request())
    head = await visitor.reader.readuntil(b"\r\n\r\nfirst")
    assert head.startswith(b"HTTP/1.1 200 OK")
    go_on.set()
    assert await visitor.reader.readexactly(6) == b"second"
    assert door.direct == [True]
    await until(lambda: door.lines)
    assert [line[1:4] for line in door.lines] == [("GET", "/api/v/x", 200)]
    assert asked == [b"GET /x HTTP/1.1"], "asked once"


async def test_a_dead_connection_is_no_loss(new_doorstep: New) -> None:
    """The API closed it as the request went out: it is asked again, on the long way."""
    asked: list[bytes] = []

    async def dying(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        asked.append((await wire.request()).line)
        wire.reset()

    door = await new_doorstep(dying, answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request())
    assert (await visitor.answer())[0] == 200
    assert door.direct == [True]
    assert (len(asked), door.api.accepted) == (1, 2)


async def test_a_token_the_api_refuses_is_renewed(new_doorstep: New) -> None:
    """As on the long way: once, and the browser sees the second answer."""
    challenge = (
        b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer error=invalid_token\r\n"
        b"content-length: 0\r\n\r\n"
    )
    tokens: list[bytes] = []

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        for response in (challenge, OK):
            heard = await wire.request()
            tokens.append(dict(heard.fields)[b"authorization"])
            await wire.send(response)

    door = await new_doorstep(script)
    door.house.pass_time(15)  # tokens younger than ten seconds are not renewed
    visitor = await door.visitor()
    visitor.ask(door.request())
    status, fields, _ = await visitor.answer()
    assert (status, b"set-cookie" in fields) == (200, True)
    assert door.direct == [True]
    assert len(set(tokens)) == 2


async def test_a_session_that_ended_meanwhile_gets_no_answer(new_doorstep: New) -> None:
    """The API's answer needed a closer look, and by then the session was over: nothing of it comes out."""
    heard, go_on = asyncio.Event(), asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()
        heard.set()
        await go_on.wait()
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nthe beginning")
        assert await wire.closed() == b"", "given up"

    door = await new_doorstep(script)
    visitor = await door.visitor()
    visitor.ask(door.request())
    await heard.wait()
    await door.browser.call("POST", "/bff/logout")
    go_on.set()
    status, _, body = await visitor.answer()
    assert (status, b"beginning" in body) == (401, False)
    await door.api.finished()


async def test_a_browser_that_leaves_is_noticed(new_doorstep: New) -> None:
    """The API's connection is closed, and the log says so."""
    heard = asyncio.Event()

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(OK)
        await wire.request()
        heard.set()
        assert await wire.closed() == b""

    door = await new_doorstep(script)
    visitor = await door.visitor()
    visitor.ask(door.request())
    await heard.wait()
    visitor.writer.close()
    await door.api.finished()
    await until(lambda: door.lines)
    assert [line[1:4] for line in door.lines] == [("GET", "/api/v/x", 499)]


async def test_requests_in_a_row_are_answered_in_order(new_doorstep: New) -> None:
    """While one is on the direct way others come, in one piece, for both ways."""
    lines: list[bytes] = []
    heard, go_on = asyncio.Event(), asyncio.Event()

    async def script(wire: Wire) -> None:
        while True:
            lines.append((await wire.request()).line)
            if lines[-1].startswith(b"GET /a "):
                heard.set()
                await go_on.wait()
            body = lines[-1].split()[1]
            length = b"content-length: %d\r\n\r\n" % len(body)
            await wire.send(b"HTTP/1.1 200 OK\r\n" + length + body)

    door = await new_doorstep(script)
    visitor = await door.visitor()
    post = door.request("POST", "/api/v/c", "Content-Length: 2", "Origin: http://localhost:8700")
    one, two, four = (door.request("GET", f"/api/v/{name}") for name in "abd")
    visitor.ask(one)
    await heard.wait()
    visitor.ask(two, post + b"{}", four)
    await until(lambda: door.connections[-1]._early)
    go_on.set()
    bodies = [(await visitor.answer())[2] for _ in range(4)]
    assert bodies == [b"/a", b"/b", b"/c", b"/d"]
    visitor.ask(one)
    assert (await visitor.answer())[2] == b"/a"
    assert door.direct[0] is door.direct[-1] is True


async def test_a_head_in_pieces_takes_the_long_way(new_doorstep: New) -> None:
    """And the next whole one the direct one."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    request = door.request()
    visitor.ask(request[:50])
    await until(lambda: door.connections[-1]._in_head)
    visitor.ask(request[50:])
    assert (await visitor.answer())[0] == 200
    visitor.ask(request)
    assert (await visitor.answer())[0] == 200
    assert door.direct == [False, True]


async def test_a_call_under_way_when_the_server_ends_is_answered(new_doorstep: New) -> None:
    """And its connection is closed, which the answer says."""
    api = Thinking()
    door = await new_doorstep(api)
    visitor = await door.visitor()
    visitor.ask(door.request())
    await api.heard.wait()
    door.connections[-1].shutdown()
    api.go_on.set()
    status, fields, body = await visitor.answer()
    assert (status, fields[b"connection"], body) == (200, b"close", b"ok")
    assert await visitor.end() == b""


@pytest.mark.parametrize(
    "route",
    [
        {},
        {"token": "client", "scopes": ["a"]},
        {"resource": "https://api.example"},
        {"rate_per_minute": 100},
        {"max_age_seconds": 3600},
        {"scopes": ["nobody.has"]},
    ],
    ids=lambda route: next(iter(route), "nothing"),
)
async def test_a_route_that_asks_for_more_is_no_plain_one(
    new_doorstep: New, route: dict[str, object]
) -> None:
    """Another token, a limit, a better sign-in, a scope: all are decided on the long way."""
    door = await new_doorstep(answering(OK))
    other = {"prefix": "/api/w", "upstream": f"http://127.0.0.1:{door.api.port}", **route}
    there = await new_doorstep(
        closing_after(OK), routes=[{"prefix": "/api/v", "upstream": other["upstream"]}, other]
    )
    visitor = await there.visitor()
    visitor.ask(there.request("GET", "/api/w"))
    await visitor.answer()
    assert there.direct == [not route]


@pytest.mark.parametrize(
    "head",
    [b"A: " + b"x" * 70_000, b"".join(b"A%d: b\r\n" % number for number in range(200)) + b"\r\n"],
    ids=["long", "many"],
)
async def test_a_head_without_end_is_refused(new_doorstep: New, head: bytes) -> None:
    """Before it is kept."""
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request()[:-2], head)
    assert (await visitor.answer())[0] == 431
    assert await visitor.end() == b""


async def test_a_head_that_takes_for_ever_is_not_waited_for(
    new_doorstep: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is closed when its time is over."""
    monkeypatch.setattr(browser_connection, "HEAD_SECONDS", 0.05)
    door = await new_doorstep(answering(OK))
    visitor = await door.visitor()
    visitor.ask(door.request()[:-2])
    assert await visitor.end() == b""
