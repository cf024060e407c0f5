"""A WebSocket as a page of the app opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

from tests.e2e.api_browser import ApiBrowser

PATIENCE_SECONDS = 20.0
SOON_SECONDS = 10.0


@contextmanager
def opened(
    browser: ApiBrowser, path: str = "/api/ws", **options: Any
) -> Iterator[ClientConnection]:
    """A socket of the page's."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    fields = {"Origin": browser.origin, "Cookie": cookies, "Sec-Fetch-Site": "same-origin"}
    fields |= options.pop("fields", {})
    with connect(
        browser.origin.replace("http", "ws", 1) + path,
        additional_headers={name: value for name, value in fields.items() if value},
        open_timeout=PATIENCE_SECONDS,
        proxy=None,
        **options,
    ) as socket:
        yield socket


def closed(socket: ClientConnection) -> Close:
    """How the other side closed, within a moment."""
    close: Close | None = None
    while close is None:
        try:
            socket.recv(timeout=SOON_SECONDS)
        except ConnectionClosed as error:
            close = error.rcvd or Close(1006, "")
    return close
