"""What is done to real processes, and what must hold all the same. Each scenario returns one row of the table."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from redis import Redis

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack

SETTINGS: dict[str, object] = {
    "limits.sign_in_per_minute": 1_000_000,
    "limits.refresh_per_minute": 1_000_000,
    "refresh.forced_interval_seconds": 0,
    "refresh.jitter_seconds": 0,
    "logging.level": "warning",
}


@dataclass
class Row:
    """One line of the table: what was done, what came of it, and whether the promise held."""

    scenario: str
    figures: dict[str, Any]
    held: bool


@dataclass
class Field:
    """A stack with some BFFs, and browsers for them."""

    stack: Stack
    origins: list[str] = field(default_factory=list)
    open: list[ApiBrowser] = field(default_factory=list)

    def browsers(self) -> list[ApiBrowser]:
        """One for each BFF, all showing the same session, begun at the first."""
        made = [ApiBrowser(origin, self.stack.provider_url) for origin in self.origins]
        self.open += made
        made[0].sign_in()
        for other in made[1:]:
            other.cookies, other.ref = dict(made[0].cookies), made[0].ref
        return made

    def fault(self, **fields: object) -> None:
        """One bad day of the provider's."""
        self.stack.ask("provider", "POST", "/__faults", fields)

    def good_weather(self) -> None:
        """No faults, no counts."""
        self.stack.ask("provider", "DELETE", "/__faults")
        self.stack.ask("provider", "DELETE", "/__stats")

    def grants(self) -> int:
        """Refresh grants since the last good weather."""
        return int(self.stats()["issued"].get("refresh_token", 0))

    def stats(self) -> dict[str, Any]:
        """What the provider counted."""
        counted: dict[str, Any] = self.stack.ask("provider", "GET", "/__stats")
        return counted


@contextmanager
def a_field(start: Callable[[], Stack], bffs: int, **settings: object) -> Iterator[Field]:
    """A stack of its own for one scenario."""
    stack = start()
    ground = Field(stack)
    for number in range(bffs):
        ground.origins.append(stack.add_bff(f"bff{number}", {**SETTINGS, **settings}).url)
    try:
        yield ground
    finally:
        for browser in ground.open:
            browser.close()


def calls(browsers: list[ApiBrowser], count: int) -> tuple[list[int], float]:
    """So many calls at once, spread over the processes: their statuses, and the slowest in seconds."""

    def one(number: int) -> tuple[int, float]:
        began = time.monotonic()
        status = browsers[number % len(browsers)].send("GET", "/api/me").status_code
        return status, time.monotonic() - began

    with ThreadPoolExecutor(min(count, 200)) as pool:
        answers = list(pool.map(one, range(count)))
    return [status for status, _ in answers], max(seconds for _, seconds in answers)


def storm(ground: Field, expiries: int, at_once: int) -> Row:
    """Every expiry of a short token met by many calls at once, at several processes."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=3)
    browsers, failed, slowest = ground.browsers(), 0, 0.0
    for _ in range(expiries):
        time.sleep(3.05)
        statuses, seconds = calls(browsers, at_once)
        failed += sum(status != 200 for status in statuses)
        slowest = max(slowest, seconds)
    grants, reuse = ground.grants(), ground.stats()["refresh_reuse_detected"]
    figures = {"expiries": expiries, "calls": expiries * at_once, "grants": grants, "reuse": reuse,
               "failed": failed, "slowest s": round(slowest, 2)}  # fmt: skip
    return Row(
        f"{at_once} calls at each expiry", figures, (grants, reuse, failed) == (expiries, 0, 0)
    )


def bad_provider(ground: Field, name: str, lasts: float, **fault: object) -> Row:
    """Calls while the provider has a bad time and the token is valid: none waits, none fails; then it renews."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=3 * lasts + 30, count=1)
    browsers = ground.browsers()
    time.sleep(2 * lasts + 20.5)
    ground.fault(**fault)
    failed, slowest, until = 0, 0.0, time.monotonic() + lasts
    while time.monotonic() < until:
        statuses, seconds = calls(browsers, len(browsers))
        failed += sum(status != 200 for status in statuses)
        slowest = max(slowest, seconds)
        time.sleep(0.2)
    ground.stack.ask("provider", "DELETE", "/__faults")
    renewed = until_renewed(browsers[0])
    reuse = ground.stats()["refresh_reuse_detected"]
    figures = {
        "lasted s": lasts,
        "failed": failed,
        "slowest s": round(slowest, 2),
        "renewed": renewed,
        "reuse": reuse,
    }
    return Row(name, figures, failed == 0 and renewed and reuse == 0)


def soon_is_not_slower(ground: Field) -> Row:
    """Fifty calls in quiet, fifty while a slow renewal runs in the background: nobody waits for it."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=45, count=1)
    browsers = ground.browsers()
    calls(browsers, 50)
    quiet = sorted(calls(browsers, 50)[1] for _ in range(5))
    time.sleep(31 - 2)
    ground.fault(fault="slow", seconds=8, grant="refresh_token", count=1)
    time.sleep(1)
    soon, statuses = [], set()
    for _ in range(5):
        answered, seconds = calls(browsers, 50)
        soon.append(seconds)
        statuses |= set(answered)
    renewing = browsers[0].session()["token"]
    figures = {
        "quiet median of slowest s": round(quiet[2], 3),
        "renewing median of slowest s": round(sorted(soon)[2], 3),
        "state": renewing,
        "grants meanwhile": ground.grants(),
    }
    held = statuses == {200} and renewing == "renewing" and sorted(soon)[2] <= max(quiet) * 1.5
    return Row("calls while a renewal takes 8 s", figures, held)


def until_renewed(browser: ApiBrowser, within: float = 100.0) -> bool:
    """Whether the session gets newer tokens in good weather, however long its back-off."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        browser.send("GET", "/api/me")
        if browser.session().get("renewals", 0) >= 1:
            return True
        time.sleep(0.5)
    return False


def killed(ground: Field, step: str, after: float, expected: str, **fault: object) -> Row:
    """Kill -9 of the process that renews, at one step; another process takes over after the lease."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=1, count=1)
    browsers = ground.browsers()
    time.sleep(1.1)
    if fault:
        ground.fault(grant="refresh_token", count=1, **fault)
    with ThreadPoolExecutor(1) as pool:
        dying = pool.submit(quietly, browsers[0])
        time.sleep(after)
        ground.stack.kill("bff0")
        dying.result()
    ground.stack.ask("provider", "DELETE", "/__faults")
    deadline, status, error = time.monotonic() + 40, 0, ""
    while time.monotonic() < deadline and status not in {200, 401}:
        answer = browsers[1].send("GET", "/api/me")
        status, error = answer.status_code, answer.headers.get("bff-error", "")
        time.sleep(0.25)
    outcome = "survived" if status == 200 else f"ended: {error}"
    ground.stack.restart("bff0")
    return Row(f"kill -9 {step}", {"outcome": outcome, "expected": expected}, outcome == expected)


def quietly(browser: ApiBrowser) -> None:
    """A call whose process may die under it."""
    try:
        browser.send("GET", "/api/me")
    except httpx.HTTPError:
        return


def lost_answer(ground: Field) -> Row:
    """The provider rotates and the connection breaks: tried once more, ended with its reason, never a loop."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=1, count=1)
    browsers = ground.browsers()
    time.sleep(1.1)
    ground.fault(fault="drop_after_grant", grant="refresh_token", count=1)
    deadline, error = time.monotonic() + 30, ""
    while time.monotonic() < deadline and error != "reauth_required":
        error = browsers[-1].send("GET", "/api/me").headers.get("bff-error", "none")
        time.sleep(0.25)
    asked = ground.stats()["token_requests"]["refresh_token"]
    return Row(
        "answer lost after the grant",
        {"ended": error, "requests": asked},
        (error, asked) == ("reauth_required", 2),
    )


def pause_redis(stack: Stack) -> None:
    """SIGSTOP for three seconds."""
    stack.pause("redis")
    time.sleep(3)
    stack.resume("redis")


def restart_redis(stack: Stack) -> None:
    """Kill -9, and two seconds without it."""
    stack.kill("redis")
    time.sleep(2)
    stack.restart("redis")


def refuse_writes(stack: Stack) -> None:
    """Reads answer, writes fail, for three seconds: as after a failover without replicas."""
    with Redis(port=stack.redis_port) as redis:
        redis.config_set("min-replicas-to-write", 1)
        time.sleep(3)
        redis.config_set("min-replicas-to-write", 0)


HURTS: dict[str, Callable[[Stack], None]] = {
    "paused": pause_redis,
    "restarted": restart_redis,
    "refusing writes": refuse_writes,
}


def redis_hurt(ground: Field, how: str) -> Row:
    """Redis stops or restarts while new tokens are on their way to it; the session lives on."""
    ground.good_weather()
    ground.fault(fault="expires_in", seconds=1, count=1)
    browsers = ground.browsers()
    time.sleep(2.1)  # past the token's life and one fsync
    ground.fault(fault="slow", seconds=1, grant="refresh_token", count=1)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(quietly, browsers[0])
        time.sleep(0.4)
        HURTS[how](ground.stack)
        asking.result()
    renewed = until_renewed(browsers[-1], 40)
    stats = ground.stats()
    figures = {
        "renewed": renewed,
        "grants": ground.grants(),
        "reuse": stats["refresh_reuse_detected"],
    }
    return Row(f"Redis {how} during a refresh", figures, renewed and figures["reuse"] == 0)


def logout_race(ground: Field, rounds: int, *, back_channel: bool) -> Row:
    """Sign-out and refresh at the same moment, at different processes: never a resurrection."""
    ground.good_weather()
    risen = 0
    for number in range(rounds):
        browsers = ground.browsers()
        with ThreadPoolExecutor(2) as pool:
            renewing = pool.submit(browsers[0].send, "POST", "/bff/refresh")
            time.sleep((number % 10) / 1000)
            if back_channel:
                ending: Any = pool.submit(
                    ground.stack.ask, "provider", "POST", "/__backchannel-logout", {"sub": "ada"}
                )
            else:
                ending = pool.submit(browsers[1].send, "POST", "/bff/logout")
            renewing.result()
            ending.result()
        for browser in browsers:
            risen += browser.send("GET", "/api/me").status_code == 200
            browser.close()
    how = "back-channel logout" if back_channel else "sign-out"
    return Row(f"{how} racing refresh", {"rounds": rounds, "resurrections": risen}, risen == 0)
