"""Fills a Redis for :mod:`tests.benchmarks.lists`: sessions, a trail, alerts, all written by the product itself."""

import asyncio
import hashlib
import itertools
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from redis.asyncio import Redis

from bff.adapters import redis_audit
from bff.adapters.audit_names import AuditNames
from bff.adapters.audit_scripts import APPEND
from bff.adapters.redis_alerts import GROUP, RedisAlerts
from bff.adapters.redis_audit import RedisAuditLog
from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.audit import events, operations
from bff.audit.record import Origin, Record, record_of
from bff.session.handle import session_key
from bff.session.model import (
    Acknowledgement,
    Ref,
    RefreshJournal,
    Session,
    SessionCore,
    SessionId,
    TokenSet,
)
from bff.settings import values
from bff.settings.model import Settings

AT_ONCE, DAYS = 200, 7
AGENTS = (
    "Chrome on Windows",
    "Chrome on Android",
    "Safari on iPhone",
    "Edge on Windows",
    "Firefox on Linux",
    "curl",
)
WEIGHTS = (45, 25, 18, 8, 3.9, 0.1)
NAMES = (
    "Ada",
    "Grace",
    "Edsger",
    "Barbara",
    "Donald",
    "Radia",
    "Leslie",
    "Tim",
    "Sophie",
    "Margaret",
)


class Quiet:
    """No log."""

    def error(self, *_: object, **__: object) -> None:
        """Nothing."""

    warning = error


def progress(what: str, done: int, of: int, began: float) -> None:
    """One line on standard error, written over."""
    left = (time.perf_counter() - began) / max(done, 1) * (of - done)
    end = "\n" if done >= of else ""
    sys.stderr.write(f"\r{what}: {done:,} of {of:,}, {left:.0f} s left   {end}")
    sys.stderr.flush()


async def fill_sessions(redis: Redis, settings: Settings, count: int) -> None:
    """Half as many users; a third used in the last quarter of an hour; a few renewing, a few stuck."""
    dice, now = random.Random(7), time.time()
    lookup_key, prefix = values.lookup_key(settings), settings.redis.prefix
    record = SessionRecord(values.seal(settings), lookup_key, dice.randbytes)
    store = RedisSessionStore(
        redis, record, RedisNews(redis, channel(prefix)), limits=values.session_limits(settings),
        lookup_key=lookup_key, prefix=prefix,
    )  # fmt: skip
    issuer, began = settings.provider.issuer, time.perf_counter()
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        made = [a_session(number, issuer, now, dice, lookup_key) for number in numbers]
        await asyncio.gather(*map(store.create, made))
        for number, session in zip(numbers, made, strict=True):
            if number % 200 < 2:
                await _journal(store, session, now, stuck=number % 200 == 1)
        progress("sessions", numbers[-1] + 1, count, began)


def a_session(number: int, issuer: str, now: float, dice: random.Random, key: bytes) -> Session:
    """One of them."""
    created = now - dice.uniform(60, 20 * 3_600)
    seen = min(now, max(created, now - dice.expovariate(1 / 2_400)))
    issued = max(created, seen - dice.uniform(0, 600))
    network = f"198.{51 + number % 7}.{dice.randrange(64)}.0/24" if number % 3 else "203.0.113.0/24"
    return Session(
        key=session_key(SessionId(f"{number:043d}"), key),
        core=SessionCore(
            ref=Ref(f"s_{number:022d}"), issuer=issuer, subject=f"user-{number // 2}",
            provider_sid=f"sid-{number}", created_at=created, auth_time=int(created),
            claims={"name": f"{NAMES[number % 10]} Number {number // 2}"},
            absolute_expires_at=created + 604_800, network=network,
            device=dice.choices(AGENTS, WEIGHTS)[0],
        ),
        tokens=TokenSet(
            access_token=f"access-{number}", refresh_token=f"refresh-{number}", id_token=None,
            issued_at=issued, expires_at=issued + 900, scope=("openid", "leads.read"),
        ),
        generation=dice.randrange(80), touched_at=seen,
        acknowledged=Acknowledgement(0, created, 0, created),
    )  # fmt: skip


async def _journal(store: RedisSessionStore, session: Session, now: float, *, stuck: bool) -> None:
    await store.try_lock(session.key, "bench", 3_600)
    flight = RefreshJournal(generation=session.generation, since=now, owner="bench")
    await store.write_journal(session.key, flight)
    if stuck:
        failed = RefreshJournal(
            generation=session.generation, since=now, owner="bench", outcome="late", attempts=3
        )
        await store.write_journal(session.key, failed)


def some_records(count: int, issuer: str, now: float) -> Iterator[Record]:
    """A week's mixture, oldest first: renewals mostly, sign-ins, ends, refusals, looks."""
    dice = random.Random(11)
    step = DAYS * 86_400 / count
    for number in range(count):
        at = now - DAYS * 86_400 + number * step
        session = dice.randrange(100_000)
        origin = Origin(
            f"req_{number:022d}", f"198.{51 + session % 7}.{session % 64}.0/24",
            dice.choices(AGENTS, WEIGHTS)[0],
        )  # fmt: skip
        who = events.Who(
            at=at, ref=f"s_{session:022d}", issuer=issuer, subject=f"user-{session // 2}"
        )
        yield record_of(_one(number % 1_000, who, dice), origin)


def _one(chance: int, who: events.Who, dice: random.Random) -> events.AuditEvent:
    if chance < 820:
        return _signed_in(chance, who, dice)
    at = who["at"]
    if chance < 830:
        return events.SignInFailed(at=at, reason=dice.choice(["state", "access_denied"]))
    if chance < 960:
        reason = dice.choice(["signed_out"] * 9 + ["admin"])
        return events.SessionEnded(**who, reason=reason, generation=4)
    if chance < 990:
        return events.CsrfRefused(at=at, signal=dice.choice(["origin", "header"]), method="POST")
    if chance < 999:
        return operations.Looked(at=at, ref="s_ada", subject="ada", actor="ada", page="sessions")
    return operations.Acted(at=at, actor="ada", action="sessions_end", count=1)


def _signed_in(chance: int, who: events.Who, dice: random.Random) -> events.AuditEvent:
    latency = dice.uniform(0.02, 0.4)
    if chance < 650:
        return events.SessionRenewed(
            **who, trigger="early", generation=3, latency=latency, waiters=0, rotated=True,
            seconds_left=dice.uniform(200, 300), after_unknown=False,
        )  # fmt: skip
    if chance < 670:
        return events.RefreshFailed(
            **who, trigger="early", generation=3, latency=latency, waiters=0, attempts=1,
            reason=dice.choice(["timeout", "server_error", "connect"]), unknown=chance < 655,
        )  # fmt: skip
    if chance < 672:
        return events.RefreshRefused(
            **who, trigger="early", generation=3, latency=latency, waiters=0,
            reason="refresh_rejected", unknown=False,
        )  # fmt: skip
    return events.SignedIn(**who, replaced=False)


async def fill_trail(redis: Redis, settings: Settings, count: int) -> None:
    """Through the writer itself; but for the ids, which are of the events' own times here."""
    key = values.audit_key(settings)
    script = APPEND.replace("KEYS[1], '*'", "KEYS[1], ARGV[5]")
    assert script != APPEND
    write_with(script)
    log = RedisAuditLog(
        redis, AuditNames(settings.redis.prefix, key), key, new_chain=lambda: "bench", now=time.time,
        log=Quiet(), keep_seconds=settings.audit.keep_days * 86_400, buffer=20_000,
    )  # fmt: skip
    writing, began = asyncio.create_task(log.run()), time.perf_counter()
    records = some_records(count, settings.provider.issuer, time.time())
    done = 0
    while batch := list(itertools.islice(records, 5_000)):
        for one in batch:
            log.take(one)
        assert await log.flush(120) == 0
        done += len(batch)
        progress("events", done, count, began)
    writing.cancel()
    write_with(APPEND)


def write_with(script: str) -> None:
    """Let the writer append with this script."""
    digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    redis_audit.APPEND, redis_audit.APPEND_DIGEST = script, digest  # type: ignore[attr-defined]


async def fill_alerts(redis: Redis, settings: Settings, count: int) -> None:
    """So many stolen handles, evaluated as any process would; half of the alerts are closed."""
    key = values.audit_key(settings)
    names = AuditNames(settings.redis.prefix, key)
    await redis.xgroup_create(names.trail, GROUP, id="$")
    log = RedisAuditLog(
        redis, names, key, new_chain=lambda: "alarms", now=time.time, log=Quiet(),
        keep_seconds=864_000, buffer=count,
    )  # fmt: skip
    writing = asyncio.create_task(log.run())
    for number in range(count):
        event = events.HandleReplayed(
            at=time.time(), ref=f"s_{number * 7:022d}", issuer=settings.provider.issuer,
            subject=f"user-{number * 7 // 2}", presented=1, generation=3,
        )  # fmt: skip
        log.take(record_of(event, None))
    assert await log.flush(120) == 0
    writing.cancel()
    alerts = RedisAlerts(
        redis, names, "bench", now=time.time, sessions_per_user=10, raised=lambda *_: None
    )
    while await alerts.evaluate():
        pass
    rows, _ = await alerts.page(("new",), None, count // 2)
    for row in rows:
        await alerts.decide(row.id, "closed", "bench", "seen")


async def fill(port: int, settings: Settings, sessions: int, trail: int) -> dict[str, Any]:
    """Everything; what it weighs."""
    async with Redis(port=port, protocol=2, max_connections=AT_ONCE, socket_timeout=120) as redis:
        weights: dict[str, Any] = {"empty": await _used(redis)}
        await fill_sessions(redis, settings, sessions)
        weights["sessions"] = await _used(redis)
        await fill_trail(redis, settings, trail)
        weights["events"] = await _used(redis)
        await fill_alerts(redis, settings, 2_000)
        weights["alerts"] = await _used(redis)
        return weights


async def _used(redis: Redis) -> int:
    return int((await redis.info("memory"))["used_memory"])
