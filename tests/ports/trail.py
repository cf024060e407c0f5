"""An audit trail on a real Redis, as one process has it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from bff.adapters.audit_keeper import AuditKeeper
from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_audit import RedisAuditLog
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.audit.chain import Verifier
from bff.audit.events import AuditEvent
from bff.audit.record import record_of

KEY = b"k" * 32
_names = itertools.count()


@dataclass
class Log:
    """What was said."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def error(self, event: str, **_fields: object) -> None:
        self.lines.append(("error", event))

    def warning(self, event: str, **_fields: object) -> None:
        self.lines.append(("warning", event))


@dataclass
class Trail:
    """Writer, reader and keeper over one prefix."""

    redis: Any
    names: AuditNames
    now: Callable[[], float]
    buffer: int = 10_000
    most: int = 1_000_000
    keep_seconds: float = 86_400.0
    said: Log = field(default_factory=Log)

    def __post_init__(self) -> None:
        self.log = RedisAuditLog(
            self.redis, self.names, KEY, new_chain=lambda: f"chain{next(_names)}", now=self.now,
            log=self.said, keep_seconds=self.keep_seconds, buffer=self.buffer,
        )  # fmt: skip
        self.reader = RedisAuditReader(self.redis, self.names, self.now)
        self.keeper = AuditKeeper(
            self.redis, self.names, self.log, self.record, now=self.now, count_sessions=_none,
            most=self.most, keep_seconds=self.keep_seconds,
        )  # fmt: skip

    def record(self, event: AuditEvent) -> None:
        """As LogTrail does."""
        self.log.take(record_of(event, None))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """While the writer runs; everything is written at the end."""
        task = asyncio.create_task(self.log.run())
        try:
            yield
            assert await self.log.flush(10.0) == 0
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def findings(self) -> list[str]:
        """What ``bff audit verify`` would say."""
        verifier = Verifier(KEY)
        verifier.anchor(await self.reader.heads())
        async for entry in self.reader.every():
            verifier.read(entry)
        return [str(finding) for finding in verifier.findings()]


async def _none(_now: float) -> int:
    return 0
