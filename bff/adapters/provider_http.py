"""One request to the provider, one bounded answer: no cookie jar, no redirects, no second try here.

The transport is called directly: an ``httpx.AsyncClient`` would carry cookies from one user's call
to the next.
"""

import asyncio
from collections.abc import Callable, Iterable

import httpx
import msgspec

from bff.errors import ProviderUnavailable

MAX_ANSWER_OCTETS = 1024 * 1024

OWN_HEADERS = (("accept-encoding", "identity"), ("user-agent", "cookie-bff"))

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)

_OUTCOMES = {2: "ok", 3: "ok", 4: "refused"}


class Answer(msgspec.Struct, frozen=True):
    """What came back, whatever its status."""

    status: int
    content_type: str | None
    retry_after: str | None
    body: bytes
    date: str | None = None

    def __repr__(self) -> str:
        """The status: a body may be tokens."""
        return f"Answer(status={self.status})"


class Exchange(msgspec.Struct, frozen=True):
    """How one request went: at which endpoint, and within how many seconds.

    ``outcome`` is ``ok``, ``refused`` (4xx), ``failed`` (5xx), or what became of the connection:
    ``connect``, ``timeout``, ``broke``, ``too_long``, ``cancelled``. ``date`` is the field of that name;
    ``status`` 0: there was no answer.
    """

    endpoint: str
    outcome: str
    seconds: float
    date: str | None = None
    method: str = "GET"
    status: int = 0


Heard = Callable[[Exchange], None]


class ProviderHttp:
    """Sends requests over ``transport``, at most ``concurrency`` at a time.

    Each of ``listeners`` hears of each exchange when it is over; they must return at once.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, *, concurrency: int) -> None:
        """Take over ``transport``; :meth:`aclose` closes it."""
        self.listeners: list[Heard] = []
        self._transport = transport
        self._slots = asyncio.Semaphore(concurrency)

    async def get(
        self, endpoint: str, url: str, headers: Iterable[tuple[str, str]], *, deadline: float
    ) -> Answer:
        """A safe request: whatever becomes of it, the provider did not act (RFC 9110, 9.2.1).

        ``deadline`` is in the event loop's own time. Raises ProviderUnavailable.
        """
        return await self._send(endpoint, self._request("GET", url, headers), deadline)

    async def post(
        self,
        endpoint: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        deadline: float,
    ) -> Answer:
        """Send a body, once. Raises ProviderUnavailable, ``sent`` unless nothing can have left."""
        return await self._send(endpoint, self._request("POST", url, headers, body), deadline)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _request(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes | None = None
    ) -> httpx.Request:
        return httpx.Request(
            method,
            url,
            headers=[*OWN_HEADERS, *headers],
            content=body,
        )

    async def _send(self, endpoint: str, request: httpx.Request, deadline: float) -> Answer:
        began, sent, answer, outcome = _time(), False, None, "cancelled"
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                began, sent = _time(), request.method != "GET"
                answer = await self._exchange(endpoint, request, sent=sent)
                outcome = _OUTCOMES.get(answer.status // 100, "failed")
                return answer
        except NEVER_SENT:
            outcome = "connect"
            raise ProviderUnavailable(f"{endpoint}: connect", sent=False) from None
        except TimeoutError:
            outcome = "timeout"
            raise ProviderUnavailable(f"{endpoint}: timeout", sent=sent) from None
        except httpx.TransportError:
            outcome = "broke"
            raise ProviderUnavailable(f"{endpoint}: connection broke", sent=sent) from None
        except ProviderUnavailable:
            outcome = "too_long"
            raise
        finally:
            date, status = (answer.date, answer.status) if answer else (None, 0)
            seconds = _time() - began
            self._tell(Exchange(endpoint, outcome, seconds, date, request.method, status))

    def _tell(self, exchange: Exchange) -> None:
        for listener in self.listeners:
            listener(exchange)

    async def _exchange(self, endpoint: str, request: httpx.Request, *, sent: bool) -> Answer:
        response = await self._transport.handle_async_request(request)
        stream, body = response.stream, bytearray()
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101  the transport is asynchronous
        try:
            async for chunk in stream:
                body += chunk
                if len(body) > MAX_ANSWER_OCTETS:
                    raise ProviderUnavailable(f"{endpoint}: answer too long", sent=sent)
        finally:
            await response.aclose()
        return Answer(
            response.status_code,
            response.headers.get("content-type"),
            response.headers.get("retry-after"),
            bytes(body),
            response.headers.get("date"),
        )


def _time() -> float:
    return asyncio.get_running_loop().time()
