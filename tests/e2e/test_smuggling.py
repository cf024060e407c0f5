"""Requests with two readings, over raw sockets: none of them is smuggled, none leads elsewhere.

An evil server listens all the while, and is named wherever a request can name a host. It must never
be spoken to.
"""

import re
import socket
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.conftest import STACKS
from tests.e2e.processes import Stack
from tests.e2e.wire import head, wired

PATIENCE_SECONDS = 20.0
SETTLED_SECONDS = 0.3
SMUGGLED = "/echo/smuggled"


class Evil:
    """A server that must not be spoken to; it remembers whoever does."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.heard.append(connection.recv(1000))
            connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.fixture(scope="module", params=["granian", "uvicorn"])
def server(request: pytest.FixtureRequest) -> str:
    """Which one stands before the app."""
    return str(request.param)


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: str
) -> Iterator[Stack]:
    """One BFF behind either server: the same expectations of both."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    running._procfile["bff"] += f" --server {server}"
    request.config.stash.setdefault(STACKS, []).append(running)
    try:
        running.start()
        running.add_bff(
            values={"limits.sign_in_per_minute": 6000, "limits.callback_per_minute": 6000}
        )
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def evil() -> Iterator[Evil]:
    """Listens during the whole file."""
    server = Evil()
    yield server
    server.close()


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[ApiBrowser]:
    """Signed in."""
    browser = ApiBrowser(stack.bff.url, stack.provider_url)
    browser.sign_in()
    yield browser
    browser.close()


class Seen(NamedTuple):
    """What came of a request: statuses, whether we were hung up on, what the API got, all octets."""

    statuses: list[int]
    hung_up: bool
    api: list[str]
    octets: bytes


def ask(stack: Stack, browser: ApiBrowser, request: bytes) -> Seen:
    """Send these octets; everything that comes until nothing comes any more."""
    stack.ask("api", "DELETE", "/__stats")
    octets, hung_up = b"", True
    with wired(browser.origin) as wire:
        try:
            wire.send(request)
            while data := wire.sock.recv(65536):
                octets += data
                wire.sock.settimeout(SETTLED_SECONDS)
        except TimeoutError:
            hung_up = False
        except ConnectionError:
            pass
    requests = stack.ask("api", "GET", "/__stats")["requests"]
    statuses = [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", octets)]
    return Seen(statuses, hung_up, list(requests), octets)


def second(browser: ApiBrowser) -> bytes:
    """A whole request that hides in the body of another."""
    return head(browser, "GET", "/api" + SMUGGLED)


CHUNKED = "Transfer-Encoding: chunked"
FRAMINGS: dict[str, tuple[list[str], bytes]] = {
    "both, length first": (["Content-Length: 5", CHUNKED], b"0\r\n\r\n"),
    "both, length last": ([CHUNKED, "Content-Length: 500"], b"0\r\n\r\n"),
    "another coding": (["Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
    "chunked is not the last coding": (["Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
    "two codings": ([CHUNKED, "Transfer-Encoding: identity"], b"0\r\n\r\n"),
    "chunked twice": ([CHUNKED, CHUNKED], b"0\r\n\r\n"),
    "space before the colon": (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
    "vertical tab": (["Transfer-Encoding: \x0bchunked"], b"0\r\n\r\n"),
    "two lengths": (["Content-Length: 0", "Content-Length: 5"], b"hello"),
    "a list of lengths": (["Content-Length: 5, 5"], b"hello"),
    "a signed length": (["Content-Length: +5"], b"hello"),
    "a negative length": (["Content-Length: -1"], b""),
    "a hexadecimal length": (["Content-Length: 0x5"], b"hello"),
    "no chunk size": ([CHUNKED], b"Z\r\nhello\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": ([CHUNKED], b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk size": ([CHUNKED], b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": ([CHUNKED], b"5\r\nhelloXX0\r\n\r\n"),
    "bare line feeds between chunks": ([CHUNKED], b"5\nhello\n0\n\n"),
}


@pytest.mark.req("N93")
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_with_two_lengths_smuggles_nothing(
    stack: Stack, ada: ApiBrowser, framing: str
) -> None:
    """Refused, or read as RFC 9112 says; either way the connection ends, and what follows is not heard."""
    fields, body = FRAMINGS[framing]
    seen = ask(stack, ada, head(ada, "POST", "/api/echo", *fields) + body + second(ada))
    assert seen.hung_up
    assert f"GET {SMUGGLED}" not in seen.api
    assert len(seen.statuses) == 1
    assert seen.statuses[0] == 400 or framing.startswith("both")


@pytest.mark.req("N93")
def test_two_equal_lengths_are_two(stack: Stack, ada: ApiBrowser) -> None:
    """A server may read them as one, and this one does; what follows is the next request, in order."""
    request = head(ada, "POST", "/api/echo", "Content-Length: 5", "Content-Length: 5") + b"hello"
    seen = ask(stack, ada, request)
    assert seen.statuses in ([400], [200])


def with_host(browser: ApiBrowser, target: str, *hosts: str) -> bytes:
    """A request with these Host fields and no other."""
    own = f"Host: {browser.origin.removeprefix('http://')}\r\n"
    named = "".join(f"Host: {host}\r\n" for host in hosts)
    return head(browser, "GET", target).replace(own.encode(), named.encode())


@pytest.mark.req("N88")
@pytest.mark.parametrize(
    "target",
    [
        "http://{evil}/",
        "http://{evil}/api/echo",
        "http://{own}@{evil}/api/echo",
        "{evil}",
        "@{evil}/api/echo",
        "//{evil}/api/echo",
        "/api//{evil}/echo",
        "/api/http://{evil}/echo",
        "/api/echo/@{evil}",
        "/api/echo?url=http://{evil}/",
        "http:/{evil}/api/echo",
        "/\\{evil}/api/echo",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "CONNECT", "OPTIONS"])
def test_no_request_line_leads_elsewhere(
    stack: Stack, ada: ApiBrowser, evil: Evil, method: str, target: str
) -> None:
    """Whatever host it names, only the API of the route is asked, and only for paths of ours."""
    own = ada.origin.removeprefix("http://")
    line = target.format(evil=evil.address, own=own)
    seen = ask(stack, ada, head(ada, method, line))
    assert evil.heard == []
    assert all(asked.split()[1].startswith("/echo") for asked in seen.api)


@pytest.mark.req("N88")
@pytest.mark.parametrize(
    "hosts",
    [
        ["{evil}"],
        ["{evil}", "{own}"],
        ["{own}", "{evil}"],
        ["{own}", "{own}"],
        ["{own}@{evil}"],
        ["{own}, {evil}"],
        ["{own}."],
        [""],
        [],
    ],
)
def test_another_host_is_refused(
    stack: Stack, ada: ApiBrowser, evil: Evil, hosts: list[str]
) -> None:
    """Ours, once; anything else is a 400, and the API hears nothing."""
    own = ada.origin.removeprefix("http://")
    named = [host.format(evil=evil.address, own=own) for host in hosts]
    seen = ask(stack, ada, with_host(ada, "/api/echo", *named))
    assert (seen.statuses, seen.api, evil.heard) == ([400], [], [])


@pytest.mark.req("N88", "N92")
def test_no_field_leads_elsewhere(stack: Stack, ada: ApiBrowser, evil: Evil) -> None:
    """Those that some proxies believe are not even passed on."""
    names = ["X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X_Host"]
    seen = ask(stack, ada, head(ada, "GET", "/api/echo", *(f"{n}: {evil.address}" for n in names)))
    assert (seen.statuses, seen.api, evil.heard) == ([200], ["GET /echo"], [])
    assert evil.address.encode() not in seen.octets


PATHS = [
    "/api/echo/%2e%2e/me",
    "/api/echo/%2E%2e/me",
    "/api/echo/.%2e/me",
    "/api/echo/../me",
    "/api/echo/./me",
    "/api/echo/..;/me",
    "/api/echo/;/me",
    "/api/echo;x=y/me",
    "/api/echo//me",
    "/api//me",
    "/api/echo/%2fme",
    "/api/echo%2f..%2fme",
    "/api/echo/%5c..%5cme",
    "/api/echo/..%5cme",
    "/api/echo/%252e%252e/me",
    "/api/echo/%25%32%65/me",
    "/api/echo/%c0%ae%c0%ae/me",
    "/api/echo/%u002e%u002e/me",
    "/api/echo/%00",
    "/api/echo/%0d%0aX-Injected:%20y",
    "/api/echo/%",
    "/api/echo/%2",
    "/api/echo/%zz",
    "/api/%65cho",
    "/%61pi/echo",
    "/api/echo\\..\\me",
    "/api/echo/\xc3\xa9",
    "/api/echo/a|b",
    "/api/echo/" + "a" * 9000,
]


@pytest.mark.req("N88", "N89")
@pytest.mark.parametrize("path", PATHS)
def test_a_path_with_two_readings_reaches_no_api(stack: Stack, ada: ApiBrowser, path: str) -> None:
    """Refused before a token is fetched, whoever would fold, decode or split it how."""
    seen = ask(stack, ada, head(ada, "GET", path))
    assert seen.api == []
    if "%61pi" not in path:  # that is no path of the API's: the page is served
        assert seen.statuses[0] in {400, 404, 414}
        assert len(seen.statuses) == 1


@pytest.mark.req("N90")
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PURGE"])
def test_a_method_that_no_route_lists_reaches_no_api(
    stack: Stack, ada: ApiBrowser, method: str
) -> None:
    """405, by the letter."""
    seen = ask(stack, ada, head(ada, method, "/api/echo"))
    assert (seen.statuses, seen.api) == ([405], [])


@pytest.mark.req("N90")
@pytest.mark.parametrize("method", ["TRACK", "get", "GETx"])
def test_a_word_that_is_no_method_is_refused(
    stack: Stack, ada: ApiBrowser, server: str, method: str
) -> None:
    """Methods are case-sensitive (RFC 9110, section 9.1): 400 by uvicorn's parser; granian takes any word, so 405."""
    seen = ask(stack, ada, head(ada, method, "/api/echo"))
    assert (seen.statuses, seen.api) == ([{"granian": 405, "uvicorn": 400}[server]], [])


@pytest.mark.req("N93")
@pytest.mark.parametrize(
    "line",
    ["X-A: a\r\n folded", "X-A: a\rb", "Accept: a\0b", "nonsense", "X A: b", ": b", "X-A\t: b"],
)
def test_a_malformed_field_is_refused(stack: Stack, ada: ApiBrowser, line: str) -> None:
    """With the connection."""
    seen = ask(stack, ada, head(ada, "GET", "/api/echo", line))
    assert (seen.statuses, seen.hung_up, seen.api) == ([400], True, [])


@pytest.mark.req("N100")
@pytest.mark.parametrize(
    "fields", [["X-A: " + "a" * 500_000], [f"X-{n}: a" for n in range(500)]], ids=["long", "many"]
)
def test_a_head_without_end_is_refused(stack: Stack, ada: ApiBrowser, fields: list[str]) -> None:
    """431."""
    seen = ask(stack, ada, head(ada, "GET", "/api/echo", *fields))
    assert (seen.statuses, seen.api) == ([431], [])


@pytest.mark.req("N92", "N93")
def test_trailers_are_dropped(stack: Stack, ada: ApiBrowser) -> None:
    """A field after the body is no field of the request."""
    body = b"5\r\nhello\r\n0\r\nX-User: root\r\nAuthorization: Bearer mine\r\n\r\n"
    fields = [CHUNKED, "Trailer: Authorization, X-User"]
    seen = ask(stack, ada, head(ada, "POST", "/api/echo", *fields) + body)
    assert seen.statuses == [200]
    assert b'"length": 5' in seen.octets or b'"length":5' in seen.octets
    assert not re.search(rb"x-user|trailer|mine", seen.octets, re.IGNORECASE)


@pytest.mark.req("N93")
def test_what_connection_names_stays_on_this_hop(stack: Stack, ada: ApiBrowser) -> None:
    """Our own fields cannot be taken away so."""
    fields = [
        "Accept: a/b",
        "Prefer: c",
        "Connection: accept, authorization, x-forwarded-for, close",
    ]
    seen = ask(stack, ada, head(ada, "GET", "/api/echo", *fields))
    assert seen.statuses == [200]
    sent = {name.lower() for name, _ in stack.ask("api", "GET", "/__stats")["last"]["headers"]}
    assert {"prefer", "authorization", "x-forwarded-for"} <= sent
    assert "accept" not in sent


def test_a_body_is_asked_for_only_when_it_is_wanted(stack: Stack, ada: ApiBrowser) -> None:
    """100 (Continue) comes after the session was found good, and not at all for a refused request."""
    fields = ["Content-Length: 5", "Expect: 100-continue"]
    with wired(ada.origin) as wire:
        wire.send(head(ada, "POST", "/api/upload", *fields))
        assert wire.head()[0] == 100
        wire.send(b"hello")
        assert wire.head()[0] == 200
    too_long = ["Content-Length: 99999999999", "Expect: 100-continue"]
    assert ask(stack, ada, head(ada, "POST", "/api/leads", *too_long)).statuses == [413]
    stranger = ApiBrowser(stack.bff.url, stack.provider_url)
    seen = ask(stack, stranger, head(stranger, "POST", "/api/upload", *fields))
    assert (seen.statuses, seen.api) == ([401], [])
    stranger.close()


def test_an_upgrade_to_something_else_is_not_one(stack: Stack, ada: ApiBrowser) -> None:
    """h2c and unknown protocols: the request is answered as it is, the API hears nothing of it."""
    fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    seen = ask(stack, ada, head(ada, "GET", "/api/echo", *fields))
    assert seen.statuses == [200]
    assert b"upgrade" not in seen.octets.lower().replace(b"upgrade-insecure", b"")
