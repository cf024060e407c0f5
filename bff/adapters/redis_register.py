"""The register of live sessions in Redis: exact counts, pages that stay put, an end for everybody."""

from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.adapters.redis_index_names import IndexNames
from bff.adapters.redis_indexes import RedisIndexes
from bff.adapters.redis_news import EVERYBODY
from bff.adapters.session_record import OVERVIEW_FIELDS, SessionRecord
from bff.session.model import SessionKey
from bff.session.overview import PagePlace, SessionOverview, SessionPage

BEGUN_WITHIN_SECONDS, MOST_MISSED = 10.0, 10_000
"""A session is entered before it is stored. One that is missing for so long will not come; so many are remembered."""


class RedisSessionRegister:
    """The port ``SessionRegister`` over one Redis."""

    def __init__(self, redis: Redis, *, lookup_key: bytes, prefix: str, channel: str) -> None:
        """``lookup_key`` and ``prefix`` as the session store has them; ``channel`` carries its news."""
        self._redis = redis
        self._names = IndexNames(lookup_key, prefix)
        self._indexes = RedisIndexes(redis, self._names)
        self._prefix = prefix
        self._channel = channel
        self._missed: dict[SessionKey, float] = {}

    async def count(self, now: float) -> int:
        """Sixteen look-ups in one round trip."""
        async with redis_errors():
            return await self._indexes.count(await self._indexes.epoch(), now)

    async def page(self, after: PagePlace | None, limit: int, now: float) -> SessionPage:
        """The next places of every bucket, merged; what is gone for good leaves its bucket."""
        async with redis_errors():
            epoch = await self._indexes.epoch()
            places = await self._indexes.newest(epoch, after, limit, now)
            keys = [place.key for place in places]
            found = await self._overviews(keys, epoch)
            missing = [key for key, overview in zip(keys, found, strict=True) if overview is None]
            if gone := self._gone_for_good(missing, now):
                await self._indexes.forget(gone, epoch)
        live = tuple(overview for overview in found if overview is not None)
        return SessionPage(sessions=live, next=places[-1] if len(places) == limit else None)

    async def overviews(self, keys: Sequence[SessionKey]) -> list[SessionOverview]:
        """One round trip."""
        async with redis_errors():
            found = await self._overviews(keys, await self._indexes.epoch())
        return [overview for overview in found if overview is not None]

    async def end_everybody(self) -> int:
        """One increment; every listener wakes."""
        async with redis_errors():
            epoch = int(await self._redis.incr(self._names.epoch))
            await self._redis.publish(self._channel, EVERYBODY)
            return epoch

    def _gone_for_good(self, missing: list[SessionKey], now: float) -> list[SessionKey]:
        """Those that were missing a while ago already: not on their way in, then."""
        missed = self._missed
        gone = [key for key in missing if now - missed.setdefault(key, now) >= BEGUN_WITHIN_SECONDS]
        for key in gone:
            del missed[key]
        if len(missed) > MOST_MISSED:
            missed.clear()
        return gone

    async def _overviews(
        self, keys: Sequence[SessionKey], epoch: int
    ) -> list[SessionOverview | None]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(f"{self._prefix}:{{{key}}}:session", *OVERVIEW_FIELDS)
            answers: list[Any] = await pipe.execute() if keys else []
        return [_overview(key, fields, epoch) for key, fields in zip(keys, answers, strict=True)]


def _overview(key: SessionKey, fields: list[bytes | None], epoch: int) -> SessionOverview | None:
    """None for a session that is gone, of an earlier epoch, or unreadable."""
    core, facts, touch, journal, clients = fields
    if core is None or facts is None or touch is None:
        return None
    try:
        overview = SessionRecord.overview(key, core, facts, touch, journal, clients)
    except (msgspec.DecodeError, ValueError):
        return None
    return overview if overview.core.epoch >= epoch else None
