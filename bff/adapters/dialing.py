"""A connected socket to whichever address of a host answers first (RFC 8305, "happy eyeballs").

uvloop tries one address after the other, and the first that swallows what is sent to it takes all
the time there is.
"""

import asyncio
import itertools
import socket
from collections.abc import Iterable
from typing import Any

APART_SECONDS = 0.25
"""So long after the last one the next address is tried, or at once when the last one failed (section 5)."""

Address = tuple[socket.AddressFamily, Any]


async def dial(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """Connect. OSError when no address can be found, or none answers: what the last of them said."""
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    waiting = in_turn((family, address) for family, _, _, _, address in infos)
    trying: set[asyncio.Task[socket.socket]] = set()
    failed: BaseException | None = None
    try:
        while waiting or trying:
            if waiting:
                trying.add(loop.create_task(_connected(loop, *waiting.pop(0))))
            done, trying = await asyncio.wait(
                trying,
                timeout=APART_SECONDS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            connected = [attempt.result() for attempt in done if attempt.exception() is None]
            for spare in connected[1:]:
                spare.close()
            if connected:
                return connected[0]
            if done:
                failed = done.pop().exception()
        raise failed or OSError(f"{host}: no address")
    finally:
        await _give_up(trying)


def in_turn(addresses: Iterable[Address]) -> list[Address]:
    """In the resolver's order, but families alternate (section 4)."""
    families: dict[socket.AddressFamily, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    rounds = itertools.zip_longest(*families.values())
    return [address for one in rounds for address in one if address is not None]


async def _connected(
    loop: asyncio.AbstractEventLoop,
    family: socket.AddressFamily,
    address: Any,  # noqa: ANN401  by family
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _give_up(trying: set[asyncio.Task[socket.socket]]) -> None:
    """Nobody needs these; one may have come through at this moment."""
    for attempt in trying:
        attempt.cancel()
    for late in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(late, socket.socket):
            late.close()
