"""Speaks WebSocket to the APIs (RFC 6455), over the library ``websockets``.

Its connection is used without its ``connect``, which would follow redirects, use proxies that the
environment names, and log header fields.
"""

import asyncio
import logging
import ssl
from contextlib import suppress

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Close as CloseFrame
from websockets.frames import CloseCode
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from bff.errors import (
    ResourceServerResponseInvalid,
    ResourceServerTimedOut,
    ResourceServerUnavailable,
)
from bff.resource.messages import ApiRequest
from bff.resource.routes import ApiRoute
from bff.resource.sockets import LOST, TOO_BIG, Close, Message, Refusal, SocketClosed

CLOSE_SECONDS = 1.0
"""How long an API may take to answer a close."""

_SILENT = logging.getLogger("bff.api_sockets")
# At DEBUG the library would write every header field down. A filter, because a configuration of
# logging, such as an ASGI server's own, makes a disabled logger speak again.
_SILENT.addFilter(lambda _record: False)


class WebSocketApi:
    """The port ``SocketServer``.

    Args:
        message_limit: octets of one message from an API.
        heartbeat: seconds between two pings, and how long an API may take to answer one.
        tls: how certificates are checked; the system's authorities by default.
    """

    def __init__(
        self, *, message_limit: int, heartbeat: float = 20.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._message_limit = message_limit
        self._heartbeat = heartbeat
        self._tls = tls or ssl.create_default_context()

    async def open(
        self, route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> "OpenSocket | Refusal":
        """Make the handshake; no redirect is followed, no proxy asked."""
        connection = await self._connected(route, request, subprotocols)
        fields = [
            (name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers
        ]
        try:
            async with asyncio.timeout(route.timeouts.first_byte):
                await connection.handshake(fields, user_agent_header=None)
        except InvalidStatus as refused:
            connection.transport.abort()
            headers = refused.response.headers.raw_items()
            return Refusal(
                refused.response.status_code,
                [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            )
        except TimeoutError:
            connection.transport.abort()
            raise ResourceServerTimedOut from None
        except (InvalidHandshake, ConnectionClosed, OSError, EOFError):
            connection.transport.abort()
            raise ResourceServerResponseInvalid("handshake") from None
        except BaseException:
            connection.transport.abort()
            raise
        connection.start_keepalive()
        return OpenSocket(connection)

    async def _connected(
        self, route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> ClientConnection:
        upstream = route.upstream
        secure = upstream.scheme == "https"
        path, _, query = request.target.decode("ascii").partition("?")
        uri = WebSocketURI(secure, upstream.host, upstream.port, path, query)

        def made() -> ClientConnection:
            protocol = ClientProtocol(
                uri,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                max_size=self._message_limit,
                logger=_SILENT,
            )
            return ClientConnection(
                protocol,
                ping_interval=self._heartbeat,
                ping_timeout=self._heartbeat,
                close_timeout=CLOSE_SECONDS,
                max_queue=4,
            )

        try:
            async with asyncio.timeout(route.timeouts.connect):
                _, connection = await asyncio.get_running_loop().create_connection(
                    made,
                    upstream.host,
                    upstream.port,
                    ssl=self._tls if secure else None,
                    server_hostname=upstream.host if secure else None,
                )
        except OSError as error:  # TimeoutError and ssl.SSLError among them
            raise ResourceServerUnavailable from error
        return connection


class OpenSocket:
    """The port ``ApiSocket`` over one connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def subprotocol(self) -> str | None:
        """As the API chose."""
        return self._connection.subprotocol

    async def receive(self) -> Message:
        """One message, reassembled."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise SocketClosed(_how(closed)) from None

    async def send(self, message: Message) -> None:
        """One message, in one frame."""
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise SocketClosed(_how(closed)) from None

    async def close(self, close: Close) -> None:
        """Say goodbye, then hang up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close(close.code, close.reason)
        self._connection.transport.abort()


def _how(closed: ConnectionClosed) -> Close:
    """What the API said; or that its message was too long; or that it broke off."""
    said: CloseFrame | None = closed.rcvd
    if said is not None:
        return Close(int(said.code), said.reason)
    if closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
        return Close(TOO_BIG)
    return LOST
