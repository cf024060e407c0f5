"""Session events between real processes: told wherever the page listens, whichever process ended it."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from upstream_mocks import processes

PATIENCE_SECONDS = 15.0


class Listening:
    """One page that listens; every event with the moment it came."""

    def __init__(self, browser: ApiBrowser) -> None:
        self.events: list[tuple[str, dict[str, str | None], float]] = []
        self.status = 0
        self.over = threading.Event()
        self._browser = browser
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        browser, name = self._browser, ""
        held = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = {
            "cookie": held,
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "cors",
            "sec-fetch-dest": "empty",
        }
        url = f"{browser.origin}/bff/events"
        try:
            with httpx.stream("GET", url, headers=headers, timeout=60, trust_env=False) as answer:
                self.status = answer.status_code
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        data = json.loads(line.removeprefix("data: "))
                        self.events.append((name, data, time.monotonic()))
        finally:
            self.over.set()

    def heard(self, name: str) -> tuple[dict[str, str | None], float]:
        """What came with ``name``, and when; waits for it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for event, data, at in list(self.events):
                if event == name:
                    return data, at
            time.sleep(0.01)
        raise AssertionError(f"no {name!r} among {self.events}, status {self.status}")


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Stack, ApiBrowser, ApiBrowser]]:
    """Two processes on one Redis, and one browser's cookie shown to both."""
    stack = Stack(tmp_path_factory.mktemp("events"))
    try:
        stack.start()
        values = {"refresh.forced_interval_seconds": 0}
        origins = [stack.add_bff(name, values).url for name in ("bff", "bff2")]
        first, second = (ApiBrowser(origin, stack.provider_url) for origin in origins)
        yield stack, first, second
        first.close()
        second.close()
    finally:
        stack.end()


@pytest.mark.req("S16", "N56")
def test_a_sign_out_in_one_process_is_heard_in_the_other_within_a_second(
    two: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """A renewal first, then the end, with its reason; the stream is over and a new one is refused."""
    _, first, second = two
    first.sign_in()
    second.cookies, second.ref = dict(first.cookies), first.ref
    page = Listening(second)
    assert page.heard("hello")[0] == {"ref": first.ref, "reason": None}
    assert first.send("POST", "/bff/refresh").status_code == 200
    assert page.heard("refreshed")[0] == {"ref": first.ref, "reason": None}
    assert first.send("POST", "/bff/logout").status_code == 200
    ended_at = time.monotonic()
    data, heard_at = page.heard("ended")
    assert data == {"ref": first.ref, "reason": "signed_out"}
    assert heard_at - ended_at < 1.0
    assert page.over.wait(PATIENCE_SECONDS)
    late = Listening(second)
    assert late.over.wait(PATIENCE_SECONDS)
    assert late.status == 401


@pytest.mark.req("S16", "N57", "N111")
def test_a_back_channel_logout_is_heard_with_its_reason(
    two: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """The provider ends it; the page that only listens learns who did."""
    stack, first, _ = two
    first.sign_in("grace")
    page = Listening(first)
    page.heard("hello")
    stack.ask("provider", "POST", "/__backchannel-logout", {"sub": "grace"})
    assert page.heard("ended")[0]["reason"] == "idp_logout"


@pytest.mark.req("N53")
def test_listening_is_no_activity(two: tuple[Stack, ApiBrowser, ApiBrowser]) -> None:
    """The idle limit comes nearer while a page listens."""
    _, first, _ = two
    before = first.sign_in("alan")["idle_expires_in"]
    pages = [Listening(first) for _ in range(4)]
    for page in pages:
        page.heard("hello")
    time.sleep(1.5)  # the idle limit's own seconds, in real processes
    assert first.session()["idle_expires_in"] < before
    fifth = Listening(first)
    assert fifth.over.wait(PATIENCE_SECONDS)
    assert fifth.status == 429
    first.send("POST", "/bff/logout")
    for page in pages:
        page.heard("ended")


@pytest.mark.req("S5")
def test_open_streams_do_not_hold_up_the_end_of_a_process(
    new_stack: Callable[..., Stack],
) -> None:
    """SIGTERM: every stream ends whole, renewals are drained, and the process is gone in time."""
    stack = new_stack()
    browser = ApiBrowser(stack.add_bff().url, stack.provider_url)
    browser.sign_in()
    page = Listening(browser)
    page.heard("hello")
    bff: processes.Process = stack._processes["bff"]
    assert bff.group is not None
    os.kill(bff.group, signal.SIGTERM)
    assert page.over.wait(PATIENCE_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while bff.exit_code is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bff.exit_code is not None
    assert '"cut_off":0' in stack.log("bff")
    browser.close()
