"""A running stack, a browser that is pointed at it, and a canary in every test that opens a page.

Everything here is synchronous, and so is every test of this tier: Playwright's synchronous
interface owns the event loop.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.canary import Canary
from tests.e2e.processes import ROOT, Stack
from upstream_mocks.provider.canary import code_in, found_in

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET_BROWSER = [
    "--no-sandbox",  # tests may run as root in a container; only our own pages are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)  # what comes true late on a busy machine has come true

STACKS = pytest.StashKey[list[Stack]]()
LEAK_TEST = ROOT / ".cache/leak-test.json"
"""What the posture page shows of the last run (bff.settings.surface.LeakTest)."""
WATCHED = pytest.StashKey[list[tuple[int, int]]]()
"""Of each test that opened a page: how many things the browser saw, in how many something was found."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium: CHROMIUM, or the first on the PATH; else Playwright's own."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    system = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **system, "args": QUIET_BROWSER}


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stack]:
    """Redis, the provider, the API and one BFF, for the whole run."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    request.config.stash.setdefault(STACKS, []).append(running)
    try:
        running.start()
        # Every test signs in for itself, all from one address.
        running.add_bff(
            values={
                "limits.sign_in_per_minute": 6000,  # every test signs in, all from one address
                "limits.callback_per_minute": 6000,
            }
        )
        yield running
    finally:
        running.end()


@pytest.fixture
def new_stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Stack]]:
    """Makes stacks for a test that means to hurt them; each is started, and has no BFF yet."""
    everywhere = request.config.stash.setdefault(STACKS, [])
    made: list[Stack] = []

    def start(**options: str) -> Stack:
        running = Stack(tmp_path_factory.mktemp("stack"), **options)
        made.append(running)
        everywhere.append(running)
        running.start()
        return running

    try:
        yield start
    finally:
        for running in made:
            running.end()
            everywhere.remove(running)


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    """``page.goto("/")`` opens the first BFF."""
    return stack.bff.url


@pytest.fixture
def canary(
    browser: Browser, new_context: object, request: pytest.FixtureRequest
) -> Iterator[Canary]:
    """Watches every context of the test; fails it when the browser saw what it must never see.

    Asks for ``new_context`` so as to look before the contexts are closed.
    """
    del new_context
    watcher = Canary(marks=found_in, codes=code_in)
    browser.on("context", watcher.watch)
    yield watcher
    browser.remove_listener("context", watcher.watch)
    for context in browser.contexts:
        watcher.look(context)
    for unread in watcher.unread:
        print(f"the canary could not read the body of {unread}")
    found = list(watcher.findings())
    watched = request.config.stash.setdefault(WATCHED, [])
    watched.append((len(watcher.sights), len(found)))
    assert watcher.sights, "the browser saw nothing: the canary was not watching"
    assert found == []


@pytest.fixture(autouse=True)
def _canary_in_every_page(request: pytest.FixtureRequest) -> None:
    """No browser test without its canary."""
    if {"page", "context", "new_context", "browser"} & set(request.fixturenames):
        request.getfixturevalue("canary")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What the canary found in all tests together, for the posture page."""
    watched = session.config.stash.get(WATCHED, [])
    if watched:
        record = {
            "at": time.time(),
            "version": version("cookie-bff"),
            "tests": len(watched),
            "sights": sum(sights for sights, _ in watched),
            "findings": sum(findings for _, findings in watched),
        }
        LEAK_TEST.parent.mkdir(exist_ok=True)
        LEAK_TEST.write_text(json.dumps(record) + "\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows the end of every process's log."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.failed:
        for running in item.config.stash.get(STACKS, []):
            for name, text in running.logs().items():
                report.sections.append((f"log of {name}", text))
    return report  # type: ignore[return-value]
