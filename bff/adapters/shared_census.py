"""Sessions by state, counted by one process of the fleet and known to all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_client import redis_errors

ROUND_SECONDS = 60.0
KEPT_MS = 600_000


class SharedCensus:
    """Whoever comes first in a round counts; the others read what was counted last."""

    def __init__(
        self, redis: Redis, names: AuditNames, count: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> None:
        """``count`` walks through all sessions."""
        self._redis = redis
        self._turn = names.plain("census-turn")
        self._key = names.plain("census")
        self._count = count

    async def read(self) -> Mapping[str, int]:
        """How many in each state; nothing before anybody has counted. Raises StoreUnavailable."""
        async with redis_errors():
            mine = await self._redis.set(self._turn, b"1", nx=True, px=int(ROUND_SECONDS * 800))
            if mine:
                counts = await self._count()
                await self._redis.hset(self._key, mapping={s: str(n) for s, n in counts.items()})
                await self._redis.pexpire(self._key, KEPT_MS)
                return counts
            known: Any = await self._redis.hgetall(self._key)
        return {state.decode(): int(number) for state, number in known.items()}
