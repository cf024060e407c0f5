"""Alerts on a real Redis: once each, whoever evaluates, whoever dies."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from bff.adapters.alert_webhook import TRIES, AlertWebhook
from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_alerts import GROUP, RedisAlerts, _decode
from bff.audit import events
from bff.audit.rows import AlertRow, AlertStatus, Mute
from tests.ports.trail import KEY, Trail

OPEN: tuple[AlertStatus, ...] = ("new", "acknowledged")


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Any]:
    """A client, over an empty Redis."""
    client = Redis(port=redis_port)
    await client.flushall()
    yield client
    await client.aclose()


def engine(
    redis: Any, name: str, raised: list[str], takeover_ms: int = 60_000, runbook: str = ""
) -> RedisAlerts:
    """One process's."""
    return RedisAlerts(
        redis, AuditNames("bff", KEY), name, now=time.time, sessions_per_user=3,
        raised=lambda alert, _rule, _signal: raised.append(alert), takeover_ms=takeover_ms,
        runbook=runbook,
    )  # fmt: skip


async def write(redis: Any, *those: events.AuditEvent) -> None:
    """Into the trail."""
    trail = Trail(redis, AuditNames("bff", KEY), time.time)
    async with trail.writing():
        for event in those:
            trail.record(event)


def replayed(number: int) -> events.HandleReplayed:
    """One of many."""
    return events.HandleReplayed(
        at=time.time(), ref=f"s_{number}", subject="ada", issuer="i", presented=1, generation=3
    )


def quiet(number: int) -> events.SessionEnded:
    """One that no rule looks at."""
    return events.SessionEnded(
        at=time.time(), ref=f"s_{number}", subject="ada", issuer="i", reason="signed_out"
    )


async def titles(alerts: RedisAlerts, *statuses: Any) -> list[tuple[str, str, int]]:
    """Rule, group, count."""
    rows, _ = await alerts.page(statuses or OPEN, None, 100)
    return sorted((row.rule, row.group, row.count) for row in rows)


@pytest.mark.req("S10")
async def test_two_processes_evaluate_each_event_once(redis: Any) -> None:
    """However they share the work."""
    raised: list[str] = []
    one, two = engine(redis, "one", raised), engine(redis, "two", raised)
    await one.prepare()
    await write(redis, *(replayed(number % 10) for number in range(300)))
    while sum(await asyncio.gather(one.evaluate(), two.evaluate())):
        pass
    assert await titles(one) == [("handle_replayed", f"s_{n}", 30) for n in range(10)]
    assert len(raised) == len(set(raised)) == 10


@pytest.mark.req("S10")
async def test_what_a_killed_process_had_taken_is_evaluated_once_by_another(redis: Any) -> None:
    """Taken and not applied: taken over. Applied and then seen again: nothing happens."""
    raised: list[str] = []
    dead, heir = engine(redis, "dead", raised), engine(redis, "heir", raised, takeover_ms=0)
    await dead.prepare()
    await write(redis, *(replayed(number) for number in range(5)))
    taken: Any = await redis.xreadgroup(GROUP, "dead", {dead._names.trail: ">"}, count=5)
    entries = taken[0][1]
    await heir.evaluate()
    assert await titles(heir) == [("handle_replayed", f"s_{n}", 1) for n in range(5)]
    late = engine(redis, "dead", raised)
    await late.apply([(identifier, _decode(fields[b"b"])) for identifier, fields in entries])
    assert await titles(heir) == [("handle_replayed", f"s_{n}", 1) for n in range(5)]
    assert len(raised) == 5
    assert await heir.evaluate() == 0


async def test_what_no_rule_looks_at_is_taken_off_the_list_as_well(redis: Any) -> None:
    """Between others, and alone."""
    raised: list[str] = []
    alerts = engine(redis, "one", raised)
    await alerts.prepare()
    for those in ([quiet(1), replayed(2), quiet(3)], [quiet(4), quiet(5)]):
        await write(redis, *those)
        assert await alerts.evaluate() == len(those)
        assert (await redis.xpending(alerts._names.trail, GROUP))["pending"] == 0
    assert await titles(alerts) == [("handle_replayed", "s_2", 1)]


@pytest.mark.req("S10")
async def test_an_alert_is_acknowledged_closed_and_raised_anew(redis: Any) -> None:
    """While it is open it counts; once closed the next event is a new alert."""
    raised: list[str] = []
    alerts = engine(redis, "one", raised)
    await alerts.prepare()
    await write(redis, replayed(1))
    await alerts.evaluate()
    (row,), total = await alerts.page(OPEN, None, 10)
    assert (row.status, total, row.subject, row.evidence) == ("new", 1, "ada", "ref:s_1")
    seen = await alerts.decide(row.id, "acknowledged", "eve", "looking")
    assert seen is not None
    assert (seen.status, seen.by, seen.note) == ("acknowledged", "eve", "looking")
    await write(redis, replayed(1))
    await alerts.evaluate()
    assert await titles(alerts) == [("handle_replayed", "s_1", 2)]
    await alerts.decide(row.id, "closed", "eve", "")
    assert (await alerts.counts(), await titles(alerts)) == (
        {"new": 0, "acknowledged": 0, "closed": 1},
        [],
    )
    await write(redis, replayed(1))
    await alerts.evaluate()
    assert len(raised) == 2
    assert await titles(alerts, "new", "closed") == [
        ("handle_replayed", "s_1", 1),
        ("handle_replayed", "s_1", 2),
    ]
    assert await alerts.decide("a_none", "closed", "eve", "") is None


@pytest.mark.req("S10")
async def test_a_rule_with_a_threshold_waits_for_it(redis: Any) -> None:
    """Three sign-ins are life, four are many."""
    raised: list[str] = []
    alerts = engine(redis, "one", raised)
    await alerts.prepare()
    signed_in = events.SignedIn(
        at=time.time(), ref="s_1", subject="ada", issuer="i", replaced=False
    )
    await write(redis, *[signed_in] * 3)
    await alerts.evaluate()
    assert raised == []
    await write(redis, signed_in)
    await alerts.evaluate()
    assert await titles(alerts) == [("many_sessions", "ada", 4)]


@pytest.mark.req("S10")
async def test_a_muted_rule_is_kept_and_not_delivered(redis: Any) -> None:
    """Until the silence is over, or ended."""
    alerts = engine(redis, "one", [])
    await alerts.prepare()
    mute = Mute(rule="handle_replayed", group="", until=time.time() + 60, by="eve", note="known")
    await alerts.mute(mute)
    await write(redis, replayed(1))
    await alerts.evaluate()
    (row,), _ = await alerts.page(OPEN, None, 10)
    assert row.muted_until == mute.until
    assert await redis.xlen(alerts._names.plain("outbox")) == 0
    await alerts.mute(Mute(rule="handle_replayed", group="", until=0.0, by="eve", note=""))
    assert await alerts.mutes() == []
    await write(redis, replayed(2))
    await alerts.evaluate()
    assert await redis.xlen(alerts._names.plain("outbox")) == 1


@pytest.mark.req("S10")
async def test_a_delivery_is_signed_and_tried_again(redis: Any) -> None:
    """Growing pauses; given up after six tries, and said so; a success is taken off the list."""
    alerts = engine(redis, "one", [])
    await alerts.prepare()
    seen: list[httpx.Request] = []
    answers = iter([503, 500, 204, *[500] * TRIES])
    told: list[tuple[str, int]] = []
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def receive(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(next(answers))

    async def find(identifier: str) -> AlertRow | None:
        return await alerts.one(identifier)

    webhook = AlertWebhook(
        redis, AuditNames("bff", KEY), "one", url="https://hooks.example/x", secret=b"s", find=find,
        told=lambda _alert, outcome, attempts: told.append((outcome, attempts)), now=lambda: 5.0,
        pause=pause, transport=httpx.MockTransport(receive),
    )  # fmt: skip
    await webhook.prepare()
    await write(redis, replayed(1))
    await alerts.evaluate()
    assert await webhook.deliver() == 1
    assert (told, pauses) == ([("delivered", 3)], [1.0, 2.0])
    expected = hmac.digest(b"s", b"5." + seen[-1].content, hashlib.sha256).hex()
    assert seen[-1].headers["bff-signature"] == f"t=5,v1={expected}"
    await write(redis, replayed(2))
    await alerts.evaluate()
    await webhook.deliver()
    assert told[-1] == ("status 500", TRIES)
    assert await webhook.deliver() == 0
    await webhook.aclose()
