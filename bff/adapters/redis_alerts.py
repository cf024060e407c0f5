"""Alerts: evaluated once across all processes, kept, decided upon.

Every process reads the trail as a member of one consumer group, so each entry reaches one of them;
what a process that died had taken is taken over by another. Applying an entry and acknowledging it
is one step in Redis: no entry counts twice.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import msgspec
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError, ResponseError

from bff.adapters.alert_scripts import APPLY, DECIDE, NARROW, REFS
from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_client import redis_errors
from bff.audit.record import Record
from bff.audit.rows import AlertRow, AlertStatus, Mute, Severity
from bff.audit.rules import RULES, Rule, Signal, signals

GROUP = "alerts"
TAKEOVER_MS, READ_COUNT, IDLE_SECONDS = 15_000, 100, 1.0
STATUSES: tuple[AlertStatus, ...] = ("new", "acknowledged", "closed")
_decode = msgspec.json.Decoder(Record).decode
Raised = Callable[[str, Rule, Signal], None]


class RedisAlerts:
    """Evaluates, lists, decides. Lists and decisions raise StoreUnavailable."""

    def __init__(
        self,
        redis: Redis,
        names: AuditNames,
        consumer: str,
        *,
        now: Callable[[], float],
        sessions_per_user: int,
        raised: Raised,
        runbook: str = "",
        takeover_ms: int = TAKEOVER_MS,
    ) -> None:
        """``consumer`` names this process; ``raised`` hears of each new alert that it raised.

        ``runbook`` is the address that each alert's rule is appended to: what to do about it.
        """
        self._redis = redis
        self._names = names
        self._consumer = consumer
        self._now = now
        self._sessions_per_user = sessions_per_user
        self._raised = raised
        self._runbook = runbook
        self._takeover_ms = takeover_ms
        self._apply = redis.register_script(APPLY)
        self._decide = redis.register_script(DECIDE)
        self._narrow = redis.register_script(NARROW)
        self._refs = redis.register_script(REFS)

    async def run(self) -> None:
        """Evaluate until cancelled."""
        while True:
            evaluated = 0
            try:
                evaluated = await self.evaluate()
            except ResponseError as error:
                if "NOGROUP" in str(error):
                    with suppress(RedisError, OSError, TimeoutError):
                        await self.prepare()
            except (RedisError, OSError, TimeoutError):
                pass
            if evaluated < READ_COUNT:  # what comes meanwhile is evaluated together
                await asyncio.sleep(IDLE_SECONDS)

    async def prepare(self) -> None:
        """Make the group, from the trail's beginning, if there is none."""
        with suppress(ResponseError):
            await self._redis.xgroup_create(self._names.trail, GROUP, id="0", mkstream=True)

    async def evaluate(self) -> int:
        """What is new, and what others left behind; how many entries."""
        left: Any = await self._redis.xautoclaim(
            self._names.trail, GROUP, self._consumer, self._takeover_ms, count=READ_COUNT
        )
        entries = [each for each in left[1] if each[1]]
        read: Any = await self._redis.xreadgroup(
            GROUP, self._consumer, {self._names.trail: ">"}, count=READ_COUNT
        )
        entries += [entry for _, found in read for entry in found]
        await self.apply([(each[0], _decode(each[1][b"b"])) for each in entries])
        return len(entries)

    async def apply(self, entries: list[tuple[bytes, Record]]) -> None:
        """Each entry that no rule looks at is only taken off the list, all of them together."""
        found = [
            (identifier, list(signals(record, sessions_per_user=self._sessions_per_user)))
            for identifier, record in entries
        ]
        if plain := [identifier for identifier, its in found if not its]:
            await self._redis.xack(self._names.trail, GROUP, *plain)
        if len(plain) < len(found):
            mutes = {(mute.rule, mute.group) for mute in await self.mutes()}
            for identifier, its in found:
                if its:
                    await self._apply_one(identifier.decode(), its, mutes)

    async def _apply_one(
        self, identifier: str, found: list[Signal], mutes: set[tuple[str, str]]
    ) -> None:
        """One entry: count its signals, raise what is due, take it off the list."""
        plain = self._names.plain
        keys = [
            self._names.trail,
            plain("open"),
            plain("alerts"),
            plain("alerts:new"),
            plain("outbox"),
        ]
        keys += [plain("counts"), *(self._signal_key(each.rule.name, each.group) for each in found)]
        arguments: list[Any] = [
            GROUP,
            identifier,
            int(self._now() * 1000),
            plain("alert:"),
            plain("alerts:"),
        ]
        for signal in found:
            rule = signal.rule
            muted = (rule.name, "") in mutes or (rule.name, signal.group) in mutes
            arguments += [int(rule.window * 1000), rule.threshold, _place(rule.name, signal.group)]
            arguments += [rule.name, signal.group, rule.severity, signal.subject or ""]
            arguments += [signal.ref or "", signal.evidence, int(muted)]
        for raised in await self._apply(keys=keys, args=arguments):
            alert = await self.one(raised.decode())
            if alert is not None:
                signal = next(each for each in found if each.rule.name == alert.rule)
                self._raised(alert.id, signal.rule, signal)

    async def one(self, identifier: str) -> AlertRow | None:
        """The alert with this id."""
        rows = await self._rows([identifier])
        return rows[0] if rows else None

    async def page(
        self, statuses: Sequence[AlertStatus], before: tuple[float, str] | None, limit: int
    ) -> tuple[list[AlertRow], int]:
        """The next alerts, last seen first, and how many there are."""
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            high = "+inf" if before is None else str(int(before[0] * 1000))
            for status in statuses:
                name = self._names.plain(f"alerts:{status}")
                pipe.zrevrangebyscore(name, high, "-inf", 0, limit + 50, withscores=True)
                pipe.zcard(name)
            answers: Any = await pipe.execute()
        places = sorted(
            ((score / 1000, member.decode()) for found in answers[::2] for member, score in found),
            reverse=True,
        )
        chosen = [each for each in places if before is None or each < before][:limit]
        return await self._rows([name for _, name in chosen]), sum(answers[1::2])

    async def narrowed(
        self, statuses: Sequence[AlertStatus], fields: dict[str, str], most: int
    ) -> list[AlertRow]:
        """The alerts with these fields, last seen first, among the ``most`` seen last of each status."""
        wanted = [part for field in fields.items() for part in field]
        found = await self._of_each(self._narrow, statuses, most, *wanted)
        rows = await self._rows([identifier.decode() for identifier in found])
        return sorted(rows, key=lambda row: (row.last_at, row.id), reverse=True)

    async def refs(self, statuses: Sequence[AlertStatus], most: int) -> list[str]:
        """Which sessions the alerts seen last concern, of each status ``most`` at most."""
        return [ref.decode() for ref in await self._of_each(self._refs, statuses, most)]

    async def counts(self) -> dict[str, int]:
        """How many in each status."""
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for status in STATUSES:
                pipe.zcard(self._names.plain(f"alerts:{status}"))
            return dict(zip(STATUSES, await pipe.execute(), strict=True))

    async def decide(
        self, identifier: str, status: AlertStatus, by: str, note: str
    ) -> AlertRow | None:
        """Acknowledge, close or open again."""
        alert = await self.one(identifier)
        if alert is None:
            return None
        names = self._names
        keys = [names.plain("open"), names.plain(f"alert:{identifier}")]
        keys.append(self._signal_key(alert.rule, alert.group))
        place, at = _place(alert.rule, alert.group), int(self._now() * 1000)
        async with redis_errors():
            await self._decide(
                keys=keys,
                args=[identifier, status, by, note, at, place, self._names.plain("alerts:")],
            )
        return await self.one(identifier)

    async def mute(self, mute: Mute) -> None:
        """Silence a rule until then; a time that has passed ends it."""
        async with redis_errors():
            key, place = self._names.plain("mutes"), _place(mute.rule, mute.group)
            if mute.until <= self._now():
                await self._redis.hdel(key, place)
            else:
                await self._redis.hset(key, place, msgspec.json.encode(mute))

    async def mutes(self) -> list[Mute]:
        """All in force."""
        async with redis_errors():
            found: Any = await self._redis.hgetall(self._names.plain("mutes"))
        read = [msgspec.json.decode(value, type=Mute) for value in found.values()]
        return sorted((m for m in read if m.until > self._now()), key=lambda mute: mute.until)

    async def _of_each(
        self, script: AsyncScript, statuses: Sequence[AlertStatus], *arguments: str | int
    ) -> list[bytes]:
        """A script over the alerts of each status, in one round trip; other calls go on in between."""
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for status in statuses:
                await script(
                    keys=[self._names.plain(f"alerts:{status}")],
                    args=[self._names.plain("alert:"), *arguments],
                    client=pipe,
                )
            answers: Any = await pipe.execute()
        return [one for found in answers for one in found]

    async def _rows(self, identifiers: Sequence[str]) -> list[AlertRow]:
        mutes = {(mute.rule, mute.group): mute.until for mute in await self.mutes()}
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for identifier in identifiers:
                pipe.hgetall(self._names.plain(f"alert:{identifier}"))
            answers: Any = await pipe.execute() if identifiers else []
        return [
            _row(
                identifier,
                {k.decode(): v.decode() for k, v in fields.items()},
                mutes,
                self._runbook,
            )
            for identifier, fields in zip(identifiers, answers, strict=True)
            if fields
        ]

    def _signal_key(self, rule: str, group: str) -> str:
        digest = hashlib.sha256(_place(rule, group).encode()).hexdigest()[:32]
        return self._names.plain(f"signal:{digest}")


def _place(rule: str, group: str) -> str:
    return f"{rule}\n{group}"


def _row(
    identifier: str, fields: dict[str, str], mutes: dict[tuple[str, str], float], runbook: str
) -> AlertRow:
    rule, group = fields["rule"], fields["group"]
    known = RULES.get(rule)
    return AlertRow(
        id=identifier,
        rule=rule,
        title=known.title if known else rule.replace("_", " "),
        severity=cast("Severity", fields["severity"]),
        group=group,
        subject=fields["subject"] or None,
        ref=fields["ref"] or None,
        first_at=float(fields["first"]) / 1000,
        last_at=float(fields["last"]) / 1000,
        count=int(fields["count"]),
        status=cast("AlertStatus", fields["status"]),
        by=fields.get("by") or None,
        note=fields.get("note") or None,
        decided_at=float(fields["decided"]) / 1000 if "decided" in fields else None,
        muted_until=mutes.get((rule, group)) or mutes.get((rule, "")),
        evidence=fields["evidence"],
        runbook=runbook + rule if runbook else "",
    )
