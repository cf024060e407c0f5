"""The audit trail, read: by place, by query, from front to back."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from redis.asyncio import Redis

from bff.adapters.audit_names import FIVE_MINUTES, HOUR, AuditNames
from bff.adapters.audit_scripts import TOGETHER
from bff.adapters.redis_client import redis_errors
from bff.adapters.trail_indexes import TrailIndexes, entry_of, text
from bff.adapters.trail_search import Found, TrailSearch
from bff.audit.query import AuditQuery
from bff.audit.record import Entry, Record

CHUNK = 500


class RedisAuditReader:
    """Reads what :class:`bff.adapters.redis_audit.RedisAuditLog` wrote. Raises StoreUnavailable."""

    def __init__(self, redis: Redis, names: AuditNames, now: Callable[[], float]) -> None:
        """``now`` bounds how long one search may take."""
        self._redis = redis
        self._names = names
        self._now = now
        self._indexes = TrailIndexes(redis, names)
        self._together = redis.register_script(TOGETHER)

    async def search(self, query: AuditQuery, before: str | None, limit: int) -> Found:
        """The next ``limit`` entries older than ``before`` (an id)."""
        async with redis_errors():
            return await self._search(query).page(before, limit)

    async def tally(self, query: AuditQuery, field: str) -> dict[str, int]:
        """How many entries of each value of a closed field; nothing where kinds do not decide."""
        async with redis_errors():
            return await self._search(query).tally(field)

    def _search(self, query: AuditQuery) -> TrailSearch:
        return TrailSearch(self._indexes, self._names, self._now, query)

    async def every(self, *, after: str = "-") -> AsyncIterator[Entry]:
        """From the oldest, or from the one that follows ``after``, to the newest."""
        low = after if after == "-" else f"({after}"
        while True:
            async with redis_errors():
                read: Any = await self._redis.xrange(self._names.trail, low, "+", count=CHUNK)
            for identifier, fields in read:
                yield entry_of(identifier, fields)
            if len(read) < CHUNK:
                return
            low = f"({text(read[-1][0])}"

    async def heads(self) -> dict[str, int]:
        """How far each chain has come, by Redis's own record."""
        async with redis_errors():
            found: Any = await self._redis.hgetall(self._names.plain("heads"))
        return {text(chain): int(number) for chain, number in found.items()}

    async def five_minutes(self, after: float, before: float) -> list[tuple[float, dict[str, int]]]:
        """What happened in each five minutes of a time, oldest first."""
        first, last = int(after // FIVE_MINUTES), int(before // FIVE_MINUTES)
        moments = [number * FIVE_MINUTES for number in range(first, last + 1)]
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for moment in moments:
                pipe.hgetall(self._names.five(moment))
            answers: list[Any] = await pipe.execute()
        return [
            (float(moment), {text(name): int(number) for name, number in counts.items()})
            for moment, counts in zip(moments, answers, strict=True)
        ]

    async def hours(self, after: float, before: float) -> list[tuple[float, dict[str, int]]]:
        """The same five minutes, those of an hour together; Redis adds, so less is sent and read.

        Only what is counted: how many sessions live is a level, and in no hour.
        """
        first, last = int(after // FIVE_MINUTES), int(before // FIVE_MINUTES)
        hours: dict[int, list[str]] = {}
        for moment in (number * FIVE_MINUTES for number in range(first, last + 1)):
            hours.setdefault(moment // HOUR * HOUR, []).append(self._names.five(moment))
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for keys in hours.values():
                await self._together(keys=keys, client=pipe)
            answers: list[Any] = await pipe.execute()
        return [
            (float(hour), {text(n): int(c) for n, c in zip(flat[::2], flat[1::2], strict=True)})
            for hour, flat in zip(hours, answers, strict=True)
        ]

    async def days(self, subject: str) -> dict[str, int]:
        """A user's sign-ins: ``YYYY-MM-DD:good`` and ``:bad``, and how many."""
        async with redis_errors():
            found: Any = await self._redis.hgetall(self._names.calendar(subject))
        return {text(day): int(count) for day, count in found.items()}

    async def sample(
        self, query: AuditQuery, span: tuple[float, float], slices: int, each: int
    ) -> list[tuple[Entry, Record]]:
        """Some entries that kinds decide, spread over a time."""
        async with redis_errors():
            return await self._search(query).sample(span, slices, each)
