"""The page's end of a WebSocket, over ASGI events as servers send them."""

from pathlib import Path
from typing import Any

import pytest

from bff.app import create_app
from bff.endpoints.websocket import Page, how_it_ends
from bff.errors import (
    BffError,
    ContentTooLarge,
    ResourceServerResponseInvalid,
    SessionExpired,
    SessionRequired,
)
from bff.resource.sockets import LOST, Close, SocketClosed
from bff.settings.read import load_settings

ROOT = Path(__file__).parents[2]
ORIGIN = b"http://localhost:8700"
OURS = [(b"host", b"localhost:8700"), (b"origin", ORIGIN), (b"sec-fetch-site", b"same-origin")]


class Server:
    """What stands between the app and the page: hands over events, keeps those it is given."""

    def __init__(self, *events: dict[str, Any], fails: Exception | None = None) -> None:
        self.events = [{"type": "websocket.connect"}, *events]
        self.sent: list[dict[str, Any]] = []
        self.fails = fails

    async def receive(self) -> dict[str, Any]:
        return self.events.pop(0)

    async def send(self, event: dict[str, Any]) -> None:
        if self.fails is not None:
            raise self.fails
        self.sent.append(event)


async def handshake(
    path: bytes, headers: list[tuple[bytes, bytes]], *, extension: bool = True
) -> list[dict[str, Any]]:
    """What the whole app answers; its Redis is away."""
    text = (ROOT / "bff.toml").read_text().replace("8730", "1")
    settings, _ = load_settings(text, {}, lambda name: name)
    server = Server()
    scope = {
        "type": "websocket",
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}} if extension else {},
    }
    await create_app(settings)(scope, server.receive, server.send)
    return server.sent


@pytest.mark.req("N48")
@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (b"/api/ws", OURS, 401, b"session_required"),
        (b"/api/ws", OURS[:1], 403, b"csrf_failed"),
        (b"/api/ws", [*OURS[:1], (b"origin", b"https://evil.example")], 403, b"csrf_failed"),
        (b"/api/ws", [(b"host", b"evil.example"), *OURS[1:]], 400, b"request_malformed"),
        (b"/api/me", OURS, 404, b"route_not_found"),
        (b"/bff/session", OURS, 404, b"route_not_found"),
    ],
)
async def test_a_refused_handshake_has_an_honest_status(
    path: bytes, headers: list[tuple[bytes, bytes]], status: int, code: bytes
) -> None:
    """And the same code as a call; no field twice, which one server cannot send here."""
    start, body = await handshake(path, headers)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert dict(start["headers"])[b"bff-error"] == code
    assert len(dict(start["headers"])) == len(start["headers"])
    assert code in body["body"]


async def test_a_server_that_cannot_say_why_says_403() -> None:
    """By closing before accepting."""
    assert await handshake(b"/api/ws", OURS, extension=False) == [
        {"type": "websocket.close", "code": 1008}
    ]


async def test_messages_and_the_end_as_servers_tell_them() -> None:
    """Text and bytes, with and without the other key; codes that are missing."""
    server = Server(
        {"type": "websocket.receive", "text": "a", "bytes": None},
        {"type": "websocket.receive", "bytes": b"b"},
        {"type": "websocket.receive", "text": "12345678901"},
        {"type": "websocket.disconnect", "code": 1001, "reason": None},
    )
    page = Page(server.receive, server.send, limit=10)
    await server.receive()
    assert [await page.receive(), await page.receive()] == ["a", b"b"]
    with pytest.raises(ContentTooLarge):
        await page.receive()
    with pytest.raises(SocketClosed) as closed:
        await page.receive()
    assert closed.value.close == Close(1001)
    await page.close(Close(1000))
    assert server.sent == []


@pytest.mark.parametrize("error", [RuntimeError("closed"), OSError("gone"), TimeoutError()])
async def test_a_page_that_is_gone_is_gone(error: Exception) -> None:
    """However the server says it; closing it is then no news."""
    server = Server(fails=error)
    page = Page(server.receive, server.send, limit=10)
    with pytest.raises(SocketClosed) as closed:
        await page.send("x")
    assert closed.value.close == LOST
    await page.close(Close(1000))
    other = Page(server.receive, server.send, limit=10)
    await other.close(Close(1000))
    assert other.gone


@pytest.mark.parametrize(
    ("ending", "close"),
    [
        (Close(3000, "x"), Close(3000, "x")),
        (LOST, Close(1000)),
        (SessionRequired("signed_out"), Close(4401, "bff:session_required")),
        (SessionExpired("idle"), Close(4401, "bff:session_expired")),
        (ContentTooLarge(1), Close(1009, "bff:content_too_large")),
        (ResourceServerResponseInvalid("truncated"), Close(1011, "bff:upstream_broken")),
    ],
)
def test_every_ending_has_its_code(ending: Close | BffError, close: Close) -> None:
    """Those of the API pass, ours say why."""
    assert how_it_ends(ending) == close
