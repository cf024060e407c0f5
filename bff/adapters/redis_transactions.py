"""What Redis keeps for a moment and hands out once: login transactions and ways out.

Sealed, under a keyed hash of their secret.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.errors import StoreUnavailable
from bff.oidc.end_session import WayOut
from bff.session.seal import NONCE_OCTETS, Seal, SealBroken
from bff.session.transaction import LoginTransaction


class OneShotValues:
    """Sealed values under secrets.

    A reader of Redis learns neither and can complete nobody's sign-in.
    """

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        random_octets: Callable[[int], bytes],
        *,
        lookup_key: bytes,
        prefix: str,
    ) -> None:
        """``lookup_key`` hashes the secrets into names."""
        self._redis = redis
        self._seal = seal
        self._random_octets = random_octets
        self._lookup_key = lookup_key
        self._prefix = prefix

    async def put(self, kind: str, secret: str, content: bytes, lifetime_seconds: float) -> None:
        """Keep ``content``. Raises StoreUnavailable."""
        name = self._name(kind, secret)
        sealed = self._seal.seal(content, name.encode(), self._random_octets(NONCE_OCTETS))
        try:
            await self._redis.set(name, sealed, px=int(lifetime_seconds * 1000))
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable from error

    async def take(self, kind: str, secret: str) -> bytes | None:
        """Hand it out and forget it, in one step. Raises StoreUnavailable."""
        name = self._name(kind, secret)
        try:
            sealed: Any = await self._redis.getdel(name)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable from error
        try:
            return None if sealed is None else self._seal.open(sealed, name.encode())
        except SealBroken:
            return None

    def _name(self, kind: str, secret: str) -> str:
        digest = hmac.digest(self._lookup_key, f"{kind}\0{secret}".encode(), hashlib.sha256)
        return f"{self._prefix}:{kind}:{digest.hex()[:40]}"


class RedisTransactionStore:
    """The port ``TransactionStore``."""

    def __init__(self, values: OneShotValues) -> None:
        """Keep them among ``values``."""
        self._values = values

    async def put(self, state: str, transaction: LoginTransaction, lifetime_seconds: float) -> None:
        """Keep it under its ``state``."""
        await self._values.put(
            "login", state, msgspec.msgpack.encode(transaction), lifetime_seconds
        )

    async def take(self, state: str) -> LoginTransaction | None:
        """Hand it out once; what cannot be read is gone."""
        content = await self._values.take("login", state)
        try:
            return (
                None if content is None else msgspec.msgpack.decode(content, type=LoginTransaction)
            )
        except msgspec.DecodeError:
            return None


class RedisExitStore:
    """The port ``ExitStore``."""

    def __init__(self, values: OneShotValues) -> None:
        """Keep them among ``values``."""
        self._values = values

    async def put(self, ticket: str, out: WayOut, lifetime_seconds: float) -> None:
        """Keep it under ``ticket``."""
        await self._values.put("exit", ticket, msgspec.msgpack.encode(out), lifetime_seconds)

    async def take(self, ticket: str) -> WayOut | None:
        """Hand it out once; what cannot be read is gone."""
        content = await self._values.take("exit", ticket)
        try:
            return None if content is None else msgspec.msgpack.decode(content, type=WayOut)
        except msgspec.DecodeError:
            return None
