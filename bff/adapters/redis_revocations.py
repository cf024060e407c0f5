"""The queue of revocations in Redis: sealed, bounded, drained by any process."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.adapters.session_record import milliseconds
from bff.session.revocation import Revocation
from bff.session.seal import NONCE_OCTETS, Seal, SealBroken

MOST = 100_000
"""So many wait at most: about 100 MB of sealed tokens."""

# KEYS due, held · ARGV id, due_ms, sealed, most
PUT = """
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
return 1
"""

# KEYS due, held · ARGV now_ms, hold_until_ms, most
TAKE = """
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[2], id) or ''
end
return found
"""


class RedisRevocationQueue:
    """The port ``RevocationQueue``."""

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        random_octets: Callable[[int], bytes],
        *,
        prefix: str,
        most: int = MOST,
    ) -> None:
        """Tokens are sealed for this queue and their id."""
        self._redis = redis
        self._seal = seal
        self._random_octets = random_octets
        self._names = [f"{prefix}:{{revocations}}:{part}" for part in ("due", "held")]
        self._most = most
        self._put = redis.register_script(PUT)
        self._take = redis.register_script(TAKE)

    async def put(self, revocation: Revocation, due_at: float) -> bool:
        """One script; what is there already may always be kept anew."""
        content = msgspec.msgpack.encode(revocation)
        nonce = self._random_octets(NONCE_OCTETS)
        sealed = self._seal.seal(content, self._place(revocation.id), nonce)
        arguments: list[str | int | bytes] = [
            revocation.id,
            milliseconds(due_at),
            sealed,
            self._most,
        ]
        async with redis_errors():
            return bool(await self._put(keys=self._names, args=arguments))

    async def take(self, now: float, hold_until: float, most: int) -> Sequence[Revocation]:
        """One script; what cannot be read any more is forgotten."""
        arguments = [milliseconds(now), milliseconds(hold_until), most]
        async with redis_errors():
            flat: list[Any] = await self._take(keys=self._names, args=arguments)
        found = []
        for raw_id, sealed in zip(flat[::2], flat[1::2], strict=True):
            revocation_id = raw_id.decode("ascii")
            try:
                content = self._seal.open(sealed, self._place(revocation_id))
                found.append(msgspec.msgpack.decode(content, type=Revocation))
            except (SealBroken, msgspec.DecodeError):
                await self.done(revocation_id)
        return found

    async def done(self, revocation_id: str) -> None:
        """Out of both."""
        async with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(self._names[0], revocation_id)
            pipe.hdel(self._names[1], revocation_id)
            await pipe.execute()

    async def waiting(self) -> int:
        """The length of the queue."""
        async with redis_errors():
            return int(await self._redis.zcard(self._names[0]))

    def _place(self, revocation_id: str) -> bytes:
        return f"{self._names[1]}\0{revocation_id}".encode()
