"""WebSockets through real processes, and once through a real browser."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from websockets.exceptions import InvalidStatus
from websockets.frames import Close
from websockets.typing import Subprotocol

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from tests.e2e.sockets import PATIENCE_SECONDS, SOON_SECONDS, closed, opened
from tests.e2e.wire import Memory


@pytest.fixture
def ada(stack: Stack) -> Iterator[ApiBrowser]:
    """Signed in."""
    browser = ApiBrowser(stack.bff.url, stack.provider_url)
    browser.sign_in()
    yield browser
    browser.close()


def refused(browser: ApiBrowser, path: str = "/api/ws", **options: Any) -> tuple[int, str]:
    """Status and code of a handshake that is not accepted."""
    with pytest.raises(InvalidStatus) as error, opened(browser, path, **options):
        pytest.fail("it was accepted")
    response = error.value.response
    return response.status_code, response.headers.get("bff-error", "")


def eventually(true: Callable[[], bool]) -> None:
    """Within a generous time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def in_flight(stack: Stack) -> int:
    """How many requests and sockets the API has."""
    return int(stack.ask("api", "GET", "/__stats")["in_flight"])


@pytest.mark.req("N48", "N87", "N91", "N92")
def test_messages_go_both_ways_and_the_api_gets_an_honest_handshake(
    stack: Stack, ada: ApiBrowser
) -> None:
    """Text, binary, empty, large; the bearer token in its field, no cookie, no page's claims."""
    spoofed = {"Authorization": "Bearer mine", "X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6"}
    with opened(ada, "/api/ws?room=7", fields=spoofed) as socket:
        for message in ("grüße", b"\0\1\2", "", b"", "x" * 1_000_000, bytes(1_000_000)):
            socket.send(message)
            assert socket.recv(timeout=SOON_SECONDS) == message
        seen = stack.ask("api", "GET", "/__stats")["last"]
    fields = dict(seen["headers"])
    assert (seen["path"], seen["query"]) == ("/ws", "room=7")
    assert fields["authorization"].startswith("Bearer ")
    assert "cookie" not in fields
    assert fields["x-forwarded-for"] == "127.0.0.1"
    assert fields["forwarded"].startswith("for=127.0.0.1;")


def test_pings_are_answered(ada: ApiBrowser) -> None:
    """By the process that holds the page's end."""
    with opened(ada) as socket:
        assert socket.ping().wait(SOON_SECONDS)


@pytest.mark.parametrize("code", [1000, 3000, 4999])
def test_the_apis_close_code_reaches_the_page(ada: ApiBrowser, code: int) -> None:
    """And its reason."""
    with opened(ada) as socket:
        socket.send(f"close:{code}")
        assert closed(socket) == Close(code, "as asked")


def test_the_page_closes_and_the_api_learns_of_it(stack: Stack, ada: ApiBrowser) -> None:
    """Nothing is left behind."""
    before = in_flight(stack)
    with opened(ada) as socket:
        assert in_flight(stack) == before + 1
        socket.close(4000, "done")
    eventually(lambda: in_flight(stack) == before)


def test_a_page_that_vanishes_takes_its_socket_along(stack: Stack, ada: ApiBrowser) -> None:
    """Without a goodbye."""
    before = in_flight(stack)
    with opened(ada) as socket:
        eventually(lambda: in_flight(stack) == before + 1)
        socket.socket.close()
    eventually(lambda: in_flight(stack) == before)


def test_the_api_chooses_among_the_subprotocols(ada: ApiBrowser) -> None:
    """The pin is ours: no API sees it, and it is chosen only if nothing else was offered."""
    pin = Subprotocol(f"bff-session.{ada.ref}")
    chat, other = Subprotocol("chat.v2"), Subprotocol("chat.v1")
    with opened(ada, subprotocols=[pin, chat, other]) as socket:
        assert socket.subprotocol == chat
    with opened(ada, subprotocols=[pin]) as socket:
        assert socket.subprotocol == pin
    assert refused(ada, subprotocols=[Subprotocol("bff-session.s_other")]) == (
        409,
        "session_changed",
    )


@pytest.mark.req("N48", "N45")
@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"Origin": "https://evil.example"}, (403, "csrf_failed")),
        ({"Origin": ""}, (403, "csrf_failed")),
        ({"Origin": "null"}, (403, "csrf_failed")),
        ({"Sec-Fetch-Site": "cross-site"}, (403, "csrf_failed")),
        ({"Sec-Fetch-Site": "same-site"}, (403, "csrf_failed")),
        ({"Cookie": ""}, (401, "session_required")),
    ],
)
def test_a_handshake_that_is_not_ours_is_refused(
    stack: Stack, ada: ApiBrowser, fields: dict[str, str], answer: tuple[int, str]
) -> None:
    """Before the API hears of it."""
    before = stack.ask("api", "GET", "/__stats")["requests"].get("GET /ws", 0)
    assert refused(ada, fields=fields) == answer
    assert stack.ask("api", "GET", "/__stats")["requests"].get("GET /ws", 0) == before


@pytest.mark.req("N88", "N89")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/me", 404), ("/api/nothing", 404), ("/bff/session", 404), ("/", 404)]
    + [(path, 400) for path in ("/api/ws/%2e%2e/me", "/api//ws", "/api/ws/;x")],
)
def test_only_a_route_that_says_so_opens_sockets(ada: ApiBrowser, path: str, status: int) -> None:
    """Anything else has no socket to offer."""
    assert refused(ada, path)[0] == status


def test_what_the_api_refuses_is_refused(stack: Stack, ada: ApiBrowser) -> None:
    """With its status."""
    fault = {"fault": "status", "status": 418, "count": 1, "path": "/ws"}
    stack.ask("api", "POST", "/__faults", fault)
    assert refused(ada)[0] == 418


@pytest.mark.req("N48")
@pytest.mark.parametrize("end", ["signed out", "ended by the provider"])
def test_a_socket_ends_with_its_session(stack: Stack, ada: ApiBrowser, end: str) -> None:
    """Within about a second, with a code that says so; the API's side is closed, too."""
    before = in_flight(stack)
    with opened(ada) as socket:
        socket.send("hello")
        assert socket.recv(timeout=SOON_SECONDS) == "hello"
        if end == "signed out":
            ada.send("POST", "/bff/logout")
            expected = Close(4401, "bff:session_required")
        else:
            stack.ask("provider", "POST", "/__backchannel-logout", {"sub": "ada"})
            expected = Close(4401, "bff:session_revoked")
        assert closed(socket) == expected
    eventually(lambda: in_flight(stack) == before)


@pytest.mark.req("N68")
def test_a_token_in_a_message_is_stopped(stack: Stack, ada: ApiBrowser) -> None:
    """The socket ends before the page sees it."""
    with opened(ada) as socket:
        socket.send("leak")
        assert closed(socket) == Close(1011, "bff:upstream_leak")
    eventually(lambda: '"audit":"token_leak_stopped"' in stack.log("bff"))


def test_a_message_beyond_the_limit_ends_the_socket(ada: ApiBrowser) -> None:
    """Either way: 1009."""
    with opened(ada) as socket:
        socket.send("x" * 1_048_577)
        assert closed(socket).code == 1009
    with opened(ada, max_size=None) as socket:
        socket.send("push:1:1048577")
        assert closed(socket).code == 1009


@pytest.mark.req("N100")
def test_a_page_that_does_not_read_holds_the_api_back(stack: Stack, ada: ApiBrowser) -> None:
    """A gigabyte of messages that nobody reads stays where it is made."""
    memory = Memory(stack.group("bff"))
    with opened(ada, max_queue=1) as socket:
        socket.send("push:10000:100000")
        for _ in range(30):
            assert ada.send("GET", "/api/me").status_code == 200
        assert memory.grown() < 64 * 1024 * 1024
        for _ in range(100):
            assert len(socket.recv(timeout=SOON_SECONDS)) == 100_000
        socket.socket.close()


@pytest.mark.req("N98", "N100")
def test_a_session_has_so_many_sockets_and_no_more(ada: ApiBrowser) -> None:
    """Sixteen, unless set; a place that is left is free again."""
    held = [opened(ada) for _ in range(16)]
    for socket in held:
        socket.__enter__()
    try:
        assert refused(ada) == (429, "rate_limited")
        held.pop().__exit__(None, None, None)
        eventually(lambda: _opens(ada))
    finally:
        for socket in held:
            socket.__exit__(None, None, None)


def _opens(browser: ApiBrowser) -> bool:
    try:
        with opened(browser):
            return True
    except InvalidStatus:
        return False


def test_a_process_that_ends_says_so(new_stack: Callable[..., Stack]) -> None:
    """1001, so that the page comes back to one that stays."""
    stack = new_stack()
    stack.add_bff()
    browser = ApiBrowser(stack.bff.url, stack.provider_url)
    browser.sign_in()
    with opened(browser) as socket:
        socket.send("hello")
        assert socket.recv(timeout=SOON_SECONDS) == "hello"
        stack.stop("bff")
        assert closed(socket) == Close(1001, "bff:going_away")
    browser.close()


IN_THE_PAGE = """([path, origin]) => new Promise((resolve) => {
  const told = [];
  const socket = new WebSocket(origin.replace('http', 'ws') + path, ['chat.v2']);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => { socket.send('hello'); socket.send(new Uint8Array([1, 2, 3])); };
  socket.onmessage = (event) => {
    told.push(typeof event.data === 'string' ? event.data : [...new Uint8Array(event.data)]);
    if (told.length === 2) fetch('/bff/logout', {method: 'POST', headers: {'BFF-Session': 'any'}});
  };
  socket.onclose = (event) =>
    resolve({told, protocol: socket.protocol, code: event.code, reason: event.reason});
})"""


@pytest.mark.req("N48")
def test_a_page_in_a_real_browser(page: Page, stack: Stack) -> None:
    """Opens one, talks, signs out, and is told."""
    page.goto("/bff/login?return_to=/")
    page.get_by_role("button", name="Ada").first.click()
    page.wait_for_url(f"{stack.bff.url}/**")
    told = page.evaluate(IN_THE_PAGE, ["/api/ws", stack.bff.url])
    assert told == {
        "told": ["hello", [1, 2, 3]],
        "protocol": "chat.v2",
        "code": 4401,
        "reason": "bff:session_required",
    }
