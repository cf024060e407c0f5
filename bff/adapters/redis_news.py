"""News of sessions: one subscription per process, any number of ears.

News is a hint to read again, never the truth itself.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.session.model import SessionKey

EVERYBODY = b"*"
"""Published instead of a key when something happened to every session."""


class Ear:
    """Listens for one session."""

    __slots__ = ("_heard",)

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._heard = asyncio.Event()

    def hear(self) -> None:
        """Something happened to the session."""
        self._heard.set()

    async def news(self, timeout_seconds: float) -> bool:
        """True when something happened since the last call; False when the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._heard.wait()
        heard = self._heard.is_set()
        self._heard.clear()
        return heard


class RedisNews:
    """Subscribes to ``channel``, on which each change publishes the session's key."""

    def __init__(self, redis: Redis, channel: str) -> None:
        """Nothing is opened until :meth:`run`."""
        self._redis = redis
        self._channel = channel
        self._ears: dict[str, set[Ear]] = {}

    @contextmanager
    def listen(self, key: SessionKey) -> Iterator[Ear]:
        """Open an ear for one session."""
        ear = Ear()
        ears = self._ears.setdefault(key, set())
        ears.add(ear)
        try:
            yield ear
        finally:
            ears.discard(ear)
            if not ears:
                self._ears.pop(key, None)

    async def run(self) -> None:
        """Hear until cancelled; subscribe again, every half second, while Redis is away."""
        while True:
            with suppress(RedisError, OSError):
                await self._hear()
            self.wake_all()
            await asyncio.sleep(0.5)

    async def _hear(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(self._channel)
            self.wake_all()  # what happened while nobody listened
            async for message in pubsub.listen():
                if message["data"] == EVERYBODY:
                    self.wake_all()
                for ear in self._ears.get(message["data"].decode("ascii", "replace"), ()):
                    ear.hear()

    def wake_all(self) -> None:
        """Let everybody look again."""
        for ears in self._ears.values():
            for ear in ears:
                ear.hear()
