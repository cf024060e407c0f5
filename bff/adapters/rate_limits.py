"""Rate limits in Redis, a sliding window shared by all processes (library: limits)."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.errors import RateLimited

_TELL_AGAIN_SECONDS = 60.0
_TOLD_LIMIT = 1024


class Clock(Protocol):
    """Wall time."""

    def now(self) -> float:
        """Unix seconds."""
        ...


class RedisRateLimits:
    """The port ``RateLimits``.

    A Redis that is away limits nothing: what needs Redis fails by itself then.
    """

    def __init__(
        self,
        redis: Redis,
        per_minute: Mapping[str, int],
        clock: Clock,
        reached: Callable[[str], None],
        *,
        lookup_key: bytes,
        prefix: str,
    ) -> None:
        """``per_minute`` by limit name; ``lookup_key`` hashes addresses: Redis holds none.

        ``reached`` hears the name of a limit when somebody has reached it, once a minute for each
        of them. The connections are those of ``redis``.
        """
        pool: Any = redis.connection_pool
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=f"{prefix}:limits",
            wrap_exceptions=True,
            connection_pool=pool,
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._items = {name: RateLimitItemPerMinute(count, 1) for name, count in per_minute.items()}
        self._lookup_key = lookup_key
        self._clock = clock
        self._reached = reached
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def hit(self, limit: str, who: str) -> None:
        """Count one. Raises RateLimited."""
        item = self._items[limit]
        name = hmac.digest(self._lookup_key, f"limit\0{who}".encode(), hashlib.sha256).hex()[:32]
        try:
            if await self._limiter.hit(item, limit, name):
                return
            retry_after = await self._retry_after(item, limit, name)
        except (StorageError, RedisError, OSError):
            return
        self._tell(limit, name)
        raise RateLimited(retry_after)

    async def _retry_after(self, item: RateLimitItem, limit: str, name: str) -> float:
        """Seconds until there is room for one more, as far as can be told."""
        stats = await self._limiter.get_window_stats(item, limit, name)
        return min(max(stats.reset_time - self._clock.now(), 1.0), 60.0)

    def _tell(self, limit: str, name: str) -> None:
        """A flood of refusals is one event a minute."""
        now, who = self._clock.now(), (limit, name)
        if now - self._told.get(who, 0.0) < _TELL_AGAIN_SECONDS:
            return
        self._told[who] = now
        self._told.move_to_end(who)
        if len(self._told) > _TOLD_LIMIT:
            self._told.popitem(last=False)
        self._reached(limit)
