"""Sessions held in this process for as long as Redis vouches for them.

A held session can only say yes. It spares a request the question whether all is still as it was;
whatever refuses, ends, renews or writes reads Redis. Nothing is held that Redis has not vouched for
since before it was read, and everything is dropped on any doubt
(:mod:`bff.adapters.session_tracking` vouches and doubts).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore
from bff.adapters.session_record import SessionRecord
from bff.errors import StoreUnavailable
from bff.session.held import HeldSession
from bff.session.limits import SessionLimits
from bff.session.model import (
    Acknowledgement,
    EndedSession,
    EndReason,
    RefreshJournal,
    Replaced,
    Session,
    SessionCore,
    SessionKey,
    TokenSet,
)

HELD_SECONDS = 120.0
"""How long tokens stay in memory at most without being read anew. Sessions in use are written, and
so dropped or read anew, about once a minute."""

NEWS_SECONDS = 0.05
"""How long the news of a change of our own is waited for, to hold what was changed."""


class SessionCache:
    """The least recently used go first; belongs to one event loop.

    Args:
        capacity: how many sessions at most.
        time: seconds of a clock that never goes back.
    """

    def __init__(self, capacity: int, time: Callable[[], float]) -> None:
        self._capacity = capacity
        self._time = time
        self._held: OrderedDict[SessionKey, HeldSession] = OrderedDict()
        self._watches: dict[SessionKey, set[asyncio.Event]] = {}
        self._vouched_until = 0.0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def vouched(self) -> bool:
        """Whether what is held may be used at this moment."""
        return self._time() < self._vouched_until

    def get(self, key: SessionKey) -> Session | None:
        """The session as Redis has it, as far as anybody here can know; None: ask Redis."""
        held = self.peek(key)
        if held is None:
            self.misses += 1
            return None
        self.used(key)
        return held.session

    def peek(self, key: SessionKey) -> HeldSession | None:
        """As :meth:`get`, and nobody counts it: what is not enough is asked for again."""
        held = self._held.get(key)
        return None if held is None or self._time() >= self._vouched_until else held

    def used(self, key: SessionKey) -> None:
        """What :meth:`peek` gave was enough."""
        self._held.move_to_end(key)
        self.hits += 1

    @contextmanager
    def reading(self, key: SessionKey) -> Iterator[Callable[[Session], None]]:
        """Around reading a session from Redis; call what this yields with what was read.

        It is held, unless anything happened to it, or to the trust in Redis, since reading began.
        """
        with self.watching(key) as spoiled:
            yield lambda session: None if spoiled.is_set() else self._hold(session)

    @contextmanager
    def watching(self, key: SessionKey) -> Iterator[asyncio.Event]:
        """Yields what is set as soon as anything happens to the session, or to the trust in Redis."""
        happened = asyncio.Event()
        watches = self._watches.setdefault(key, set())
        watches.add(happened)
        try:
            yield happened
        finally:
            watches.discard(happened)
            if not watches:
                self._watches.pop(key, None)

    @contextmanager
    def changing(self, key: SessionKey) -> Iterator[None]:
        """Around a change made by this process, which need not wait for its own news."""
        self.drop(key)
        try:
            yield
        finally:
            self.drop(key)

    def drop(self, key: SessionKey) -> None:
        """The session has changed."""
        self._held.pop(key, None)
        for happened in self._watches.get(key, ()):
            happened.set()

    def drop_all(self) -> None:
        """All sessions may have changed."""
        self._held.clear()
        for watches in self._watches.values():
            for happened in watches:
                happened.set()

    def vouch(self, until: float) -> None:
        """Whatever happens before ``until`` is learnt of in time. Also forgets what is too old."""
        self._vouched_until = until
        oldest = self._time() - HELD_SECONDS
        while self._held and next(iter(self._held.values())).since < oldest:
            self._held.popitem(last=False)

    def doubt(self) -> None:
        """Nobody vouches any more."""
        self._vouched_until = 0.0
        self.drop_all()

    def _hold(self, session: Session) -> None:
        now = self._time()
        if now >= self._vouched_until:
            return
        self._held[session.key] = HeldSession(session, now)
        self._held.move_to_end(session.key)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)


class CachedSessionStore(RedisSessionStore):
    """Fills the cache with what is read, and drops what this process changes.

    Reads always ask Redis; the cache answers those alone who ask the cache.
    """

    def __init__(
        self,
        cache: SessionCache,
        redis: Redis,
        record: SessionRecord,
        news: RedisNews,
        *,
        limits: SessionLimits,
        lookup_key: bytes,
        prefix: str = "bff",
    ) -> None:
        """``cache``, and what the store itself takes."""
        super().__init__(redis, record, news, limits=limits, lookup_key=lookup_key, prefix=prefix)
        self._cache = cache

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """From Redis; a live session is held from now on."""
        with self._cache.reading(key) as hold:
            session = await super().load(key)
            if isinstance(session, Session):
                hold(session)
            return session

    async def touch(self, session: Session, at: float) -> None:
        """Record use. What is held stays good meanwhile: it only ends a little sooner."""
        with self._cache.watching(session.key) as news:
            await super().touch(session, at)
            told = await self._told(news)
        if told:
            await self._hold_again(session.key)

    async def acknowledge(self, key: SessionKey, acknowledged: Acknowledgement) -> None:
        """Record what the browser holds. What is held stays good meanwhile: it only asks for the same again."""
        with self._cache.watching(key) as news:
            await super().acknowledge(key, acknowledged)
            told = await self._told(news)
        if told:
            await self._hold_again(key)

    async def end(
        self, key: SessionKey, reason: EndReason, at: float, *, only_generation: int | None = None
    ) -> Session | None:
        """End it, here at once."""
        with self._cache.changing(key):
            return await super().end(key, reason, at, only_generation=only_generation)

    async def write_journal(self, key: SessionKey, journal: RefreshJournal) -> Replaced:
        """Record an attempt."""
        with self._cache.changing(key):
            return await super().write_journal(key, journal)

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """The fenced write."""
        with self._cache.changing(key), self._cache.watching(key) as news:
            written = await super().replace_tokens(key, read_generation, tokens, core, owner)
            told = written is Replaced.WRITTEN and await self._told(news)
        if told:
            await self._hold_again(key)
        return written

    async def _told(self, news: asyncio.Event) -> bool:
        """Whether Redis has told us of a change of our own: before, what is read is not held."""
        if not self._cache.vouched:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_SECONDS):
                await news.wait()
        return news.is_set()

    async def _hold_again(self, key: SessionKey) -> None:
        """Read what was changed, so that the next request need not."""
        with suppress(StoreUnavailable):
            await self.load(key)
