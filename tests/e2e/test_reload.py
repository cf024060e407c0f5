"""SIGHUP under traffic: every call is answered, whoever answers it."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from tests.e2e.signals import reload
from tests.e2e.steady import Caller, traffic

RELOADS = 3


@pytest.fixture(params=[("uvicorn", 1), ("uvicorn", 2), ("granian", 1)], ids=str)
def served(
    request: pytest.FixtureRequest, new_stack: Callable[..., Stack]
) -> Iterator[tuple[Stack, ApiBrowser, int]]:
    """A BFF behind either server, and a browser signed in."""
    server, workers = request.param
    stack = new_stack()
    stack._procfile["bff"] += f" --server {server}"
    bff = stack.add_bff("bff", {"server.drain_seconds": 20, "server.workers": workers})
    browser = ApiBrowser(bff.url, stack.provider_url)
    browser.sign_in()
    yield stack, browser, workers
    browser.close()


def test_a_reload_fails_no_call(served: tuple[Stack, ApiBrowser, int]) -> None:
    """Kept connections, bodies, a stream, a WebSocket, connections that were silent: nobody is cut, nobody refused.

    Clients do what HTTP/1.1 asks of them and no more (:mod:`tests.e2e.steady`). None of them has to
    ask twice, because a connection is closed after an answer that says so.
    """
    stack, browser, workers = served
    with traffic(browser) as seen:
        for _ in range(RELOADS):
            silent = [Caller(browser, seen, f"silent {number}") for number in range(4)]
            ask_all(silent)
            time.sleep(0.5)
            reload(stack, workers, partial(ask_all, silent))
            for caller in silent:
                caller.close()
    assert seen.failures == []
    assert seen.asked_again == 0
    assert seen.answers > 500
    assert seen.renewed >= 6 * RELOADS
    assert seen.greetings >= RELOADS


def ask_all(callers: list[Caller]) -> None:
    """One call of each."""
    for caller in callers:
        caller.ask("GET", "/api/me")
