"""Login transactions in Redis: under a hash of their ``state``, sealed, for ten minutes, handed out once."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.errors import StoreUnavailable
from bff.session.seal import NONCE_OCTETS, Seal, SealBroken
from bff.session.transaction import LoginTransaction


class RedisTransactionStore:
    """The port ``TransactionStore`` over one Redis."""

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        random_octets: Callable[[int], bytes],
        *,
        lookup_key: bytes,
        prefix: str = "bff",
    ) -> None:
        """``lookup_key`` hashes the ``state``, so that a reader of Redis cannot complete somebody's sign-in."""
        self._redis = redis
        self._seal = seal
        self._random_octets = random_octets
        self._lookup_key = lookup_key
        self._prefix = prefix

    async def put(self, state: str, transaction: LoginTransaction, lifetime_seconds: float) -> None:
        """Keep it."""
        name = self._name(state)
        content = msgspec.msgpack.encode(transaction)
        sealed = self._seal.seal(content, name.encode(), self._random_octets(NONCE_OCTETS))
        try:
            await self._redis.set(name, sealed, px=int(lifetime_seconds * 1000))
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable from error

    async def take(self, state: str) -> LoginTransaction | None:
        """Hand it out and forget it, in one step."""
        name = self._name(state)
        try:
            sealed: Any = await self._redis.getdel(name)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable from error
        if sealed is None:
            return None
        try:
            return msgspec.msgpack.decode(self._seal.open(sealed, name.encode()), type=LoginTransaction)
        except (SealBroken, msgspec.DecodeError):
            return None

    def _name(self, state: str) -> str:
        digest = hmac.digest(self._lookup_key, b"state\0" + state.encode(), hashlib.sha256)
        return f"{self._prefix}:login:{digest.hex()[:40]}"
