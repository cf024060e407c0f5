"""The port ``EndLedger``: ``:job:{id}`` a hash, ``:left:{id}`` and ``:receipts:{id}`` lists, ``:held:{id}`` a lease."""

from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.adapters.session_record import milliseconds
from bff.audit.acts import Receipt
from bff.audit.end_orders import Batch, Order, Progress

LEASE_MS = 30_000
KEPT_SECONDS = 604_800
AT_ONCE = 5_000

# KEYS job, left, held · ARGV worker, lease_ms, most
TAKE = """
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[1] then return {-1, {}} end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
local refs = redis.call('LRANGE', KEYS[2], 0, tonumber(ARGV[3]) - 1)
local tried = tonumber(redis.call('HGET', KEYS[1], 'tried') or '0')
redis.call('HSET', KEYS[1], 'tried', math.max(tried, #refs))
return {tried, refs}
"""

# KEYS job, left, held, receipts · ARGV worker, at_ms, ended, longest_ms, kept_seconds, then receipts
WROTE = """
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
redis.call('RPUSH', KEYS[4], unpack(ARGV, 6))
redis.call('LTRIM', KEYS[2], #ARGV - 5, -1)
redis.call('HINCRBY', KEYS[1], 'ended', ARGV[3])
local longest = tonumber(redis.call('HGET', KEYS[1], 'longest') or '0')
redis.call('HSET', KEYS[1], 'tried', 0, 'updated', ARGV[2], 'longest', math.max(longest, tonumber(ARGV[4])))
for i = 1, 4 do if i ~= 3 then redis.call('EXPIRE', KEYS[i], ARGV[5]) end end
return 1
"""

# KEYS job, left, held · ARGV worker, at_ms
FINISH = """
if redis.call('GET', KEYS[3]) ~= ARGV[1] or redis.call('LLEN', KEYS[2]) > 0 then return 0 end
redis.call('DEL', KEYS[3])
redis.call('HSET', KEYS[1], 'updated', ARGV[2])
return redis.call('HSETNX', KEYS[1], 'finished', ARGV[2])
"""


class RedisEndLedger:
    """Orders to end many sessions, kept for a week after the last change. Public references only."""

    def __init__(self, redis: Redis, *, prefix: str) -> None:
        """All keys are in one hash slot."""
        self._redis = redis
        self._base = f"{prefix}:{{ends}}"
        self._take = redis.register_script(TAKE)
        self._wrote = redis.register_script(WROTE)
        self._finish = redis.register_script(FINISH)

    async def begin(self, order: Order, refs: Sequence[str], worker: str) -> None:
        """One transaction."""
        job, left, held = self._names(order.id, "job", "left", "held")
        at = milliseconds(order.began_at)
        async with redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(job, mapping={"order": msgspec.json.encode(order), "updated": at})
            for start in range(0, len(refs), AT_ONCE):
                pipe.rpush(left, *refs[start : start + AT_ONCE])
            pipe.expire(job, KEPT_SECONDS)
            pipe.expire(left, KEPT_SECONDS)
            pipe.set(held, worker, px=LEASE_MS)
            pipe.zadd(f"{self._base}:all", {order.id: at})
            pipe.zremrangebyscore(f"{self._base}:all", "-inf", at - KEPT_SECONDS * 1000)
            await pipe.execute()

    async def take(self, order_id: str, worker: str, most: int) -> Batch | None:
        """One script, which also prolongs the lease."""
        keys = self._names(order_id, "job", "left", "held")
        async with redis_errors():
            found: Any = await self._take(keys=keys, args=[worker, LEASE_MS, most])
        tried, refs = found
        return None if tried < 0 else Batch([ref.decode() for ref in refs], tried)

    async def wrote(
        self, order_id: str, worker: str, receipts: Sequence[Receipt], now: float
    ) -> bool:
        """One script, fenced by the lease."""
        keys = self._names(order_id, "job", "left", "held", "receipts")
        longest = max((receipt.stays_valid_seconds for receipt in receipts), default=0)
        arguments: list[Any] = [
            worker,
            milliseconds(now),
            sum(receipt.deleted for receipt in receipts),
            milliseconds(longest),
            KEPT_SECONDS,
            *map(msgspec.json.encode, receipts),
        ]
        async with redis_errors():
            return bool(await self._wrote(keys=keys, args=arguments))

    async def finish(self, order_id: str, worker: str, now: float) -> bool:
        """One script; the lease goes."""
        keys = self._names(order_id, "job", "left", "held")
        async with redis_errors():
            return bool(await self._finish(keys=keys, args=[worker, milliseconds(now)]))

    async def progress(self, order_id: str) -> Progress | None:
        """One round trip."""
        job, held, receipts = self._names(order_id, "job", "held", "receipts")
        async with redis_errors(), self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(job)
            pipe.exists(held)
            pipe.llen(receipts)
            fields, holder, done = await pipe.execute()
        if b"order" not in fields:
            return None
        finished = fields.get(b"finished")
        return Progress(
            order=msgspec.json.decode(fields[b"order"], type=Order),
            done=done,
            ended=int(fields.get(b"ended", 0)),
            longest=float(fields.get(b"longest", 0)) / 1000,
            updated_at=float(fields[b"updated"]) / 1000,
            finished_at=None if finished is None else float(finished) / 1000,
            held=bool(holder),
        )

    async def latest(self, most: int) -> Sequence[str]:
        """One round trip."""
        async with redis_errors():
            found: Any = await self._redis.zrevrange(f"{self._base}:all", 0, most - 1)
        return [order_id.decode() for order_id in found]

    async def receipts(self, order_id: str, start: int, most: int) -> Sequence[Receipt]:
        """One round trip."""
        (name,) = self._names(order_id, "receipts")
        async with redis_errors():
            found: Any = await self._redis.lrange(name, start, start + most - 1)
        return [msgspec.json.decode(each, type=Receipt) for each in found]

    def _names(self, order_id: str, *parts: str) -> list[str]:
        return [f"{self._base}:{part}:{order_id}" for part in parts]
