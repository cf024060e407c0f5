"""What one forwarded request costs with five clients, side by side: CPU microseconds of this process.

    .cache/bench/python/bin/python -m tests.benchmarks.clients [rounds]

The same raw server in a second process, the same request fields, 1 KB answers read whole, 16 at a
time; rounds interleaved. Nothing else of a proxied call is done. Runs in the peers' Python, which has
all five (``python -m tests.benchmarks install``).
"""

import multiprocessing
import statistics
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any

import uvloop

from bff.adapters.resource_server import HttpResourceServer
from bff.resource.messages import ApiRequest, outgoing_headers
from bff.resource.routes import ApiRoute, Upstream
from tests.benchmarks.forwarding import FORWARDED, INCOMING, TOKEN, measure, serve

REQUESTS, CONNECTIONS = 3_200, 16
Call = Callable[[], Awaitable[int]]


async def _httpx(url: str, fields: list[tuple[str, str]], stack: AsyncExitStack) -> Call:
    httpx = import_module("httpx")
    client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))

    async def call() -> int:
        return len((await client.get(url, headers=fields)).content)

    return call


async def _httpx_over_aiohttp(
    url: str, fields: list[tuple[str, str]], stack: AsyncExitStack
) -> Call:
    httpx = import_module("httpx")
    transport = import_module("httpx_aiohttp").AiohttpTransport()
    client = await stack.enter_async_context(
        httpx.AsyncClient(trust_env=False, transport=transport)
    )

    async def call() -> int:
        return len((await client.get(url, headers=fields)).content)

    return call


async def _aiohttp(url: str, fields: list[tuple[str, str]], stack: AsyncExitStack) -> Call:
    aiohttp = import_module("aiohttp")
    session = await stack.enter_async_context(
        aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
    )

    async def call() -> int:
        async with session.get(url, headers=fields, allow_redirects=False) as answer:
            return len(await answer.read())

    return call


async def _pyreqwest(url: str, fields: list[tuple[str, str]], stack: AsyncExitStack) -> Call:
    builder = import_module("pyreqwest.client").ClientBuilder()
    client = await stack.enter_async_context(builder.no_proxy().follow_redirects(False).build())

    async def call() -> int:
        answer = await client.get(url).headers(fields).build().send()
        return len(await answer.bytes())

    return call


async def _by_hand(url: str, fields: list[tuple[str, str]], stack: AsyncExitStack) -> Call:
    host, _, port = url.split("/")[2].partition(":")
    route = ApiRoute(
        name="api", prefix="/api", upstream=Upstream("http", host, int(port)), methods=("GET",)
    )
    api = HttpResourceServer()
    stack.push_async_callback(api.aclose)
    pairs = [(name.encode(), value.encode()) for name, value in fields]

    async def call() -> int:
        answer = await api.send(route, ApiRequest("GET", b"/leads/7", pairs), None)
        return len(answer.complete or b"")

    return call


CLIENTS: dict[str, Callable[[str, list[tuple[str, str]], AsyncExitStack], Awaitable[Call]]] = {
    "httpx": _httpx,
    "httpx over aiohttp": _httpx_over_aiohttp,
    "aiohttp": _aiohttp,
    "pyreqwest": _pyreqwest,
    "asyncio + httptools, by hand (in use)": _by_hand,
}


async def run(port: int, rounds: int) -> None:
    """Print the table."""
    route = ApiRoute(
        name="api", prefix="/api", upstream=Upstream("http", "127.0.0.1", port), methods=("GET",)
    )
    sent = outgoing_headers(INCOMING, route, authorization=b"Bearer " + TOKEN, forwarded=FORWARDED)
    fields = [(name.decode(), value.decode()) for name, value in sent]
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    async with AsyncExitStack() as stack:
        calls: dict[str, Any] = {
            name: await made(f"http://127.0.0.1:{port}/leads/7", fields, stack)
            for name, made in CLIENTS.items()
        }
        for number in range(rounds):
            for name, call in calls.items():
                figures[name].append(await measure(call, REQUESTS, CONNECTIONS))
                print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
    print("| client | CPU µs per request, median | rounds | elapsed µs |\n|---|--:|--:|--:|")
    for name, measured in figures.items():
        cpu, elapsed = zip(*measured, strict=True)
        middle = f"{statistics.median(cpu):.0f} | {min(cpu):.0f}-{max(cpu):.0f}"
        print(f"| {name} | {middle} | {statistics.median(elapsed):.0f} |")


def main() -> None:
    """Start the API, measure, stop it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        uvloop.run(run(here.recv(), int(sys.argv[1]) if len(sys.argv) > 1 else 5))
    finally:
        here.close()
        process.join(5)


if __name__ == "__main__":
    main()
