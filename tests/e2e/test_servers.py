"""Either ASGI server: it answers, and lets go what is in flight at its end."""

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.frames import Close

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from tests.e2e.signals import WITHIN_SECONDS, drained, ended, send
from tests.e2e.sockets import SOON_SECONDS, closed, opened


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
    send(stack, signal.SIGTERM)
    call.join(WITHIN_SECONDS)
    assert answers == [200]
    ended(stack)
    assert drained(stack) == [0]


def test_an_open_socket_is_told_at_sigterm(served: tuple[Stack, ApiBrowser]) -> None:
    """1001, so that the page comes back to a process that stays; nothing is cut."""
    stack, browser = served
    with opened(browser) as socket:
        socket.send("hello")
        assert socket.recv(timeout=SOON_SECONDS) == "hello"
        send(stack, signal.SIGTERM)
        assert closed(socket) == Close(1001, "bff:going_away")
    ended(stack)
    assert drained(stack) == [0]
