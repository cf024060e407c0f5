"""Connections that break: a Litestar application whose handlers may hang up on the client.

A handler raises :class:`ConnectionDropped`, or a raw ASGI handler awaits :func:`hang_up`, and the
client sees the socket close, before any byte of an answer or in the middle of one. Under uvicorn
that is a real socket; in process, through httpx.ASGITransport, it is the exception that httpx
raises for one.
"""

from typing import Any

import httpx
from litestar import Litestar, Request, Response
from litestar.types import (
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)

CONNECTION = "mock.connection"


class ConnectionDropped(Exception):
    """Raised by a handler: close the connection, answer nothing."""


class Connection:
    """One exchange as the server sees it: passes messages on until somebody hangs up."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        # uvicorn's ``send`` is a method of the object that holds the socket.
        self._transport = getattr(getattr(send, "__self__", None), "transport", None)
        self.closed = False

    async def send(self, message: Message) -> None:
        """To the server, unless the connection was closed."""
        if not self.closed:
            await self._send(message)

    async def hang_up(self) -> None:
        """Close the socket once what was sent has left it."""
        self.closed = True
        if self._transport is not None:
            self._transport.close()
            while not (await self._receive())["type"].endswith(".disconnect"):
                continue

    def require_open(self) -> None:
        """Raises httpx.RemoteProtocolError if it was closed and there is no socket to tell by."""
        if self.closed and self._transport is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


class BreakableLitestar(Litestar):
    """Litestar whose connections may be closed without an answer."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        exchange: Any = scope
        connection = Connection(receive, send)  # type: ignore[arg-type]  # no lifespan any more
        exchange.setdefault("state", {})[CONNECTION] = connection
        await super().__call__(scope, receive, connection.send)
        connection.require_open()


async def hang_up(scope: Scope) -> None:
    """Close the connection that ``scope`` belongs to; whatever is sent afterwards is lost."""
    connection: Connection = scope["state"][CONNECTION]
    await connection.hang_up()


class _HangUp(Response[bytes]):
    """An answer that closes the connection instead."""

    def to_asgi_response(self, *_args: Any, **_kwargs: Any) -> Any:  # noqa: ANN401 - as Litestar's
        """What Litestar calls as an ASGI application."""
        return _hang_up


async def _hang_up(scope: Scope, receive: Receive, send: Send) -> None:
    del receive, send
    await hang_up(scope)


def drop(_request: Request[Any, Any, Any], _exception: ConnectionDropped) -> Response[bytes]:
    """The exception handler for ConnectionDropped."""
    return _HangUp(b"")
