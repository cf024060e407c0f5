"""How often each session called which API, and when: counted in the process, added to Redis in the background.

A call costs a few entries in dictionaries; Redis hears of all sessions that called every
``EVERY_SECONDS``. What a process that is killed had not told yet is missing: these are figures for
a reviewer's eye, no evidence (that is the trail). Kept by the public reference, so that they outlive
the session: what it called before its end is what is asked about a stolen one.
"""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.audit.pages import ApiUse, RouteUse

SLOT_SECONDS = 300
EVERY_SECONDS = 15.0
KEPT_SECONDS = 172_800
"""So long after its last call the figures of a session are kept."""
MOST_SESSIONS = 20_000
"""So many sessions may wait to be told of; calls of others are not counted until they were."""
MOST_SLOTS = 576
"""Two days of five minutes; older ones go when there are more."""
AT_ONCE = 200

_ADD = """
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[2]) then
  local slots = {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local slot = string.match(field, '^s:(%d+)$')
    if slot then table.insert(slots, tonumber(slot)) end
  end
  table.sort(slots)
  for i = 1, #slots - tonumber(ARGV[2]) do
    redis.call('HDEL', KEYS[1], string.format('s:%d', slots[i]))
  end
end
"""

_Counted = int | tuple[int, str]
"""A slot; or the first digit of a status, and a route."""


class SessionCalls:
    """Counts, tells, reads."""

    def __init__(self, redis: Redis, now: Callable[[], float], *, prefix: str) -> None:
        """``now``: Unix seconds."""
        self._redis = redis
        self._now = now
        self._prefix = prefix
        self._add = redis.register_script(_ADD)
        self._waiting: dict[str, dict[_Counted, int]] = {}

    def count(self, ref: str, route: str, status: int) -> None:
        """One call of an API by the session ``ref``; never waits, never fails."""
        fields = self._waiting.get(ref)
        if fields is None:
            if len(self._waiting) >= MOST_SESSIONS:
                return
            fields = self._waiting[ref] = {}
        slot = int(self._now()) // SLOT_SECONDS
        answered = (status // 100, route)
        fields[slot] = fields.get(slot, 0) + 1
        fields[answered] = fields.get(answered, 0) + 1

    async def tell(self) -> None:
        """Add what was counted. Raises StoreUnavailable; what was not added then waits for the next time."""
        while self._waiting:
            some = [self._waiting.popitem() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                async with redis_errors():
                    await self._send(some)
            except BaseException:
                for ref, fields in some:
                    self._put_back(ref, fields)
                raise

    async def of(self, ref: str) -> ApiUse:
        """When and what the session called, as far as Redis was told. Raises StoreUnavailable."""
        async with redis_errors():
            found: Any = await self._redis.hgetall(self._key(ref))
        slots: list[tuple[float, int]] = []
        routes: dict[str, dict[str, int]] = {}
        for field, count in ((name.decode(), int(number)) for name, number in found.items()):
            kind, _, rest = field.partition(":")
            if kind == "s":
                slots.append((float(int(rest) * SLOT_SECONDS), count))
            else:
                status, _, route = rest.partition(":")
                routes.setdefault(route, {})[f"{status}xx"] = count
        used = [
            RouteUse(route=route, total=sum(mix.values()), statuses=dict(sorted(mix.items())))
            for route, mix in routes.items()
        ]
        used.sort(key=lambda one: (-one.total, one.route))
        return ApiUse(slot_seconds=SLOT_SECONDS, slots=tuple(sorted(slots)), routes=tuple(used))

    async def _send(self, some: list[tuple[str, dict[_Counted, int]]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for ref, fields in some:
            pairs = [part for field, count in fields.items() for part in (_name(field), count)]
            await self._add(
                keys=[self._key(ref)], args=[KEPT_SECONDS, MOST_SLOTS, *pairs], client=pipeline
            )
        await pipeline.execute()

    def _put_back(self, ref: str, fields: dict[_Counted, int]) -> None:
        later = self._waiting.setdefault(ref, {})
        for field, count in fields.items():
            later[field] = later.get(field, 0) + count

    def _key(self, ref: str) -> str:
        return f"{self._prefix}:calls:{{{ref}}}"


def _name(field: _Counted) -> str:
    """The hash field it is added to."""
    return f"s:{field}" if isinstance(field, int) else f"r:{field[0]}:{field[1]}"
