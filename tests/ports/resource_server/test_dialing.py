"""Of several addresses, one that answers is found, whatever the others do."""

import asyncio
import socket
from typing import Any

import pytest

from bff.adapters import dialing
from bff.adapters.dialing import dial, in_turn
from tests.ports.resource_server.scripted_api import OK, PATIENCE, ScriptedApi, Serve, answering

pytestmark = pytest.mark.req("N87")

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def deaf() -> Any:
    """An address that swallows what is sent to it: a queue of one, which is full."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(address)
            waiting.append(one)
        yield address
        for one in waiting:
            one.close()


class Resolver:
    """The running event loop, for which every name stands for the addresses given."""

    def __init__(self, *addresses: Any) -> None:
        loop = asyncio.get_running_loop()
        self.create_task, self.sock_connect = loop.create_task, loop.sock_connect
        self._addresses = addresses

    async def getaddrinfo(self, *_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(V4, socket.SOCK_STREAM, 0, "", address) for address in self._addresses]


async def dialed(*addresses: Any) -> socket.socket:
    """The socket to a host of these addresses."""
    loop: Any = Resolver(*addresses)
    async with asyncio.timeout(PATIENCE):
        return await dial(loop, "api.example", 443)


def refusing() -> tuple[str, int]:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address: tuple[str, int] = gone.getsockname()
    return address


def at(api: ScriptedApi) -> tuple[str, int]:
    """Where an API listens."""
    return "127.0.0.1", api.port


async def test_an_address_that_refuses_is_passed_over(api: Serve) -> None:
    """At once."""
    served = await api(answering(OK))
    with await dialed(refusing(), at(served)) as sock:
        assert sock.getpeername() == at(served)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_address_that_says_nothing_is_not_waited_for(
    api: Serve, deaf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next is tried beside it."""
    monkeypatch.setattr(dialing, "APART_SECONDS", 0.01)
    served = await api(answering(OK))
    with await dialed(deaf, at(served)) as sock:
        assert sock.getpeername() == at(served)


async def test_the_last_refusal_is_told() -> None:
    """And a name that stands for nothing."""
    with pytest.raises(ConnectionRefusedError):
        await dialed(refusing(), refusing())
    with pytest.raises(OSError, match=r"^api.example: no address$"):
        await dialed()


async def test_who_leaves_leaves_no_attempt_behind(deaf: Any) -> None:
    """Their sockets are closed."""
    before = asyncio.all_tasks()
    dialling = asyncio.create_task(dialed(deaf))
    while len(asyncio.all_tasks() - before) < 2:  # noqa: ASYNC110  no event tells
        await asyncio.sleep(0)
    dialling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialling
    assert asyncio.all_tasks() == before


def test_families_alternate() -> None:
    """In the resolver's order (RFC 8305, section 4)."""
    given = [(V6, 1), (V6, 2), (V6, 3), (V4, 4), (V4, 5)]
    assert in_turn(given) == [(V6, 1), (V4, 4), (V6, 2), (V4, 5), (V6, 3)]
    assert in_turn([]) == []
