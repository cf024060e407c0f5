"""Sealing stored tokens anew in Redis, without ever undoing a renewal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.redis_client import redis_errors
from bff.adapters.session_record import SessionRecord
from bff.session.model import SessionKey
from bff.session.resealing import Resealed
from bff.session.seal import SealBroken, sealed_under

# KEYS session · ARGV the sealed tokens that were read, the new ones, the new facts. Only what is
# still exactly as it was read is replaced: a renewal that came in between has won.
SWAP = """
if redis.call('HGET', KEYS[1], 'tokens') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'tokens', ARGV[2], 'facts', ARGV[3])
return 1
"""


class RedisResealing:
    """The port ``SessionResealing`` over one Redis."""

    def __init__(self, redis: Redis, record: SessionRecord, newest: str, *, prefix: str) -> None:
        """``newest`` is the id of the key that ``record`` seals under."""
        self._redis = redis
        self._record = record
        self._newest = newest
        self._prefix = prefix
        self._swap = redis.register_script(SWAP)

    async def reseal(self, keys: Sequence[SessionKey]) -> Resealed:
        """Two round trips for all of them."""
        found = Resealed()
        swaps: list[tuple[str, list[bytes]]] = []
        async with redis_errors():
            for name, fields in zip(map(self._name, keys), await self._read(keys), strict=True):
                outcome = self._judge(name, *fields)
                if isinstance(outcome, Resealed):
                    found += outcome
                else:
                    swaps.append((name, outcome))
            for swapped in await self._write(swaps):
                found += Resealed(done=1) if swapped else Resealed(changed=1)
        return found

    async def count_by_key(self, keys: Sequence[SessionKey]) -> Mapping[str, int]:
        """One round trip."""
        async with redis_errors():
            found = await self._read(keys)
        return Counter(sealed_under(tokens) for _, tokens, _ in found if tokens is not None)

    async def _read(self, keys: Sequence[SessionKey]) -> list[list[Any]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(self._name(key), "gen", "tokens", "facts")
            return list(await pipe.execute())

    async def _write(self, swaps: Sequence[tuple[str, list[bytes]]]) -> list[int]:
        if not swaps:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, arguments in swaps:
                await self._swap(keys=[name], args=arguments, client=pipe)
            return list(await pipe.execute())

    def _judge(
        self, name: str, generation: bytes | None, tokens: bytes | None, facts: bytes | None
    ) -> Resealed | list[bytes]:
        """What is to be written, or why nothing is."""
        if generation is None or tokens is None or facts is None:
            return Resealed(gone=1)
        if sealed_under(tokens) == self._newest:
            return Resealed(fresh=1)
        try:
            return [tokens, *self._record.sealed_anew(name, int(generation), tokens, facts)]
        except (SealBroken, msgspec.DecodeError):
            return Resealed(unreadable=1)

    def _name(self, key: SessionKey) -> str:
        return f"{self._prefix}:{{{key}}}:session"
