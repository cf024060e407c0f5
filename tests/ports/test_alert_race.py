"""Alerts with two real processes over one Redis, one of which is killed with SIGKILL in the middle."""

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters.alert_scripts import APPLY
from bff.adapters.alert_webhook import GROUP as WEBHOOK_GROUP
from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_alerts import GROUP, RedisAlerts
from bff.audit import events
from tests.chaos.redis_gate import RedisGate, Side
from tests.ports.trail import KEY, Trail

ROOT = Path(__file__).parents[2]
NAMES = AuditNames("bff", KEY)
WITHIN_SECONDS = 60.0
SESSIONS, TIMES = 12, 20
EXPECTED = [
    ("csrf_refused", "", 2 * TIMES),
    *(("handle_replayed", f"s_{number:02}", TIMES) for number in range(SESSIONS)),
]


class Hook:
    """A webhook that counts what is delivered, and may hold the first delivery for ever."""

    def __init__(self, *, hold_first: bool) -> None:
        self.delivered: Counter[str] = Counter()
        self.first = threading.Event()
        self.held = ""
        self.one_at_a_time = threading.Lock()
        self._hold_first = hold_first
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                with hook.one_at_a_time:
                    hook.delivered[self.headers["bff-alert"]] += 1
                    holds = hook._hold_first and not hook.held
                    hook.held = hook.held or self.headers["bff-alert"]
                if holds:
                    hook.first.set()
                    hook.let_go.wait(120)
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.let_go = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    @contextmanager
    def listening(self) -> Iterator["Hook"]:
        """Until the end of the block."""
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.let_go.set()
            self.server.shutdown()
            self.server.server_close()


class Fleet:
    """Processes by name, killed at the end of the block; what they raised."""

    def __init__(self, folder: Path, hook: Hook) -> None:
        self.folder = folder
        self.hook = hook
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, port: int) -> None:
        """A process that speaks to Redis on ``port``."""
        command = [sys.executable, "-m", "tests.ports.alert_process", name, str(port)]
        with (self.folder / name).open("wb") as said:
            self.processes[name] = subprocess.Popen(
                [*command, self.hook.url], cwd=ROOT, stdout=said
            )

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.processes[name].kill()
        self.processes[name].wait()

    def raised(self) -> list[str]:
        """Which alerts anybody said to have raised."""
        return [
            line for name in self.processes for line in (self.folder / name).read_text().split()
        ]


@contextmanager
def fleet(folder: Path, hook: Hook) -> Iterator[Fleet]:
    """Nothing is left."""
    made = Fleet(folder, hook)
    try:
        yield made
    finally:
        for name in made.processes:
            made.kill(name)


@asynccontextmanager
async def empty(redis_port: int) -> AsyncIterator[Any]:
    """A client, over an empty Redis that has the groups."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        for stream, group in ((NAMES.trail, GROUP), (NAMES.plain("outbox"), WEBHOOK_GROUP)):
            await redis.xgroup_create(stream, group, id="0", mkstream=True)
        yield redis


async def trouble(redis: Any) -> None:
    """Each of the sessions is replayed twenty times, with a cross-site request in each round."""
    trail, at = Trail(redis, NAMES, time.time), time.time()
    async with trail.writing():
        for turn in range(TIMES):
            for number in range(SESSIONS):
                trail.record(
                    events.HandleReplayed(at=at, ref=f"s_{number:02}", presented=1, generation=3)
                )
            for _ in range(2):
                trail.record(events.CsrfRefused(at=at, signal="origin", method=f"POST {turn}"))


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Poll, with patience."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not await true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


async def nothing_is_left(redis: Any) -> bool:
    """Every event evaluated, every alert delivered."""
    trail, outbox = NAMES.trail, NAMES.plain("outbox")
    (group,) = await redis.xinfo_groups(trail)
    behind = await redis.xrange(trail, b"(" + group["last-delivered-id"], count=1)
    waiting = await redis.xpending(trail, GROUP)
    return not behind and not waiting["pending"] and not await redis.xlen(outbox)


async def proven(redis: Any, hook: Hook, names: Fleet, rounds: int = 1) -> None:
    """Each alert once, with its exact count after so many rounds of trouble; delivered at least once, under its own id."""
    await until(lambda: nothing_is_left(redis), "something is left")
    alerts = RedisAlerts(
        redis, NAMES, "reader", now=time.time, sessions_per_user=3, raised=lambda *_: None
    )
    rows, total = await alerts.page(("new",), None, 100)
    counts = sorted((row.rule, row.group, row.count) for row in rows)
    assert counts == [(rule, group, count * rounds) for rule, group, count in EXPECTED]
    assert total == len(EXPECTED)
    assert set(hook.delivered) == {row.id for row in rows}
    raised = names.raised()
    assert len(raised) == len(set(raised)), "raised twice"


@pytest.mark.req("S10")
@pytest.mark.parametrize("side", ["there", "back"])
async def test_the_evaluating_process_is_killed(
    redis_port: int, tmp_path: Path, side: Side
) -> None:
    """Just before an event is applied, or just after: the other process loses none and doubles none."""
    gate = RedisGate(redis_port)
    hook = Hook(hold_first=False)
    async with empty(redis_port) as redis:
        with hook.listening(), fleet(tmp_path, hook) as names, gate.catch(APPLY, side) as catch:
            names.start("leader", gate.port)
            await trouble(redis)
            await asyncio.to_thread(catch.wait, WITHIN_SECONDS)
            taken = await redis.xpending(NAMES.trail, GROUP)
            assert taken["pending"] > 0
            names.start("heir", redis_port)
            names.kill("leader")
            catch.drop()
            await proven(redis, hook, names)
    gate.close()


@pytest.mark.req("S10")
async def test_the_evaluating_process_stalls_and_wakes_too_late(
    redis_port: int, tmp_path: Path
) -> None:
    """Another one has taken over what it held; what it then does about that counts for nothing."""
    gate = RedisGate(redis_port)
    hook = Hook(hold_first=False)
    async with empty(redis_port) as redis:
        with hook.listening(), fleet(tmp_path, hook) as names, gate.catch(APPLY, "there") as catch:
            names.start("leader", gate.port)
            await trouble(redis)
            await asyncio.to_thread(catch.wait, WITHIN_SECONDS)
            names.start("heir", redis_port)
            await proven(redis, hook, names)
            names.kill("heir")
            catch.let_go()
            await trouble(redis)
            await proven(redis, hook, names, rounds=2)
    gate.close()


@pytest.mark.req("S10")
async def test_the_delivering_process_is_killed(redis_port: int, tmp_path: Path) -> None:
    """The webhook had the alert, the answer reached nobody: it comes again, under the same id."""
    hook = Hook(hold_first=True)
    async with empty(redis_port) as redis:
        with hook.listening(), fleet(tmp_path, hook) as names:
            names.start("one", redis_port)
            names.start("two", redis_port)
            await trouble(redis)
            assert await asyncio.to_thread(hook.first.wait, WITHIN_SECONDS)
            held = hook.held
            entries = await redis.xrange(NAMES.plain("outbox"))
            entry = next(id_ for id_, fields in entries if fields[b"alert"].decode() == held)
            (pending,) = await redis.xpending_range(
                NAMES.plain("outbox"), WEBHOOK_GROUP, entry, entry, 1
            )
            names.kill(pending["consumer"].decode())
            await proven(redis, hook, names)
            assert hook.delivered[held] >= 2
