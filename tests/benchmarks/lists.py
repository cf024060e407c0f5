"""How long each list of the review API takes with a hundred thousand sessions and a million events.

    python -m tests.benchmarks.lists [--sessions N] [--events N] [--folder DIR] [--only-fill]

The whole product in processes of their own, asked over HTTP by a signed-in reviewer. What was filled
is kept in DIR and used again. Prints a table of each list, filter and page, and what memory it took.
"""

import argparse
import asyncio
import base64
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from redis import Redis
from redis.exceptions import RedisError

from bff.settings.read import load_settings
from tests.benchmarks.lists_census import census
from tests.benchmarks.lists_commands import commands
from tests.benchmarks.lists_load import DAYS, fill
from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from upstream_mocks.redis_server import redis_executable

API, FIRST_PORT, TARGET_MS, TIMES = "/bff/console/api", 38_700, 200.0, 9
STANDSTILL_SECONDS = 60.0
SESSIONS = {
    "everything": "",
    "state active": "state=active",
    "state idle": "state=idle",
    "state stuck": "state=stuck",
    "state renewing": "state=renewing",
    "one user": "subject=user-4242",
    "a common browser": "agent=Chrome+on+Windows",
    "a rare browser": "agent=curl",
    "a common network": "address=203.0.113.0%2F24",
    "a rare network": "address=198.52.17.0%2F24",
    "started within the hour": "started_after={hour_ago}",
    "search: a reference": "q=s_0000000000000000050000",
    "search: a name": "q=grace+number+77",
    "search: nothing like it": "q=nothing-like-it",
    "search: half of them": "q=chrome",
    "idle and a browser": "state=idle&agent=Chrome+on+Windows",
    "stuck and a browser": "state=stuck&agent=Chrome+on+Windows",
    "network and a browser": "address=203.0.113.0%2F24&agent=Firefox+on+Linux",
    "oldest first": "sort=started",
    "last seen first": "sort=-seen",
    "by user": "sort=subject",
    "least time left": "sort=access_left",
    "most renewals": "sort=-refreshes",
    "idle, last seen first": "state=idle&sort=-seen",
    "a browser, most renewals": "agent=Chrome+on+Windows&sort=-refreshes",
}
REFRESHES = {
    "last day": "after=-24h",
    "last 7 days": "after=-7d",
    "renewed": "outcome=renewed&after=-7d",
    "failed": "outcome=failed&after=-7d",
    "unknown": "outcome=unknown&after=-7d",
    "refused": "outcome=refused&after=-7d",
    "one session": "ref=s_0000000000000000000077&after=-7d",
    "one user": "subject=user-77&after=-7d",
    "one user, failed": "subject=user-77&outcome=failed&after=-7d",
}
AUDIT = {
    "everything": "",
    "one event": "event:session_renewed",
    "two events": "event:session_renewed event:authn_login_fail",
    "denied": "outcome:denied",
    "warnings since an hour": "severity:warning after:-1h",
    "one reason": "reason:admin",
    "event and reason": "event:session_ended reason:admin",
    "event and outcome": "event:session_renewal_failed outcome:error",
    "all but one event": "-event:session_renewed",
    "one session": "ref:s_0000000000000000000077",
    "one user": "subject:user-77",
    "one actor, busy": "actor:ada",
    "busy actor and event": "actor:ada event:authz_admin",
    "one network": "ip:198.52.17.0/24",
    "one request": "request:req_0000000000000000400000",
    "user and event": "subject:user-77 event:session_ended",
    "network and event": "ip:198.52.17.0/24 event:malicious_csrf",
    "user and network": "subject:user-77 ip:198.52.13.0/24",
    "a window": "after:-3d before:-2d",
    "event in a window": "event:session_ended after:-3d before:-2d",
    "a word, common": "admin",
    "a word, rare": "nothing-like-it",
    "word and event": "event:session_ended user-77",
}
ALERTS = {
    "open": "",
    "all": "status=all",
    "closed": "status=closed",
    "one rule": "rule=handle_replayed&status=all",
    "one user": "subject=user-77&status=all",
    "one session": "ref=s_0000000000000000000077&status=all",
}
LOOKS = {
    "overview": "overview",
    "plots, a day": "refreshes/plots?after=-24h",
    "plots, 7 days": "refreshes/plots?after=-7d",
    "plots of one user": "refreshes/plots?after=-7d&subject=user-77",
    "a session": "sessions/s_0000000000000000050000",
    "a session that ended": "sessions/s_0000000000000000099999",
    "a user": "user?subject=user-77",
    "chain": "audit/chain",
    "search: a request": "search?q=req_0000000000000000400000",
    "search: a user": "search?q=user-77",
    "search: nobody": "search?q=nobody-of-this-name",
}


def paths() -> Iterator[tuple[str, str, str]]:
    """List, filter, path with its query."""
    hour_ago = f"{time.time() - 3600:.0f}"
    for name, query in SESSIONS.items():
        yield "sessions", name, f"sessions?{query.format(hour_ago=hour_ago)}"
    for name, query in REFRESHES.items():
        yield "refreshes", name, f"refreshes?{query}"
    for name, query in AUDIT.items():
        yield (
            "audit",
            name,
            f"audit?q={query.replace(' ', '+').replace(':', '%3A').replace('/', '%2F')}",
        )
    for name, query in ALERTS.items():
        yield "alerts", name, f"alerts?{query}"


class Reviewer:
    """Ada, who asks and measures."""

    def __init__(self, browser: ApiBrowser) -> None:
        """Signed in already."""
        self.browser = browser
        self.failed: list[str] = []

    def ask(self, path: str) -> tuple[float, dict[str, Any]]:
        """Milliseconds, answer."""
        began = time.perf_counter()
        answer = self.browser.send("GET", f"{API}/{path}", headers={"bff-background": "1"})
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            self.failed.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            return took, {"rows": [], "next": None, "total": -1, "exact": False}
        return took, answer.json()

    def several(self, path: str) -> tuple[list[float], dict[str, Any]]:
        """``TIMES`` times; the last answer."""
        times: list[float] = []
        body: dict[str, Any] = {}
        for _ in range(TIMES):
            took, body = self.ask(path)
            times.append(took)
        return times, body

    def pages(self, path: str, middle: str | None) -> list[tuple[list[float], dict[str, Any]]]:
        """The first page, one in the middle, the last one that can be walked to in thirty steps."""
        joined = f"{path}&cursor="
        first = self.several(path)
        cursors, at = [], middle or first[1]["next"]
        for _ in range(30):
            if at is None:
                break
            cursors.append(at)
            at = self.ask(joined + at)[1]["next"]
        if not cursors:
            return [first]
        chosen = (cursors[0] if middle else cursors[len(cursors) // 2], cursors[-1])
        return [first, *(self.several(joined + cursor) for cursor in chosen)]


def middle_of(path: str, redis: Redis) -> str | None:
    """A cursor half way through the long lists, where one can be made."""
    if path.startswith("audit?q=") and "ref" not in path and "request" not in path:
        half = int((time.time() - DAYS * 43_200) * 1000)
        return f"{half}-0"
    if path == "sessions?":
        found: Any = redis.zrange("bff:live:{0.0}:began", 3_000, 3_000, withscores=True)
        if found:
            place = json.dumps({"began": int(found[0][1]), "key": found[0][0].decode()}).encode()
            return base64.urlsafe_b64encode(place).decode().rstrip("=")
    return None


def measure(reviewer: Reviewer, redis: Redis, *, lists: bool = True) -> float:
    """The tables; the slowest answer."""
    print("| list | filter | total | first, ms | middle, ms | last, ms | slowest |")
    print("|---|---|--:|--:|--:|--:|--:|")
    slowest = 0.0
    for kind, name, path in paths() if lists else [("sessions", "everything", "sessions?")]:
        pages = reviewer.pages(path, middle_of(path, redis))
        cells = [f"{statistics.median(times):.0f}" for times, _ in pages]
        cells += ["-"] * (3 - len(cells))
        most = max(max(times) for times, _ in pages)
        slowest = max(slowest, most)
        first = pages[0][1]
        total = f"{first['total']:,}{'' if first['exact'] else ' or more'}"
        over = " **over**" if most > TARGET_MS else ""
        print(f"| {kind} | {name} | {total} | {' | '.join(cells)} | {most:.0f}{over} |", flush=True)
    print("\n| page | ms | slowest |\n|---|--:|--:|")
    for name, path in LOOKS.items():
        times, _ = reviewer.several(path)
        slowest = max(slowest, *times)
        print(f"| {name} | {statistics.median(times):.0f} | {max(times):.0f} |", flush=True)
    return slowest


def resident(stack: Stack) -> int:
    """Octets that the BFF's processes have for themselves."""
    top = psutil.Process(stack.group("bff"))
    return sum(one.memory_full_info().uss for one in [top, *top.children(recursive=True)])


class PatientStack(Stack):
    """Waits for a Redis that reads its file for as long as it comes forward."""

    def wait_ready(self, name: str) -> None:
        """As any stack, once Redis has read its file. RuntimeError if that stands still for a minute."""
        if name == "redis":
            self._wait_loaded()
        super().wait_ready(name)

    def _wait_loaded(self) -> None:
        read, moved = -1, time.monotonic()
        with Redis(port=self.redis_port, socket_timeout=5) as redis:
            while True:
                with suppress(RedisError):
                    found: Any = redis.info("persistence")
                    if not found["loading"]:
                        break
                    now = int(found["loading_loaded_bytes"])
                    read, moved = now, time.monotonic() if now != read else moved
                    sys.stderr.write(f"\rRedis reads its file: {found['loading_loaded_perc']} %   ")
                if time.monotonic() - moved > STANDSTILL_SECONDS:
                    raise RuntimeError(f"Redis reads nothing more\n{self.log('redis')}")
                time.sleep(0.1)


def prepared(folder: Path) -> Stack:
    """A stack whose Redis starts with what is in the folder; the same ports each time."""
    stack = PatientStack(folder)
    stack.redis_port, stack.provider_port, stack.api_port = range(FIRST_PORT, FIRST_PORT + 3)
    stack._bff_ports = [(FIRST_PORT + 3, FIRST_PORT + 4)]
    (folder / "redis").mkdir(parents=True, exist_ok=True)
    stack._procfile["redis"] = (
        f"{redis_executable()} --port $REDIS_PORT --bind 127.0.0.1 --dir {folder / 'redis'} --save ''"
    )
    return stack


def values_of(folder: Path) -> dict[str, object]:
    """The demo's settings, with room for the events; pages are not what is measured."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "index.html").write_text("<!doctype html><title>-</title>")
    (site / "client.js").write_text("")
    return {
        "audit.max_events": 5_000_000,
        "app.static_dir": str(site),
        "app.client_dir": str(site),
        "app.console_dir": str(site),
        "logging.level": "warning",
    }


def main() -> None:
    """Fill if need be, start, sign in, ask."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.lists")
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".cache/lists"))
    parser.add_argument("--only-fill", action="store_true")
    parser.add_argument("--only-pages", action="store_true")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    stack = prepared(folder)
    try:
        stack.start()
        weights = _filled(stack, given, folder)
        if not given.only_fill:
            _measured(stack, folder, weights, given)
    finally:
        stack.end()


def _filled(stack: Stack, given: argparse.Namespace, folder: Path) -> dict[str, int]:
    noted = folder / "weights.json"
    with Redis(port=stack.redis_port, socket_timeout=300) as redis:
        if noted.exists() and redis.dbsize():
            return dict(json.loads(noted.read_text()))
        redis.flushall()
        stack.add_bff("bff", values_of(folder))
        text = (folder / "bff.toml").read_text()
        stack.kill("bff")
        redis.flushall()
        settings, _ = load_settings(text, {}, lambda name: name)
        weights = asyncio.run(fill(stack.redis_port, settings, given.sessions, given.events))
        redis.save()
        noted.write_text(json.dumps(weights))
        stack.bffs.clear()
        stack._bff_ports = [(FIRST_PORT + 3, FIRST_PORT + 4)]
        return weights


def _measured(
    stack: Stack, folder: Path, weights: dict[str, int], given: argparse.Namespace
) -> None:
    bff = stack.add_bff("bff", values_of(folder))
    browser = ApiBrowser(bff.url, stack.provider_url)
    browser.sign_in("ada")
    reviewer = Reviewer(browser)
    before = resident(stack)
    with Redis(port=stack.redis_port) as redis:
        held: Any = redis.info("memory")
        slowest = measure(reviewer, redis, lists=not given.only_pages)
        held_after: Any = redis.info("memory")
    after = resident(stack)
    mib = 2**20
    print(
        f"\nRedis: {held['used_memory'] / mib:.0f} MiB before, {held_after['used_memory'] / mib:.0f} "
        f"after, {held_after['used_memory_peak'] / mib:.0f} at most."
    )
    print(census(stack.redis_port, folder / "bff.toml"))
    for line in () if given.only_pages else commands(folder / "bff.toml"):
        print(line, flush=True)
    print(f"\nThe process: {before / mib:.0f} MiB before, {after / mib:.0f} MiB after.")
    print(
        f"Redis: {(weights['sessions'] - weights['empty']) / given.sessions:.0f} octets a session, "
        f"{(weights['events'] - weights['sessions']) / given.events:.0f} an event; "
        f"{weights['alerts'] / mib:.0f} MiB in all."
    )
    print(f"The slowest answer of all: {slowest:.0f} ms.")
    for line in reviewer.failed[:10]:
        print("failed:", line)
    browser.close()
    if slowest > TARGET_MS or reviewer.failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
