"""Rate limits in Redis, a sliding window shared by all processes (library: limits)."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.errors import RateLimited


class RedisRateLimits:
    """The port ``RateLimits``.

    A Redis that is away limits nothing: what needs Redis fails by itself then.
    """

    def __init__(
        self, redis: Redis, per_minute: Mapping[str, int], *, lookup_key: bytes, prefix: str
    ) -> None:
        """``per_minute`` by limit name; ``lookup_key`` hashes addresses: Redis holds none.

        The connections are those of ``redis``.
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

    async def hit(self, limit: str, who: str) -> None:
        """Count one. Raises RateLimited."""
        item = self._items[limit]
        name = hmac.digest(self._lookup_key, f"limit\0{who}".encode(), hashlib.sha256).hex()[:32]
        try:
            if await self._limiter.hit(item, limit, name):
                return
        except (StorageError, RedisError, OSError):
            return
        raise RateLimited(60.0 / item.amount * 2)
