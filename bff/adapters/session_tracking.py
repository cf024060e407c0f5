"""Redis tells us which sessions change, and proves that it does (server-assisted invalidation).

One connection asks to be told of every key that belongs to a session (``CLIENT TRACKING``,
broadcasting, redirected to itself, so that RESP2 hears it as a subscription). Four times a second a
key of our own is written by way of the pool: when its invalidation comes back on the connection,
all that happened before the write has been heard of, and both ways lead to the same Redis. Until
then, and whenever that takes too long, nothing is vouched for: a broken connection, a stalled
Redis, a failover to another one, a proxy that swallows notices, a process that was stopped all
look alike.
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.adapters.session_cache import SessionCache
from bff.session.model import SessionKey

BEAT_SECONDS = 0.25
TRUST_SECONDS = 0.8
"""How long one beat, counted from before it was sent, vouches for what is held."""
_CHANNEL = "__redis__:invalidate"
_BEAT_MS = 10_000


class SessionTracking:
    """Keeps a cache honest.

    Args:
        cache: vouched for, and told what to drop.
        redis: whose pool serves sessions; the listening connection is one more than it holds.
        prefix: of all our keys.
        beat_name: of the key that we write, ours alone.
        time: the clock of the cache.
        report: called with True when vouching begins, with False when it ends.
    """

    def __init__(
        self,
        cache: SessionCache,
        redis: Redis,
        *,
        prefix: str,
        beat_name: str,
        time: Callable[[], float],
        report: Callable[[bool], None],
    ) -> None:
        self._cache = cache
        self._redis = redis
        self._sessions = f"{prefix}:{{"
        self._epoch = f"{prefix}:epoch"
        self._beat = f"{prefix}:beat:{beat_name}"
        self._time = time
        self._report = report
        self._vouching = False
        self._beat_at = 0.0
        self._heard = asyncio.Event()

    async def run(self) -> None:
        """Follow Redis until cancelled; start again, four times a second, when anything breaks."""
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                await self._follow()
            await asyncio.sleep(BEAT_SECONDS)

    async def _follow(self) -> None:
        connection: Any = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()
            await self._subscribe(connection)
            self._cache.drop_all()  # what was being read before anybody listened
            listening = asyncio.create_task(self._listen(connection))
            try:
                while not listening.done():
                    await self._vouch()
                    await asyncio.wait({listening}, timeout=BEAT_SECONDS)
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError, RedisError, OSError):
                    await listening
        finally:
            self._doubt()
            await connection.disconnect()

    async def _subscribe(self, connection: Any) -> None:  # noqa: ANN401  redis-py's
        await connection.send_command("CLIENT", "ID")
        own = await connection.read_response()
        prefixes = [
            word for name in (self._sessions, self._epoch, self._beat) for word in ("PREFIX", name)
        ]
        await connection.send_command(
            "CLIENT", "TRACKING", "ON", "REDIRECT", own, "BCAST", *prefixes
        )
        await connection.read_response()
        await connection.send_command("SUBSCRIBE", _CHANNEL)
        await connection.read_response()

    async def _vouch(self) -> None:
        """One beat, there and back. Raises TimeoutError, RedisError."""
        self._beat_at = self._time()
        self._heard.clear()
        async with asyncio.timeout(TRUST_SECONDS):
            await self._redis.set(self._beat, b"", px=_BEAT_MS)
            await self._heard.wait()

    async def _listen(self, connection: Any) -> None:  # noqa: ANN401  redis-py's
        try:
            while True:
                message = await connection.read_response(timeout=math.inf)
                self._take(message[2])
        finally:
            self._doubt()

    def _take(self, names: list[bytes] | None) -> None:
        """Names of keys that changed; None when all are gone (FLUSHALL, FLUSHDB)."""
        if names is None:
            self._cache.drop_all()
            return
        for name in names:
            text = name.decode("ascii", "replace")
            if text == self._beat:
                self._hear_beat()
            elif text.startswith(self._sessions):
                key, _, kind = text.removeprefix(self._sessions).partition("}:")
                if kind != "lock":  # says nothing of the session itself
                    self._cache.drop(SessionKey(key))
            else:
                self._cache.drop_all()  # the epoch: everybody's end

    def _hear_beat(self) -> None:
        """In its place among the other news, so that nothing later is vouched for."""
        self._heard.set()
        self._cache.vouch(self._beat_at + TRUST_SECONDS)
        if not self._vouching:
            self._vouching = True
            self._report(True)  # noqa: FBT003

    def _doubt(self) -> None:
        self._cache.doubt()
        if self._vouching:
            self._vouching = False
            self._report(False)  # noqa: FBT003
