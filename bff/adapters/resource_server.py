"""Speaks to the APIs: one request out, one response back, bytes streaming both ways."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from bff.adapters.connection_pool import ConnectionPool
from bff.adapters.direct_exchange import DirectExchange
from bff.adapters.http1_connection import Connection, ConnectionStale
from bff.errors import RequestMalformed, ResourceServerResponseInvalid
from bff.resource.messages import ApiRequest, ApiResponse, Fields
from bff.resource.routes import ApiRoute, Timeouts, Upstream

SMALL_BODY = 64 * 1024
"""Bytes. A body that says it is no longer than this is read before the API is spoken to."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WITH_CONTENT = frozenset({"PATCH", "POST", "PUT"})


class HttpResourceServer:
    """The port ``ResourceServer`` over HTTP/1.1.

    Nothing is shared between users: no cookies, no redirects, no proxy settings from the
    environment, no decoding of content. Belongs to one event loop.

    Args:
        max_connections: to each origin; further requests wait their turn.
        keep_alive: seconds an unused connection is kept.
        tls: how certificates are checked; the system's authorities by default.
    """

    def __init__(
        self,
        *,
        max_connections: int = 100,
        keep_alive: float = 30.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_connections = max_connections
        self._keep_alive = keep_alive
        self._tls = tls or ssl.create_default_context()
        self._pools: dict[str, ConnectionPool] = {}
        self._targets: dict[Upstream, tuple[ConnectionPool, bytes]] = {}

    @property
    def connections(self) -> int:
        """How many are open or being opened, to all APIs together."""
        return sum(pool.open for pool in self._pools.values())

    async def send(
        self, route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        """Send one request, hand back the response head and its body as a stream.

        A request is sent a second time only if its method is safe, it has no body, and the
        connection was an old one on which nothing came back (RFC 9110, section 9.2.2; RFC 9112,
        section 9.3.1).

        Args:
            route: where to, and how long to wait.
            request: method, target and fields; ``content-length`` among them says how long the body
                is.
            body: its pieces, or None. An exception it raises comes out of here, or out of the
                response body if the response has begun.

        Raises:
            ResourceServerUnavailable: nothing was sent.
            ResourceServerTimedOut: no answer in time.
            ResourceServerResponseInvalid: the answer is not readable HTTP, or the connection broke.
            RequestMalformed: the body is shorter or longer than it said, or a field contains a line
                end.
        """
        pool, version_and_host = self._targets.get(route.upstream) or self._open(route.upstream)
        head, rest = await _written(request, version_and_host, body)
        timeouts = route.timeouts
        connection = pool.take_idle() or await pool.acquire(timeouts.connect)
        try:
            return await _exchange(connection, request.method, head, rest, timeouts)
        except ConnectionStale:
            if request.method not in _SAFE or body is not None:
                raise ResourceServerResponseInvalid("truncated") from None
        pool.close_idle()
        connection = await pool.acquire(timeouts.connect)
        try:
            return await _exchange(connection, request.method, head, None, timeouts)
        except ConnectionStale:
            raise ResourceServerResponseInvalid("truncated") from None

    def send_now(
        self, route: ApiRoute, line: bytes, lines: tuple[bytes, ...], heard: Callable[[], None]
    ) -> DirectExchange | None:
        """Send a request without a body on a connection that waits for work; None if there is none.

        Args:
            route: where to, and how long to wait.
            line: a safe method, a space, the target.
            lines: its fields as :func:`field_lines` writes them, in pieces; the last line end is
                added.
            heard: called once, when the response head is there, with its whole body if that came
                along; or when there will be none.
        """
        pool, version_and_host = self._targets.get(route.upstream) or self._open(route.upstream)
        connection = pool.take_idle()
        if connection is None:
            return None
        exchange = DirectExchange(heard)
        exchange.body = connection.begin(
            b"".join((line, version_and_host, *lines, b"\r\n\r\n")),
            exchange,
            head_only=line.startswith(b"HEAD "),
            timeouts=route.timeouts,
        )
        return exchange

    async def aclose(self) -> None:
        """Close every connection; requests under way fail."""
        for pool in self._pools.values():
            pool.close()

    def _open(self, upstream: Upstream) -> tuple[ConnectionPool, bytes]:
        """The pool of an upstream, shared by all of one origin; the end of its request lines."""
        pool = self._pools.get(upstream.origin)
        if pool is None:
            self._pools[upstream.origin] = pool = ConnectionPool(
                upstream,
                tls=self._tls,
                max_connections=self._max_connections,
                keep_alive=self._keep_alive,
            )
        target = (pool, f" HTTP/1.1\r\nhost: {upstream.authority}\r\n".encode("ascii"))
        self._targets[upstream] = target
        return target


async def _exchange(
    connection: Connection,
    method: str,
    head: bytes,
    rest: AsyncGenerator[bytes, None] | None,
    timeouts: Timeouts,
) -> ApiResponse:
    """One request on one connection."""
    known: asyncio.Future[tuple[int, Fields]] = asyncio.get_running_loop().create_future()
    body = connection.begin(head, known, head_only=method == "HEAD", timeouts=timeouts)
    if rest is not None:
        connection.upload(rest, body)
    try:
        status, fields = await known
    except BaseException:
        await body.aclose()
        raise
    return ApiResponse(status, fields, body, body.whole())


async def _written(
    request: ApiRequest, version_and_host: bytes, body: AsyncIterator[bytes] | None
) -> tuple[bytes, AsyncGenerator[bytes, None] | None]:
    """What to send at once, and what to send after it (RFC 9112, sections 3, 5 and 6)."""
    length = None
    lines = [b"%b %b%b" % (request.method.encode("ascii"), request.target, version_and_host)]
    for field in request.headers:
        if field[0] == b"content-length":
            length = int(field[1])
        lines.append(b"%b: %b\r\n" % field)
    if body is None and length is None and request.method in _WITH_CONTENT:
        lines.append(b"content-length: 0\r\n")
    elif body is not None and length is None:
        lines.append(b"transfer-encoding: chunked\r\n")
    lines.append(b"\r\n")
    head = b"".join(lines)
    # The request line and the host are two lines in one; the empty line is one. Each has one CR and
    # one LF: what is more, or a NUL, came with a field.
    if len(head) - len(head.translate(None, b"\r\n\0")) != 2 * (len(lines) + 1):
        raise RequestMalformed("header")
    if body is None:
        if length:
            raise RequestMalformed("body")
        return head, None
    if length is None:
        return head, _chunked(body)
    rest = _counted(body, length)
    if length > SMALL_BODY:
        return head, rest
    return head + b"".join([piece async for piece in rest]), None


async def _counted(pieces: AsyncIterator[bytes], length: int) -> AsyncGenerator[bytes, None]:
    """The pieces of a body, as long as its ``content-length`` says."""
    left = length
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise RequestMalformed("body")
        yield piece
    if left:
        raise RequestMalformed("body")


async def _chunked(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces of a body whose length nobody knows, in chunks (RFC 9112, section 7.1)."""
    async for piece in pieces:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
