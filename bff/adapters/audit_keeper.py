"""What keeps the trail: anchors while something happens, retention, a count of sessions now and then."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_audit import FIVE_KEEP_MS, RedisAuditLog
from bff.audit import operations
from bff.audit.events import AuditEvent
from bff.errors import StoreUnavailable

CHUNK = 1_000
ROUND_SECONDS, DEAD_SECONDS = 60.0, 3_600.0


class AuditKeeper:
    """One round a minute in each process; retention is the work of one process at a time."""

    def __init__(
        self,
        redis: Redis,
        names: AuditNames,
        log: RedisAuditLog,
        record: Callable[[AuditEvent], None],
        *,
        now: Callable[[], float],
        count_sessions: Callable[[float], Awaitable[int]],
        most: int,
        keep_seconds: float,
    ) -> None:
        """``most`` entries, none older than ``keep_seconds``."""
        self._redis = redis
        self._names = names
        self._log = log
        self._record = record
        self._now = now
        self._count_sessions = count_sessions
        self._most = most
        self._keep_seconds = keep_seconds
        self._anchored: dict[str, int] = {}
        self._written = 0

    async def run(self, round_seconds: float = ROUND_SECONDS) -> None:
        """Until cancelled."""
        while True:
            with suppress(RedisError, OSError, TimeoutError, StoreUnavailable):
                await self.round()
            await asyncio.sleep(round_seconds)

    async def round(self) -> None:
        """Once. Raises what redis-py raises, StoreUnavailable."""
        await self._redis.hset(self._names.plain("alive"), self._log.chain, str(int(self._now())))
        await self.anchor()
        await self._note_sessions()
        if await self._redis.set(
            self._names.plain("trimming"), b"1", nx=True, px=int(ROUND_SECONDS * 800)
        ):
            await self.trim()

    async def anchor(self) -> None:
        """Tell how far other chains have come since last time, if anything was written here since."""
        if self._log.meter.written <= self._written:
            return
        found: Any = await self._redis.hgetall(self._names.plain("heads"))
        heads = {chain.decode(): int(number) for chain, number in found.items()}
        moved = {chain: n for chain, n in heads.items() if self._anchored.get(chain) != n}
        self._anchored = heads
        self._written = self._log.meter.written + 1
        if moved:
            self._record(operations.AuditAnchor(at=self._now(), heads=moved))

    async def trim(self) -> int:
        """Let go what is too old or too much, floors first; how many entries."""
        gone = 0
        while cutoff := await self._cutoff():
            went, floors = await self._floors(cutoff)
            if not went:
                break
            gone += went
            self._record(operations.AuditTrimmed(at=self._now(), entries=went, floors=floors))
            if await self._log.flush(5.0):
                break
            for name in (self._names.trail, *await self._kinds()):
                await self._redis.xtrim(name, minid=cutoff, approximate=False)
            if went < CHUNK:
                break
        return gone

    async def _kinds(self) -> list[str]:
        """The streams of ids."""
        names: Any = await self._redis.hkeys(self._names.plain("kinds"))
        return [self._names.kind(name.decode()) for name in names]

    async def _cutoff(self) -> str | None:
        """The id of the first entry to stay, at most ``CHUNK`` from the oldest; None if all may."""
        length = await self._redis.xlen(self._names.trail)
        oldest: Any = await self._redis.xrange(self._names.trail, count=CHUNK + 1)
        limit = int((self._now() - self._keep_seconds) * 1000)
        old = sum(int(identifier.partition(b"-")[0]) < limit for identifier, _ in oldest)
        drop = min(max(old, length - self._most), CHUNK, len(oldest) - 1)
        return oldest[drop][0].decode() if drop > 0 else None

    async def _floors(self, cutoff: str) -> tuple[int, dict[str, str]]:
        """What goes before ``cutoff``, and the last entry that went of every chain that goes on."""
        read: Any = await self._redis.xrange(self._names.trail, "-", f"({cutoff}", count=CHUNK)
        key = self._names.plain("floors")
        stored: Any = await self._redis.hgetall(key)
        floors = {chain.decode(): text.decode() for chain, text in stored.items()}
        for _, fields in read:
            mac = fields[b"m"].hex()
            floors[fields[b"c"].decode()] = f"{fields[b'n'].decode()}:{mac}"
        if floors:
            await self._redis.hset(key, mapping=floors)
        heads: Any = await self._redis.hgetall(self._names.plain("heads"))
        living: Any = await self._redis.hgetall(self._names.plain("alive"))
        for chain, text in floors.items():
            trimmed = int(heads.get(chain.encode(), 0)) <= int(text.partition(":")[0])
            seen = float(living.get(chain.encode(), self._now()))
            if trimmed and seen < self._now() - DEAD_SECONDS and chain != self._log.chain:
                for name in ("floors", "heads", "alive"):
                    await self._redis.hdel(self._names.plain(name), chain)
        return len(read), floors

    async def _note_sessions(self) -> None:
        now = self._now()
        count = await self._count_sessions(now)
        five = self._names.five(now)
        await self._redis.hset(five, "sessions", str(count))
        await self._redis.pexpire(five, FIVE_KEEP_MS)
