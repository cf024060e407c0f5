"""The reviewer's evidence: the trail from event to Redis, and what keeps it."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import cast

import msgspec

from bff.adapters.alert_webhook import AlertWebhook
from bff.adapters.audit_keeper import AuditKeeper
from bff.adapters.audit_names import AuditNames
from bff.adapters.observation import LogTrail
from bff.adapters.redis_alerts import RedisAlerts
from bff.adapters.redis_audit import RedisAuditLog
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.adapters.redis_client import CountingPool
from bff.adapters.redis_register import RedisSessionRegister
from bff.adapters.redis_sessions import channel
from bff.adapters.session_calls import EVERY_SECONDS
from bff.adapters.shared_census import ROUND_SECONDS, SharedCensus
from bff.audit import operations
from bff.audit.record import Record
from bff.audit.rules import Rule, Signal
from bff.composition.world import World
from bff.endpoints.origin import RequestOrigin, request_kind
from bff.errors import StoreUnavailable
from bff.flows.session_census import SessionCensus
from bff.settings import values
from bff.settings.explain import explained
from bff.settings.model import Settings

DAY = 86_400.0
FLUSH_SECONDS = 5.0
ALERTS_COUNTED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind the port ``AuditTrail``, and what reads it."""

    trail: LogTrail
    log: RedisAuditLog
    reader: RedisAuditReader
    keeper: AuditKeeper
    names: AuditNames
    alerts: RedisAlerts
    webhook: AlertWebhook | None
    census: SharedCensus


def open_evidence(world: World) -> Evidence:
    """Make it; nothing is written before :func:`running`."""
    settings, redis, now = world.settings, world.redis, world.clock.now
    key = values.audit_key(settings)
    names = AuditNames(settings.redis.prefix, key)
    keep_seconds = settings.audit.keep_days * DAY
    log = RedisAuditLog(
        redis,
        names,
        key,
        new_chain=lambda: secrets.token_hex(6),
        now=now,
        log=world.log,
        keep_seconds=keep_seconds,
        buffer=settings.audit.buffer,
    )
    origin = RequestOrigin(
        settings.audit.address,
        values.trusted_proxies(settings),
        *(() if world.traces is None else (world.traces.trace_id,)),
    )
    trail = LogTrail(world.log, world.metrics, origin=origin, sink=_sink(world, log))
    register = RedisSessionRegister(
        redis,
        lookup_key=values.lookup_key(settings),
        prefix=settings.redis.prefix,
        channel=channel(settings.redis.prefix),
    )

    async def count_sessions(now: float) -> int:
        live = await register.count(now)
        world.metrics.sessions.set(live)
        return live

    keeper = AuditKeeper(
        redis,
        names,
        log,
        trail.record,
        now=now,
        count_sessions=count_sessions,
        most=settings.audit.max_events,
        keep_seconds=keep_seconds,
    )
    world.metrics.watch_trail(log.meter)
    pool = cast("CountingPool", redis.connection_pool)
    pool.kind = request_kind
    world.metrics.watch_redis(pool)
    if world.session_cache is not None:
        world.metrics.watch_cache(world.session_cache)
    if world.traces is not None:
        world.metrics.watch_spans(world.traces.delivery)
    alerts = _alerts(world, names, trail)
    webhook = _webhook(world, names, trail, alerts)
    census = SharedCensus(redis, names, SessionCensus(register, world.clock, asyncio.sleep).take)
    reader = RedisAuditReader(redis, names, now)
    return Evidence(trail, log, reader, keeper, names, alerts, webhook, census)


def _sink(world: World, log: RedisAuditLog) -> Callable[[Record], None]:
    """Where records go: into the trail, and to whoever draws from them."""
    trend = world.renewal_trend
    if trend is None:
        return log.take

    def take(record: Record) -> None:
        log.take(record)
        trend.take(record)

    return take


def _alerts(world: World, names: AuditNames, trail: LogTrail) -> RedisAlerts:
    def raised(alert: str, rule: Rule, signal: Signal) -> None:
        world.metrics.alerts.labels(rule.name, rule.severity).inc()
        trail.record(
            operations.AlertRaised(
                at=world.clock.now(),
                ref=signal.ref,
                subject=signal.subject,
                rule=rule.name,
                group=signal.group,
                alert=alert,
            )
        )

    return RedisAlerts(
        world.redis,
        names,
        secrets.token_hex(6),
        now=world.clock.now,
        sessions_per_user=world.settings.alerts.sessions_per_user,
        raised=raised,
        runbook=values.runbook(world.settings),
    )


def _webhook(
    world: World, names: AuditNames, trail: LogTrail, alerts: RedisAlerts
) -> AlertWebhook | None:
    settings = world.settings.alerts
    if settings.webhook is None or settings.webhook_secret is None:
        return None

    def told(alert: str, outcome: str, attempts: int) -> None:
        delivered = outcome == "delivered"
        world.metrics.deliveries.labels("delivered" if delivered else "given up").inc()
        if not delivered:
            trail.record(
                operations.WebhookFailed(
                    at=world.clock.now(), alert=alert, reason=outcome, attempts=attempts
                )
            )

    return AlertWebhook(
        world.redis,
        names,
        secrets.token_hex(6),
        url=settings.webhook,
        secret=settings.webhook_secret.reveal().encode(),
        find=alerts.one,
        told=told,
        now=world.clock.now,
    )


@asynccontextmanager
async def running(world: World, evidence: Evidence) -> AsyncIterator[None]:
    """Write the trail while the app runs; at the end write what is left."""
    evidence.trail.record(_started(world))
    tasks = [
        asyncio.create_task(evidence.log.run(), name="audit trail"),
        asyncio.create_task(evidence.keeper.run(), name="audit keeper"),
        asyncio.create_task(_bring(world), name="counters"),
        asyncio.create_task(evidence.alerts.run(), name="alerts"),
        asyncio.create_task(_count_alerts(world, evidence.alerts), name="open alerts"),
        asyncio.create_task(_count_states(world, evidence.census), name="session census"),
    ]
    tasks.append(asyncio.create_task(_tell(world), name="figures of sessions"))
    if evidence.webhook is not None:
        tasks.append(asyncio.create_task(evidence.webhook.run(), name="alert webhook"))
    try:
        yield
    finally:
        evidence.trail.record(operations.Stopped(at=world.clock.now(), cut_off=0))
        if left := await evidence.log.flush(FLUSH_SECONDS):
            world.log.error("audit_unwritten", events=left)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await _told(world)
        if evidence.webhook is not None:
            await evidence.webhook.aclose()


async def _tell(world: World) -> None:
    """What sessions called and how they were renewed; while Redis is away it waits."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await _told(world)


async def _told(world: World) -> None:
    for one in (world.session_calls, world.renewal_trend):
        if one is not None:
            with suppress(StoreUnavailable):
                await one.tell()


async def _count_alerts(world: World, alerts: RedisAlerts) -> None:
    """How many alerts nobody has closed, for the gauge; while Redis is away it keeps its figure."""
    while True:
        with suppress(StoreUnavailable):
            counts = await alerts.counts()
            world.metrics.alerts_open.set(counts["new"] + counts["acknowledged"])
        await asyncio.sleep(ALERTS_COUNTED_SECONDS)


async def _count_states(world: World, census: SharedCensus) -> None:
    """Sessions by state, for the gauge; while Redis is away it keeps its figures."""
    while True:
        with suppress(StoreUnavailable):
            for state, count in (await census.read()).items():
                world.metrics.sessions_by_state.labels(state).set(count)
        await asyncio.sleep(ROUND_SECONDS)


async def _bring(world: World) -> None:
    """What the hot path counted reaches the file that all worker processes share."""
    while True:
        await asyncio.sleep(1.0)
        world.metrics.bring()


def _started(world: World) -> operations.Started:
    keys = world.settings.keys
    return operations.Started(
        at=world.clock.now(),
        version=version("cookie-bff"),
        settings_fingerprint=fingerprint(world.settings),
        signing_keys=" ".join(entry.id for entry in keys.signing),
        sealing_keys=" ".join(entry.id for entry in keys.sealing),
        development=world.settings.development,
    )


def fingerprint(settings: Settings) -> str:
    """Changes with any setting but a secret, and tells none."""
    rows = msgspec.json.encode([(row.path, row.value) for row in explained(settings, {})])
    return hashlib.sha256(rows).hexdigest()[:16]
