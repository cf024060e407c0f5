"""Where sessions are found: by user, by provider session, by public reference, and all together.

Sorted sets that sweep out what has expired whenever something is added, so that none can outgrow
its sessions. The index of one user or provider session is scored by the absolute limit, which
nothing moves; the buckets of live sessions by when Redis forgets each, which use moves.
"""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from bff.adapters.redis_index_names import LIVE_BUCKETS, IndexNames
from bff.adapters.redis_scripts import Scripts
from bff.adapters.session_record import milliseconds
from bff.session.model import Ref, SessionCore, SessionKey
from bff.session.overview import PagePlace

# KEYS index · ARGV key, expires_at_ms, now_ms
ADD = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
return 1
"""

_SWEEP = """
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('ZREM', KEYS[2], unpack(gone))
end
"""

# KEYS until, began · ARGV now_ms, key, until_ms, began_ms, absolute_ms
KEEP = (
    _SWEEP
    + """
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
for _, name in ipairs(KEYS) do
  if redis.call('PTTL', name) < ARGV[5] - ARGV[1] then redis.call('PEXPIREAT', name, ARGV[5]) end
end
return 1
"""
)

# KEYS until, began · ARGV now_ms, limit, after_began, after_key. Newest first; sessions that began in
# the same millisecond follow each other by key, which is compared byte by byte, for Lua's own
# comparison goes by the server's locale.
PAGE = (
    _SWEEP
    + """
local function before(a, b)
  for i = 1, #a do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < (y or 0) end
  end
  return false
end
local from = 0
if ARGV[3] ~= '' then
  from = redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[3], '+inf')
  local to = from + redis.call('ZCOUNT', KEYS[2], ARGV[3], ARGV[3])
  while from < to do
    local middle = math.floor((from + to) / 2)
    if before(redis.call('ZREVRANGE', KEYS[2], middle, middle)[1], ARGV[4]) then
      to = middle
    else
      from = middle + 1
    end
  end
end
return redis.call('ZREVRANGE', KEYS[2], from, from + ARGV[2] - 1, 'WITHSCORES')
"""
)


class RedisIndexes:
    """Adds, removes and finds. Raises what redis-py raises."""

    def __init__(self, redis: Redis, names: IndexNames) -> None:
        """Nothing is opened here."""
        self._redis = redis
        self._names = names
        self._scripts = Scripts(redis)
        self._page = redis.register_script(PAGE)

    async def epoch(self) -> int:
        """The epoch that lives."""
        return int(await self._redis.get(self._names.epoch) or 0)

    async def add(self, key: SessionKey, core: SessionCore, until: float) -> None:
        """Enter a new session that Redis forgets at ``until``."""
        absolute = milliseconds(core.absolute_expires_at)
        now = milliseconds(core.created_at)
        for name in self._names.of(core):
            await self._scripts.run(ADD, [name], [key, absolute, now])
        await self.keep(key, core, until, core.created_at)
        await self._redis.set(self._names.ref(core.ref), key, pxat=absolute)

    async def keep(self, key: SessionKey, core: SessionCore, until: float, now: float) -> None:
        """Redis forgets it at ``until`` now."""
        arguments: list[int | str] = [
            milliseconds(now),
            key,
            milliseconds(until),
            milliseconds(core.created_at),
            milliseconds(core.absolute_expires_at),
        ]
        await self._scripts.run(KEEP, self._names.bucket_of(key, core.epoch), arguments)

    async def remove(self, key: SessionKey, core: SessionCore) -> None:
        """Take an ended session out of everything."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in (*self._names.of(core), *self._names.bucket_of(key, core.epoch)):
                pipe.zrem(name, key)
            pipe.delete(self._names.ref(core.ref))
            await pipe.execute()

    async def forget(self, keys: Sequence[SessionKey], epoch: int) -> None:
        """Take out of the buckets what turned out to be gone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                for name in self._names.bucket_of(key, epoch):
                    pipe.zrem(name, key)
            await pipe.execute()

    async def members(self, kind: str, issuer: str, name: str) -> Sequence[SessionKey]:
        """The sessions of one user (``subject``) or provider session (``sid``)."""
        found: Any = await self._redis.zrange(self._names.named(kind, issuer, name), 0, -1)
        return [SessionKey(member.decode("ascii")) for member in found]

    async def named_by(self, ref: Ref) -> SessionKey | None:
        """The session with this public reference."""
        key: Any = await self._redis.get(self._names.ref(ref))
        return SessionKey(key.decode("ascii")) if key else None

    async def count(self, epoch: int, now: float) -> int:
        """How many sessions of this epoch Redis has not forgotten by ``now``."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in range(LIVE_BUCKETS):
                pipe.zcount(self._names.bucket(number, epoch)[0], f"({milliseconds(now)}", "+inf")
            return sum(await pipe.execute())

    async def newest(
        self, epoch: int, after: PagePlace | None, limit: int, now: float
    ) -> list[PagePlace]:
        """The next ``limit`` places after ``after``."""
        arguments: list[Any] = [milliseconds(now), limit, "", ""]
        if after is not None:
            arguments[2:] = [after.began, after.key]
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in range(LIVE_BUCKETS):
                await self._page(
                    keys=list(self._names.bucket(number, epoch)), args=arguments, client=pipe
                )
            answers = await pipe.execute()
        places = [
            PagePlace(int(began), SessionKey(key.decode("ascii")))
            for flat in answers
            for key, began in zip(flat[::2], flat[1::2], strict=True)
        ]
        return sorted(places, reverse=True)[:limit]
