"""Connections that break: a Litestar application whose handlers may hang up on the client.

A handler raises :class:`ConnectionDropped`, or a raw ASGI handler awaits :func:`hang_up`, and the
client sees the socket close, before any byte of an answer or in the middle of one. Under uvicorn
that is a real socket; in process, through httpx.ASGITransport, it is the exception that httpx raises
for one.
"""

from typing import Any

import httpx
from litestar import Litestar, Request, Response
from litestar.types import Message, Receive, Scope, Send

HANG_UP = "mock.hang_up"


class ConnectionDropped(Exception):
    """Raised by a handler: close the connection, answer nothing."""


class Connection:
    """One exchange as the server sees it: passes messages on until somebody hangs up."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.closed = False

    async def send(self, message: Message) -> None:
        """To the server, unless the connection was closed."""
        if not self.closed:
            await self._send(message)

    async def hang_up(self) -> None:
        """Close the socket once what was sent has left it.

        Raises httpx.RemoteProtocolError where there is no socket.
        """
        self.closed = True
        # uvicorn's ``send`` is a method of the object that holds the socket.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            return
        transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            continue

    @property
    def in_process(self) -> bool:
        """Whether there is no socket to close."""
        return getattr(getattr(self._send, "__self__", None), "transport", None) is None


class BreakableLitestar(Litestar):
    """Litestar whose connections may be closed without an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        connection = Connection(receive, send)
        scope.setdefault("state", {})[HANG_UP] = connection
        await super().__call__(scope, receive, connection.send)
        if connection.closed and connection.in_process:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


async def hang_up(scope: Scope) -> None:
    """Close the connection that ``scope`` belongs to; whatever is sent afterwards is lost."""
    connection: Connection = scope["state"][HANG_UP]
    await connection.hang_up()


class _HangUp(Response[bytes]):
    """An answer that closes the connection instead."""

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> Any:
        """What Litestar calls as an ASGI application."""
        del args, kwargs

        async def close(scope: Scope, receive: Receive, send: Send) -> None:
            del receive, send
            await hang_up(scope)

        return close


def drop(_request: Request[Any, Any, Any], _exception: ConnectionDropped) -> Response[bytes]:
    """The exception handler for ConnectionDropped."""
    return _HangUp(b"")
