"""What forwarding one request costs: CPU microseconds of this process, per request.

    python tests/benchmarks/forwarding.py [requests] [connections]

A raw server in a second process answers at once with about 1 KB or 1 MB of JSON; this process sends
through the adapter with every pure step of a proxied call around it: match the route, write the
headers out and back, watch for the token. Front and session are not measured. CPU time is the
stable figure on a noisy machine; elapsed time is printed beside it.
"""

import asyncio
import base64
import multiprocessing
import multiprocessing.connection
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

from bff.adapters.resource_server import HttpResourceServer
from bff.resource.leak import LeakGuard, readable
from bff.resource.messages import ApiRequest, Forwarded, outgoing_headers
from bff.resource.returned import returning_headers
from bff.resource.routes import ApiRoute, RouteTable, Upstream

SMALL = b'{"id":7,"name":"Ada Lovelace","event":"analytical-engine","state":"new"}' * 12
LARGE = b'{"id":7,"name":"Ada Lovelace","event":"analytical-engine"},' * 17_000
TOKEN = b"eyJhbGciOiJSUzI1NiJ9." + base64.urlsafe_b64encode(bytes(range(256)) * 3)
INCOMING = [
    (b"host", b"localhost:8700"),
    (b"connection", b"keep-alive"),
    (b"sec-ch-ua", b'"Chromium";v="156"'),
    (b"bff-session", b"s_7Q2mKp0aTQm1bq3x5v9yZA"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"),
    (b"accept", b"application/json"),
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-mode", b"cors"),
    (b"sec-fetch-dest", b"empty"),
    (b"referer", b"http://localhost:8700/leads"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"en-GB,en;q=0.9"),
    (b"cookie", b"__Host-Http-bff=" + b"x" * 90),
]
FORWARDED = Forwarded("203.0.113.7", "localhost:8700", "http", "req_0123456789abcdef")


class RawApi(asyncio.Protocol):
    """Answers every request head with the same bytes; request bodies are not expected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """One answer per head."""
        body = LARGE if b"/large" in data else SMALL
        head = (
            b"HTTP/1.1 200 OK\r\ndate: Mon, 23 Nov 2026 22:00:00 GMT\r\nserver: raw\r\n"
            b'content-type: application/json\r\netag: "7"\r\ncontent-length: %d\r\n\r\n' % len(body)
        )
        for _ in range(data.count(b"\r\n\r\n")):
            self._transport.write(head + body)  # type: ignore[attr-defined]


def serve(report: multiprocessing.connection.Connection) -> None:
    """Run the API until the other end of the pipe is closed."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(RawApi, "127.0.0.1", 0)
        report.send(server.sockets[0].getsockname()[1])
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(report.fileno(), gone.set)
        await gone.wait()
        server.close()

    uvloop.run(main())


Call = Callable[[], Awaitable[int]]


def forwarding(table: RouteTable, api: HttpResourceServer, target: bytes, *, guarded: bool) -> Call:
    """A proxied call without its front: answers the bytes of body."""
    authorization = b"Bearer " + TOKEN

    async def call() -> int:
        route, path = table.match("GET", target)
        fields = outgoing_headers(INCOMING, route, authorization=authorization, forwarded=FORWARDED)
        response = await api.send(route, ApiRequest("GET", path, fields), None)
        returning = returning_headers(response.headers, route)
        guard = LeakGuard(TOKEN) if guarded and readable(returning) else None
        if guard is not None:
            guard.check_headers(returning)
        if response.complete is not None:
            if guard is not None:
                return len(guard.feed(response.complete)) + len(guard.finish())
            return len(response.complete)
        size = 0
        async for piece in response.body:
            size += len(piece) if guard is None else len(guard.feed(piece))
        return size if guard is None else size + len(guard.finish())

    return call


async def measure(call: Call, requests: int, connections: int) -> tuple[float, float]:
    """CPU and elapsed microseconds per request."""

    async def client(share: int) -> None:
        for _ in range(share):
            await call()

    await asyncio.gather(*[client(20) for _ in range(connections)])
    cpu, elapsed = time.process_time(), time.perf_counter()
    await asyncio.gather(*[client(requests // connections) for _ in range(connections)])
    done = requests // connections * connections
    return (
        (time.process_time() - cpu) / done * 1e6,
        (time.perf_counter() - elapsed) / done * 1e6,
    )


async def run(port: int, requests: int, connections: int) -> None:
    """Print the table."""
    upstream = Upstream("http", "127.0.0.1", port)
    table = RouteTable([ApiRoute(name="api", prefix="/api", upstream=upstream, methods=("GET",))])
    api = HttpResourceServer()
    print("| call | leak guard | CPU µs/request | elapsed µs/request |")
    print("|---|---|--:|--:|")
    for round_ in range(3):
        for name, target, share in (("small", b"/api/leads/7", 1), ("1 MB", b"/api/large", 25)):
            for guarded in (False, True):
                call = forwarding(table, api, target, guarded=guarded)
                cpu, elapsed = await measure(call, requests // share, connections)
                guard = "on" if guarded else "off"
                print(f"| {name}, round {round_ + 1} | {guard} | {cpu:.0f} | {elapsed:.0f} |")
    await api.aclose()


def main() -> None:
    """Start the API, measure, stop it."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        uvloop.run(run(here.recv(), requests, connections))
    finally:
        here.close()
        process.join(5)


if __name__ == "__main__":
    main()
