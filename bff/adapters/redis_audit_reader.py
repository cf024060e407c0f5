"""The audit trail, read: by place, by qualifier, from front to back.

A search follows the narrowest index there is for it and judges what it finds, within a bound; what
only an index decides is counted exactly.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.audit_names import FIVE_MINUTES, AuditNames
from bff.adapters.redis_client import redis_errors
from bff.audit.query import AuditQuery
from bff.audit.record import Entry, Record

SCAN_SECONDS, CHUNK = 0.08, 500
_decode = msgspec.json.Decoder(Record).decode


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, newest first; the place after the last one; how many there are, exactly or at least."""

    entries: tuple[tuple[Entry, Record], ...]
    next: str | None
    total: int
    exact: bool


class RedisAuditReader:
    """Reads what :class:`bff.adapters.redis_audit.RedisAuditLog` wrote. Raises StoreUnavailable."""

    def __init__(self, redis: Redis, names: AuditNames, now: Callable[[], float]) -> None:
        """``now`` bounds how long one search may take."""
        self._redis = redis
        self._names = names
        self._now = now

    async def search(self, query: AuditQuery, before: str | None, limit: int) -> Found:
        """The next ``limit`` entries older than ``before`` (an id)."""
        async with redis_errors():
            index, decided = self._index(query)
            low, high = _span(query, None)
            total = await self._count(index, low, high)
            low, high = _span(query, before)
            if decided:
                ids = await self._ids(index, low, high, limit)
                found = await self._entries(ids)
                last = ids[-1] if len(ids) == limit else None
                return Found(entries=tuple(found), next=last, total=total, exact=True)
            return await self._scan(query, index, (low, high), limit, fresh=before is None)

    async def _scan(
        self, query: AuditQuery, index: str, span: tuple[str, str], limit: int, *, fresh: bool
    ) -> Found:
        """Judge one after the other, for ``SCAN_SECONDS`` at most."""
        found: list[tuple[Entry, Record]] = []
        began, (low, high), last, seen = self._now(), span, None, 0
        while True:
            ids, entries = await self._chunk(index, low, high)
            for entry, record in entries:
                if query.matches(record):
                    seen += 1
                    if len(found) < limit:
                        found.append((entry, record))
                        last = entry.id
            if len(ids) < CHUNK:
                ended = True
                break
            high = f"({ids[-1]}"
            ended = False
            if self._now() - began > SCAN_SECONDS:
                break
        following = last if seen > limit else (None if ended else high.removeprefix("("))
        return Found(entries=tuple(found), next=following, total=seen, exact=ended and fresh)

    async def every(self, *, newest: int | None = None) -> AsyncIterator[Entry]:
        """From the oldest to the newest, or only the ``newest`` so many."""
        low = "-"
        if newest is not None:
            async with redis_errors():
                ids: Any = await self._redis.xrevrange(self._names.trail, count=newest)
            low = _text(ids[-1][0]) if ids else "-"
        while True:
            async with redis_errors():
                read: Any = await self._redis.xrange(self._names.trail, low, "+", count=CHUNK)
            for identifier, fields in read:
                yield _entry(identifier, fields)
            if len(read) < CHUNK:
                return
            low = f"({_text(read[-1][0])}"

    async def heads(self) -> dict[str, int]:
        """How far each chain has come, by Redis's own record."""
        async with redis_errors():
            found: Any = await self._redis.hgetall(self._names.plain("heads"))
        return {_text(chain): int(number) for chain, number in found.items()}

    async def five_minutes(self, after: float, before: float) -> list[tuple[float, dict[str, int]]]:
        """What happened in each five minutes of a time, oldest first."""
        first, last = int(after // FIVE_MINUTES), int(before // FIVE_MINUTES)
        moments = [number * FIVE_MINUTES for number in range(first, last + 1)]
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for moment in moments:
                pipe.hgetall(self._names.five(moment))
            answers: list[Any] = await pipe.execute()
        return [
            (float(moment), {_text(name): int(number) for name, number in counts.items()})
            for moment, counts in zip(moments, answers, strict=True)
        ]

    async def sample(
        self, event: str, after: float, before: float, slices: int, each: int
    ) -> list[tuple[Entry, Record]]:
        """Some entries of an event, evenly spread over a time."""
        step = (before - after) / slices
        index = self._names.has("event", event)
        async with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for number in range(slices):
                    low, high = after + number * step, after + (number + 1) * step
                    pipe.xrange(index, int(low * 1000), f"({int(high * 1000)}", count=each)
                answers: list[Any] = await pipe.execute()
            ids = [_text(identifier) for answer in answers for identifier, _ in answer]
            return await self._entries(ids)

    def _index(self, query: AuditQuery) -> tuple[str, bool]:
        """The narrowest index, and whether it decides everything."""
        wanted = {field: values[0] for field, values in query.wanted.items() if len(values) == 1}
        alone = len(query.wanted) == 1 and not (query.unwanted or query.words)
        for field in ("ref", "subject", "actor"):
            if field in wanted:
                about = self._names.about("ref" if field == "ref" else "subject", wanted[field])
                return about, alone and field == "ref"
        indexed = {"outcome": {"denied", "error"}, "severity": {"warning", "critical"}}
        for field in ("event", "outcome", "severity"):
            if field in wanted and (field == "event" or wanted[field] in indexed[field]):
                return self._names.has(field, wanted[field]), alone
        return self._names.trail, query.everything

    async def _chunk(
        self, index: str, low: str, high: str
    ) -> tuple[list[str], list[tuple[Entry, Record]]]:
        """Some ids, newest first, with what they name; the trail itself answers both at once."""
        if index != self._names.trail:
            ids = await self._ids(index, low, high, CHUNK)
            return ids, await self._entries(ids)
        read: Any = await self._redis.xrevrange(index, high, low, count=CHUNK)
        entries = [_entry(identifier, fields) for identifier, fields in read]
        return [entry.id for entry in entries], [(entry, _decode(entry.body)) for entry in entries]

    async def _ids(self, index: str, low: str, high: str, count: int) -> list[str]:
        """Newest first."""
        if ":of:" in index:
            return await self._of(index, low, high, count)
        read: Any = await self._redis.xrevrange(index, high, low, count=count)
        return [_text(identifier) for identifier, _ in read]

    async def _of(self, index: str, low: str, high: str, count: int) -> list[str]:
        """A sorted set's ids between two; several may share a millisecond."""
        least, most = _milliseconds(low, "-inf"), _milliseconds(high, "+inf")
        read: Any = await self._redis.zrevrangebyscore(index, most, least)
        ids = sorted((_text(identifier) for identifier in read), key=_order, reverse=True)
        if high.startswith("("):
            ids = [each for each in ids if _order(each) < _order(high[1:])]
        return ids[:count]

    async def _entries(self, ids: Sequence[str]) -> list[tuple[Entry, Record]]:
        if not ids:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for identifier in ids:
                pipe.xrange(self._names.trail, identifier, identifier)
            answers: list[Any] = await pipe.execute()
        entries = [_entry(*read) for answer in answers for read in answer]
        return [(entry, _decode(entry.body)) for entry in entries]

    async def _count(self, index: str, low: str, high: str) -> int:
        """Exactly: entries of a stream are numbered without a gap."""
        if ":of:" in index:
            await self._forget_trimmed(index)
            least, most = _milliseconds(low, "-inf"), _milliseconds(high, "+inf")
            return int(await self._redis.zcount(index, least, most))
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.xrange(index, low, high, count=1)
            pipe.xrevrange(index, high, low, count=1)
            first, last = await pipe.execute()
        if not first or not last:
            return 0
        return _number(last[0][1]) - _number(first[0][1]) + 1

    async def _forget_trimmed(self, index: str) -> None:
        """Take out of a sorted set what retention took out of the trail."""
        oldest: Any = await self._redis.xrange(self._names.trail, count=1)
        if not oldest:
            await self._redis.delete(index)
            return
        first = _text(oldest[0][0])
        edge = first.partition("-")[0]
        await self._redis.zremrangebyscore(index, "-inf", f"({edge}")
        same: Any = await self._redis.zrangebyscore(index, edge, edge)
        if gone := [each for each in same if _order(_text(each)) < _order(first)]:
            await self._redis.zrem(index, *gone)


def _span(query: AuditQuery, before: str | None) -> tuple[str, str]:
    low = "-" if query.after is None else str(int(query.after * 1000))
    if before is not None:
        return low, f"({before}"
    return low, "+" if query.before is None else f"({int(query.before * 1000)}"


def _milliseconds(bound: str, open_end: str) -> str:
    return open_end if bound in {"-", "+"} else bound.removeprefix("(").partition("-")[0]


def _order(identifier: str) -> tuple[int, int]:
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number or 0)


def _number(fields: dict[bytes, bytes]) -> int:
    return int(fields.get(b"k") or fields[b"s"])


def _entry(identifier: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(
        id=_text(identifier),
        seq=int(fields.get(b"s", 0)),
        chain=_text(fields.get(b"c", b"")),
        number=int(fields.get(b"n", 0)),
        mac=fields.get(b"m", b""),
        body=fields.get(b"b", b""),
    )


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")
