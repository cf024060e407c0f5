"""httpx's transport to the provider, over the same kind of connection that carries API calls.

httpx's own was nearly a quarter of what a renewal costs, in more and longer steps of the event loop;
and its code is cold whenever a renewal comes, while this is run by every call.
"""

from collections.abc import AsyncIterator

import httpx

from bff.adapters.resource_server import HttpResourceServer
from bff.errors import (
    RequestMalformed,
    ResourceServerResponseInvalid,
    ResourceServerTimedOut,
    ResourceServerUnavailable,
)
from bff.resource.messages import ApiRequest, Body
from bff.resource.routes import ApiRoute, Timeouts, Upstream

CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 600.0
"""Within which a connection must be open; and until which, at most, whoever asks may wait for a word: it has a limit of its own."""

KEEP_ALIVE_SECONDS = 5.0
"""How long an unused connection is kept: a token request on one that the provider closes at that moment may not be repeated."""

_STANDARD_PORT = {"http": 80, "https": 443}


class ProviderTransport(httpx.AsyncBaseTransport):
    """Speaks HTTP/1.1, reads no environment, keeps no cookie, tries nothing twice but a GET on a connection found dead."""

    def __init__(self, *, max_connections: int) -> None:
        """``max_connections``: to each origin. Certificates are checked as httpx does."""
        tls = httpx.create_ssl_context(trust_env=False)
        tls.set_alpn_protocols(["http/1.1"])
        self._server = HttpResourceServer(
            max_connections=max_connections, keep_alive=KEEP_ALIVE_SECONDS, tls=tls
        )
        self._routes: dict[tuple[str, bytes, int | None], ApiRoute] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, with the body it has in memory; the response's is streamed.

        Raises httpx.ConnectError when nothing was sent, httpx.TransportError else.
        """
        asked = ApiRequest(request.method, request.url.raw_path, _fields(request))
        content = request.content
        try:
            answer = await self._server.send(
                self._route(request.url), asked, _once(content) if content else None
            )
        except ResourceServerUnavailable as error:
            raise httpx.ConnectError("no connection") from error
        except RequestMalformed as error:
            raise httpx.LocalProtocolError("malformed") from error
        except ResourceServerTimedOut as error:
            raise httpx.ReadTimeout("silence") from error
        except ResourceServerResponseInvalid as error:
            raise httpx.RemoteProtocolError(error.check) from error
        return httpx.Response(answer.status, headers=answer.headers, stream=_Answered(answer.body))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._server.aclose()

    def _route(self, url: httpx.URL) -> ApiRoute:
        place = url.scheme, url.raw_host, url.port
        route = self._routes.get(place)
        if route is None:
            if url.scheme not in _STANDARD_PORT:
                raise httpx.UnsupportedProtocol(url.scheme)
            upstream = Upstream(
                "https" if url.scheme == "https" else "http",
                url.raw_host.decode("ascii"),
                url.port or _STANDARD_PORT[url.scheme],
            )
            self._routes[place] = route = ApiRoute(
                name="provider",
                prefix="/provider",
                upstream=upstream,
                methods=("GET", "POST"),
                timeouts=Timeouts(CONNECT_SECONDS, SILENCE_SECONDS, SILENCE_SECONDS),
            )
        return route


class _Answered(httpx.AsyncByteStream):
    """A response's body, with httpx's word for what breaks it."""

    def __init__(self, body: Body) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                yield piece
        except ResourceServerTimedOut as error:
            raise httpx.ReadTimeout("silence") from error
        except ResourceServerResponseInvalid as error:
            raise httpx.RemoteProtocolError(error.check) from error

    async def aclose(self) -> None:
        await self._body.aclose()


def _fields(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    """As they are written, but ``Host``, which goes with the request line."""
    lower = ((name.lower(), value) for name, value in request.headers.raw)
    return [field for field in lower if field[0] != b"host"]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
