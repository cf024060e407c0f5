"""Sessions by state, counted by one process of the fleet and known to all."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_client import redis_errors

ROUND_SECONDS = 60.0
REST = 4
"""So many times as long as a count took nobody counts again: 100,000 sessions take a minute and eight
seconds of processor, which is dear once in a minute and cheap once in five."""
KEPT_MS = 1_800_000
COUNTING_MS = 300_000
"""So long nobody else counts while somebody does: 250,000 sessions take two minutes and a half."""


class SharedCensus:
    """Whoever comes first in a round counts; the others read what was counted last."""

    def __init__(
        self,
        redis: Redis,
        names: AuditNames,
        count: Callable[[], Awaitable[Mapping[str, int]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``count`` walks through all sessions, which may take longer than a round; ``clock`` in seconds."""
        self._redis = redis
        self._turn = names.plain("census-turn")
        self._key = names.plain("census")
        self._count = count
        self._clock = clock

    async def read(self) -> Mapping[str, int]:
        """How many in each state; nothing before anybody has counted. Raises StoreUnavailable."""
        async with redis_errors():
            mine = await self._redis.set(self._turn, b"1", nx=True, px=COUNTING_MS)
            if mine:
                counts = await self._counted()
                await self._redis.hset(self._key, mapping={s: str(n) for s, n in counts.items()})
                await self._redis.pexpire(self._key, KEPT_MS)
                return counts
            known: Any = await self._redis.hgetall(self._key)
        return {state.decode(): int(number) for state, number in known.items()}

    async def _counted(self) -> Mapping[str, int]:
        """Counts once; the turn then lasts for most of a round from when it was taken, longer after a long count."""
        began = self._clock()
        try:
            return await self._count()
        finally:
            took = self._clock() - began
            left = max(ROUND_SECONDS * 0.8 - took, REST * took)
            await self._redis.pexpire(self._turn, max(1, int(left * 1000)))
