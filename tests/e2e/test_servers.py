"""Either ASGI server: it answers, lets go what is in flight at its end, and takes a new file without dropping a call."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.frames import Close

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from tests.e2e.sockets import SOON_SECONDS, closed, opened

WITHIN_SECONDS = 60.0


@pytest.fixture(params=["granian", "uvicorn"])
def served(
    request: pytest.FixtureRequest, new_stack: Callable[..., Stack]
) -> Iterator[tuple[Stack, ApiBrowser]]:
    """One BFF behind that server, and a browser signed in."""
    stack = new_stack()
    stack._procfile["bff"] += f" --server {request.param}"
    bff = stack.add_bff("bff", {"server.drain_seconds": 20})
    browser = ApiBrowser(bff.url, stack.provider_url)
    browser.sign_in()
    yield stack, browser
    browser.close()


def test_a_call_in_flight_at_sigterm_has_its_answer(served: tuple[Stack, ApiBrowser]) -> None:
    """The server ends when the call has ended, not before, and not long after."""
    stack, browser = served
    answers: list[int] = []
    call = threading.Thread(
        target=lambda: answers.append(browser.send("GET", "/api/slow?seconds=2").status_code)
    )
    call.start()
    time.sleep(0.7)  # the call has reached the API
    _signal(stack, signal.SIGTERM)
    call.join(WITHIN_SECONDS)
    assert answers == [200]
    _ended(stack)
    assert _drained(stack) == [0]


def test_an_open_socket_is_told_at_sigterm(served: tuple[Stack, ApiBrowser]) -> None:
    """1001, so that the page comes back to a process that stays; nothing is cut."""
    stack, browser = served
    with opened(browser) as socket:
        socket.send("hello")
        assert socket.recv(timeout=SOON_SECONDS) == "hello"
        _signal(stack, signal.SIGTERM)
        assert closed(socket) == Close(1001, "bff:going_away")
    _ended(stack)
    assert _drained(stack) == [0]


def test_a_reload_goes_on_answering(served: tuple[Stack, ApiBrowser]) -> None:
    """SIGHUP under way: calls are answered before and after, then by a process that is new.

    A connection that reaches the old worker in the instant in which it closes its door may be closed
    unanswered: nothing was sent to an API then, and whoever asks again is answered.
    """
    stack, browser = served
    statuses: list[int] = []
    closed: list[str] = []
    done = threading.Event()

    def calling() -> None:
        while not done.is_set():
            try:
                answer = browser.send("GET", "/api/me", headers={"connection": "close"})
            except httpx.TransportError as error:
                closed.append(type(error).__name__)
            else:
                statuses.append(answer.status_code)

    caller = threading.Thread(target=calling)
    caller.start()
    try:
        before = len(_drained(stack))
        _signal(stack, signal.SIGHUP)
        deadline = time.monotonic() + WITHIN_SECONDS
        while len(_drained(stack)) <= before:  # the old worker has gone
            assert time.monotonic() < deadline, "the worker was not replaced"
            time.sleep(0.1)
        answered = len(statuses)
        while len(statuses) < answered + 20:  # and the new one answers
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.05)
    finally:
        done.set()
        caller.join(WITHIN_SECONDS)
    assert set(statuses) == {200}
    assert len(closed) <= len(statuses) // 10


def _ended(stack: Stack) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while stack.is_running("bff"):
        assert time.monotonic() < deadline, "it did not end"
        time.sleep(0.1)


def _signal(stack: Stack, signum: signal.Signals) -> None:
    """To the server itself, as a service manager would, not to its workers."""
    import psutil  # noqa: PLC0415

    group = stack._processes["bff"].group
    assert group is not None
    tree: list[Any] = psutil.Process(group).children(recursive=True)
    [server] = [
        member for member in tree if "serve" in member.cmdline() and _is_first(member, tree)
    ]
    os.kill(server.pid, signum)


def _is_first(member: Any, tree: list[Any]) -> bool:
    return (
        member.ppid()
        not in {other.pid for other in tree if "serve" in other.cmdline() and other.name() != "sh"}
        and member.name() != "sh"
    )


def _drained(stack: Stack) -> list[int]:
    """How many pieces of work each worker that has ended cut off."""
    lines = [line for line in stack.log("bff").splitlines() if '"drained"' in line]
    return [int(json.loads(line)["cut_off"]) for line in lines]
