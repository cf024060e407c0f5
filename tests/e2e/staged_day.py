"""A day at a small company, written by the product's own writers, for the documents' pictures of the console.

Thirty people, their renewals, half an hour in which the provider was away, a stolen cookie, what
one of them called. The same each time, but for the clock.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from bff.adapters import session_calls
from bff.adapters.audit_names import FIVE_MINUTES, AuditNames
from bff.adapters.audit_scripts import APPEND
from bff.adapters.redis_alerts import GROUP
from bff.adapters.redis_audit import RedisAuditLog
from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.renewal_trend import RenewalTrend
from bff.adapters.session_calls import SessionCalls
from bff.adapters.session_record import SessionRecord
from bff.audit import events, operations
from bff.audit.record import Origin, Record, record_of
from bff.session.handle import session_key
from bff.session.model import Acknowledgement, Ref, Session, SessionCore, SessionId, TokenSet
from bff.settings import values
from bff.settings.model import Settings
from bff.settings.read import load_settings
from tests.benchmarks.lists_load import AT_ONCE, Quiet, fill_sessions, write_with

HOUR = 3_600.0
TROUBLE = (5.5 * HOUR, 5.0 * HOUR)
"""From so long ago until so long ago the provider was away."""
PEOPLE = (
    "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth", "Radia Perlman",
    "Leslie Lamport", "Margaret Hamilton", "Tony Hoare", "Sophie Wilson", "Ken Thompson",
)  # fmt: skip
AGENTS = ("Chrome on Windows", "Safari on iPhone", "Firefox on Linux", "Edge on Windows")
ROUTES = (("events", 200), ("leads", 200), ("leads", 200), ("me", 200), ("leads", 409))


def people(settings: Settings, now: float) -> list[Session]:
    """Their sessions, begun within the day; half of them within the last working hours."""
    dice, key = random.Random(5), values.lookup_key(settings)
    made = []
    for number in range(30):
        name = PEOPLE[number % len(PEOPLE)]
        created = now - dice.uniform(0.4, 9.0) * HOUR
        issued = now - dice.uniform(20, 560)
        network = f"198.51.{100 + number % 4}.0/24" if number % 5 else "203.0.113.0/24"
        core = SessionCore(
            ref=Ref("s_" + "".join(dice.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", k=22))),
            issuer=settings.provider.issuer, subject=name.split()[0].lower() + ("" if number < 20 else f".{number}"),
            provider_sid=f"sid-{number}", created_at=created, auth_time=int(created), acr="pwd",
            claims={"name": name}, absolute_expires_at=created + 604_800, network=network,
            device=AGENTS[number % len(AGENTS)],
        )  # fmt: skip
        tokens = TokenSet(
            access_token=f"access-{number}", refresh_token=f"refresh-{number}", id_token="identity",
            issued_at=issued, expires_at=issued + 900, scope=("openid", "leads.read", "events.read"),
        )  # fmt: skip
        seen = now - dice.expovariate(1 / 500)
        generation = int((issued - created) // 620) + 1
        made.append(Session(
            key=session_key(SessionId(f"{number:043d}"), key), core=core, tokens=tokens,
            generation=generation, touched_at=seen,
            acknowledged=Acknowledgement(generation, issued + 1, generation - 1, created),
        ))  # fmt: skip
    return made


def day_of(session: Session, now: float) -> Iterator[events.AuditEvent]:
    """What happened in one session: sign-in, renewals, failures while the provider was away."""
    dice, core, at = random.Random(session.core.ref), session.core, session.core.created_at
    who = events.Who(at=at, ref=core.ref, issuer=core.issuer, subject=core.subject)
    yield events.SignedIn(**who, replaced=False)
    renewed, number = at, 1
    at += dice.uniform(600, 640)
    while at < session.tokens.issued_at:
        who["at"] = at
        left = 900 - (at - renewed)
        if now - TROUBLE[0] < at < now - TROUBLE[1]:
            yield events.RefreshFailed(
                **who, trigger="early", generation=number, latency=dice.uniform(4, 10), waiters=0,
                attempts=1, reason="token: status 503", unknown=False, seconds_left=left,
            )  # fmt: skip
            at += dice.uniform(50, 110)
            continue
        yield events.SessionRenewed(
            **who, trigger="early", generation=number, latency=dice.lognormvariate(-2.4, 0.5),
            waiters=dice.choice((0, 0, 0, 1, 2, 4)), rotated=True, seconds_left=left,
            after_unknown=False, expires_at=at + 900,
        )  # fmt: skip
        number += 1
        renewed = at
        at += dice.uniform(600, 640)


def whole_day(sessions: list[Session], now: float) -> list[Record]:
    """Everything, oldest first; no two in the same millisecond, which names an entry."""
    found: list[tuple[float, events.AuditEvent, Session | None]] = [
        (event.at, event, session) for session in sessions for event in day_of(session, now)
    ]
    for state, ago in (("open", TROUBLE[0] - 120), ("closed", TROUBLE[1])):
        found.append((now - ago, events.ProviderBreaker(at=now - ago, state=state), None))
    stolen = sessions[7]
    who = events.Who(
        at=now - 2_400, ref=stolen.core.ref, issuer=stolen.core.issuer, subject=stolen.core.subject
    )
    found.append((who["at"], events.HandleReplayed(**who, presented=2, generation=5), stolen))
    found.append((who["at"], events.SessionEnded(**who, reason="handle_replayed"), stolen))
    for number in range(14):
        at = now - 3_000 + number
        found.append((at, events.CsrfRefused(at=at, signal="origin", method="POST"), sessions[3]))
    started = operations.Started(
        at=now - 23 * HOUR, version="0.1.0", settings_fingerprint="5f0c2a9be17d4c33",
        signing_keys="2026-11", sealing_keys="2026-11", development=True,
    )  # fmt: skip
    found.append((started.at, started, None))
    found.sort(key=lambda one: one[0])
    records = [record_of(event, _origin(session, at)) for at, event, session in found]
    for number, one in enumerate(records[1:], 1):
        earliest = records[number - 1].at + 0.002
        if one.at < earliest:
            records[number] = msgspec.structs.replace(one, at=earliest)
    return records


def _origin(session: Session | None, at: float) -> Origin | None:
    if session is None:
        return None
    return Origin(f"req_{int(at * 1000):x}", session.core.network, session.core.device)


async def fill(port: int, settings: Settings) -> str:
    """Write the day into an emptied Redis; the reference of a session worth a picture."""
    now = time.time()
    sessions = people(settings, now)
    async with Redis(port=port, protocol=2) as redis:
        await redis.flushall()
        await _sessions(redis, settings, sessions)
        names = AuditNames(settings.redis.prefix, values.audit_key(settings))
        await redis.xgroup_create(names.trail, GROUP, id="0", mkstream=True)
        await _trail(redis, settings, names, whole_day(sessions, now))
        for five in range(int(now - 22 * HOUR), int(now), FIVE_MINUTES):
            live = sum(one.core.created_at < five for one in sessions) + 4
            await redis.hset(names.five(five), "sessions", str(live))
        shown = max(sessions[:7], key=lambda one: one.generation)
        await _calls(redis, settings, shown, now)
    return shown.core.ref


async def _sessions(redis: Redis, settings: Settings, sessions: list[Session]) -> None:
    lookup_key, prefix = values.lookup_key(settings), settings.redis.prefix
    record = SessionRecord(values.seal(settings), lookup_key, random.Random(1).randbytes)
    news = RedisNews(redis, channel(prefix))
    limits = values.session_limits(settings)
    store = RedisSessionStore(
        redis, record, news, limits=limits, lookup_key=lookup_key, prefix=prefix
    )
    for session in sessions:
        if session is not sessions[7]:
            await store.create(session)


async def _trail(redis: Redis, settings: Settings, names: AuditNames, day: list[Record]) -> None:
    """Through the writer; but for the ids, which are of the events' own times here."""
    write_with(APPEND.replace("KEYS[1], '*'", "KEYS[1], ARGV[5]"))
    trend = RenewalTrend(redis, prefix=settings.redis.prefix)
    log = RedisAuditLog(
        redis, names, values.audit_key(settings), new_chain=lambda: "5e1c07d2a9b4", now=time.time,
        log=Quiet(), keep_seconds=settings.audit.keep_days * 86_400, buffer=20_000,
    )  # fmt: skip
    writing = asyncio.create_task(log.run())
    for record in day:
        log.take(record)
        trend.take(record)
    assert await log.flush(60) == 0
    await trend.tell()
    writing.cancel()
    write_with(APPEND)


async def _calls(redis: Redis, settings: Settings, session: Session, now: float) -> None:
    dice, at = random.Random(3), session.core.created_at
    calls = SessionCalls(redis, lambda: at, prefix=settings.redis.prefix)
    while at < now:
        for _ in range(dice.choice((0, 0, 1, 3, 8, 20))):
            calls.count(session.core.ref, *dice.choice(ROUTES))
        at += session_calls.SLOT_SECONDS
    await calls.tell()


def fill_for(config: Path, port: int) -> str:
    """The same, for the settings in a file, beside a loop that Playwright runs in this thread."""
    settings, _ = load_settings(config.read_text(), {}, lambda name: name)
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, fill(port, settings)).result()


def fill_sessions_for(config: Path, port: int, count: int) -> None:
    """So many sessions and nothing else, likewise; who has one is called somebody Number something."""
    settings, _ = load_settings(config.read_text(), {}, lambda name: name)

    async def write() -> None:
        async with Redis(
            port=port, protocol=2, max_connections=AT_ONCE, socket_timeout=60
        ) as redis:
            await fill_sessions(redis, settings, count)

    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, write()).result()
