"""Where scenarios happen: a stack of real processes, browsers for it, and what the parties counted."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from redis import Redis

from tests.chaos.redis_gate import RedisGate
from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack

SETTINGS: dict[str, object] = {
    "limits.sign_in_per_minute": 1_000_000,
    "limits.callback_per_minute": 1_000_000,
    "limits.refresh_per_minute": 1_000_000,
    "limits.refresh_per_user_per_minute": 1_000_000,
    "limits.refresh_per_address_per_minute": 1_000_000,
    "limits.backchannel_per_minute": 1_000_000,
    "refresh.forced_interval_seconds": 0,
    "refresh.jitter_seconds": 0,
    "logging.level": "warning",
}
QUICK_LEASE: dict[str, object] = {"refresh.budget_seconds": 4, "refresh.lease_seconds": 5}
"""For what is about a take-over: nobody waits a minute and a half for it."""


@dataclass(frozen=True)
class Row:
    """One line of a table: what was done, what came of it, and whether the promise held."""

    scenario: str
    figures: Mapping[str, Any]
    held: bool


@dataclass
class Ground:
    """A stack with some BFFs; the first one reaches Redis through a gate."""

    stack: Stack
    gate: RedisGate
    origins: list[str] = field(default_factory=list)
    open: list[ApiBrowser] = field(default_factory=list)

    def browsers(self) -> list[ApiBrowser]:
        """One for each BFF, all showing the same session, begun at the last, so that the first has no copy."""
        made = [ApiBrowser(origin, self.stack.provider_url) for origin in self.origins]
        self.open += made
        made[-1].sign_in()
        for other in made[:-1]:
            other.cookies, other.ref = dict(made[-1].cookies), made[-1].ref
        return made

    def with_token(self, seconds: float) -> list[ApiBrowser]:
        """Browsers of a session whose first access token lives ``seconds``; later ones live long."""
        self.good_weather()
        self.fault(fault="expires_in", seconds=seconds, count=1)
        return self.browsers()

    def past_expiry(self) -> list[ApiBrowser]:
        """Browsers of a session whose access token has just expired."""
        browsers = self.with_token(1)
        time.sleep(1.1)
        return browsers

    def fault(self, **fields: object) -> None:
        """One bad day of the provider's."""
        self.stack.ask("provider", "POST", "/__faults", fields)

    def good_weather(self) -> None:
        """No faults, no counts."""
        self.no_faults()
        self.stack.ask("provider", "DELETE", "/__stats")

    def no_faults(self) -> None:
        """What is held is let go."""
        self.stack.ask("provider", "DELETE", "/__faults")

    def stats(self) -> dict[str, Any]:
        """What the provider counted."""
        counted: dict[str, Any] = self.stack.ask("provider", "GET", "/__stats")
        return counted

    def grants(self) -> int:
        """Refresh grants since the last good weather."""
        return int(self.stats()["issued"].get("refresh_token", 0))

    def requests(self) -> int:
        """Refresh requests since the last good weather."""
        return int(self.stats()["token_requests"].get("refresh_token", 0))

    def reuse(self) -> int:
        """How often a spent refresh token came back."""
        return int(self.stats()["refresh_reuse_detected"])

    def stored(self, kind: str) -> dict[str, bytes]:
        """The keys of one kind in Redis, with the values of those that are strings."""
        with Redis(port=self.stack.redis_port) as redis:
            names = [name.decode() for name in redis.scan_iter(f"bff:{{*}}:{kind}", count=1000)]
            if kind == "session":
                return dict.fromkeys(names, b"")
            return {name: redis.get(name) or b"" for name in names}

    def leave(self, browsers: list[ApiBrowser]) -> None:
        """Close them."""
        for browser in browsers:
            browser.close()
            self.open.remove(browser)


@contextmanager
def a_ground(
    stack: Stack, bffs: int, settings: Mapping[str, object] | None = None
) -> Iterator[Ground]:
    """A started stack with ``bffs`` BFFs, all with the same settings."""
    gate = RedisGate(stack.redis_port)
    ground = Ground(stack, gate)
    for number in range(bffs):
        values = {**SETTINGS, **(settings or {})}
        if number == 0:
            values["redis.url"] = f"redis://127.0.0.1:{gate.port}"
        ground.origins.append(stack.add_bff(f"bff{number}", values).url)
    try:
        yield ground
    finally:
        for browser in ground.open:
            browser.close()
        gate.close()


def call(browser: ApiBrowser) -> tuple[int, float]:
    """One proxied call: its status, and how long it took in seconds."""
    began = time.monotonic()
    status = browser.send("GET", "/api/me").status_code
    return status, time.monotonic() - began


def calls(browsers: list[ApiBrowser], count: int) -> tuple[list[int], float]:
    """So many calls at once, spread over the processes: their statuses, and the slowest in seconds."""
    with ThreadPoolExecutor(min(count, 200)) as pool:
        answers = list(
            pool.map(call, [browsers[number % len(browsers)] for number in range(count)])
        )
    return [status for status, _ in answers], max(seconds for _, seconds in answers)


def quietly(browser: ApiBrowser) -> int:
    """A call whose process may die under it; 0 then."""
    try:
        return browser.send("GET", "/api/me").status_code
    except httpx.HTTPError:
        return 0


def until(true: Callable[[], bool], within: float, every: float = 0.05) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def until_renewed(browser: ApiBrowser, within: float, *, least: int = 1) -> bool:
    """Whether the session gets newer tokens in good weather, however long its back-off."""

    def renewed() -> bool:
        quietly(browser)
        return bool(browser.session().get("renewals", 0) >= least)

    return until(renewed, within, 0.3)
