"""The last twelve renewals of each session, for the sparkline beside it: seconds left when each was had.

Taken from the records of the trail as they are made, added to Redis in the background, under the
public reference. A renewal that failed counts as none left.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.audit.record import Record

POINTS = 12
KEPT_SECONDS = 604_800
MOST_WAITING = 20_000
"""So many renewals may wait to be told of; the oldest go first."""
_EVENTS = frozenset({"session_renewed", "session_renewal_failed"})


class RenewalTrend:
    """Hears, tells, reads."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        """Nothing is opened here."""
        self._redis = redis
        self._prefix = prefix
        self._waiting: deque[tuple[str, int]] = deque(maxlen=MOST_WAITING)

    def take(self, record: Record) -> None:
        """One record of the trail, whatever it is about."""
        if record.event in _EVENTS and record.ref is not None:
            left = record.details.get("seconds_left")
            if record.event == "session_renewal_failed" or not isinstance(left, float):
                left = 0.0
            self._waiting.append((record.ref, max(0, int(left))))

    async def tell(self) -> None:
        """Add what was heard. Raises StoreUnavailable: it then waits, in its order."""
        if not self._waiting:
            return
        some = list(self._waiting)
        self._waiting.clear()
        pipeline = self._redis.pipeline(transaction=False)
        for ref, left in some:
            key = self._key(ref)
            pipeline.rpush(key, left)
            pipeline.ltrim(key, -POINTS, -1)
            pipeline.expire(key, KEPT_SECONDS)
        try:
            async with redis_errors():
                await pipeline.execute()
        except BaseException:
            self._waiting.extendleft(reversed(some[-(MOST_WAITING - len(self._waiting)) :]))
            raise

    async def of(self, refs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Of each that was renewed, oldest first; one round trip. Raises StoreUnavailable."""
        if not refs:
            return {}
        pipeline = self._redis.pipeline(transaction=False)
        for ref in refs:
            pipeline.lrange(self._key(ref), 0, -1)
        async with redis_errors():
            found: Any = await pipeline.execute()
        return {ref: tuple(map(int, left)) for ref, left in zip(refs, found, strict=True) if left}

    def _key(self, ref: str) -> str:
        return f"{self._prefix}:renewals:{{{ref}}}"
