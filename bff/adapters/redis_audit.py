"""The audit trail's writer: from a bounded buffer to a Redis stream, behind everybody's back.

A request never waits for it. Nothing is lost silently: what the buffer cannot hold is counted,
logged, and written into the chain as a gap when writing resumes.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.adapters.audit_names import AuditNames, counted, day_counted
from bff.adapters.audit_scripts import APPEND, APPEND_DIGEST
from bff.adapters.round_trip import Command, answers
from bff.audit import operations
from bff.audit.chain import Link, first_link, next_link
from bff.audit.kinds import kind_name, kind_of
from bff.audit.record import Record, record_of

BATCH = 128
FIVE_KEEP_MS = 8 * 86_400_000
_PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0)
_HISTORY_LOST = -1


class AuditMeter(msgspec.Struct):
    """How the trail itself is doing, read when metrics are asked for."""

    written: int = 0
    dropped: int = 0
    failed_writes: int = 0
    buffered: int = 0


class RedisAuditLog:
    """Takes records at once, writes them soon."""

    def __init__(
        self,
        redis: Redis,
        names: AuditNames,
        key: bytes,
        *,
        new_chain: Callable[[], str],
        now: Callable[[], float],
        log: Any,  # noqa: ANN401  structlog's
        keep_seconds: float,
        buffer: int = 10_000,
    ) -> None:
        """Nothing is written before :meth:`run`."""
        self.meter = AuditMeter()
        self._redis = redis
        self._names = names
        self._key = key
        self._new_chain = new_chain
        self._now = now
        self._log = log
        self._keep_ms = int(keep_seconds * 1000)
        self._size = buffer
        self._buffer: deque[Record] = deque()
        self._gap: tuple[int, float, str] | None = None
        self._link = first_link(new_chain())
        self._sent: list[tuple[Link, bytes, Record]] = []
        self._known = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def chain(self) -> str:
        """The name of this process's chain."""
        return self._link.chain

    def take(self, record: Record) -> None:
        """Keep it until it is written. Never waits, never raises."""
        if len(self._buffer) >= self._size:
            self.meter.dropped += 1
            self._note_gap(1, "buffer_full")
            return
        self._buffer.append(record)
        self.meter.buffered = len(self._buffer)
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        failures = 0
        while True:
            await self._wake.wait()
            try:
                await self._write()
            except (RedisError, OSError, TimeoutError) as error:
                failures = self._failed(failures, error)
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES)) - 1])
                continue
            if failures:
                self._log.warning("audit_trail_resumed", buffered=len(self._buffer))
                failures = 0

    async def flush(self, timeout_seconds: float) -> int:
        """Wait until everything is written, or the time is up; how many were not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._idle.wait()
        return len(self._buffer)

    async def _write(self) -> None:
        """The oldest records, in one round trip; they leave the buffer when Redis has them.

        What was sent once is sent again unchanged: the answer may have been lost, not the write.
        """
        if not self._sent:
            self._sent = self._linked()
        if not self._known:
            await self._redis.script_load(APPEND)
            self._known = True
        sent = (self._append(link, body, record) for link, body, record in self._sent)
        for answer in await answers(self._redis, *sent):
            if not self._settle(self._sent[0][0], answer):
                break
        self.meter.buffered = len(self._buffer)
        if not self._buffer and self._gap is None:
            self._wake.clear()
            self._idle.set()

    def _linked(self) -> list[tuple[Link, bytes, Record]]:
        """The next records in their places; a gap comes first."""
        if self._gap is not None:
            dropped, since, cause = self._gap
            gap = operations.AuditGap(at=self._now(), dropped=dropped, since=since, cause=cause)
            self._buffer.appendleft(record_of(gap, None))
            self._gap = None
        linked, before = [], self._link
        for record in itertools.islice(self._buffer, BATCH):
            body = msgspec.json.encode(record)
            before = next_link(self._key, before, body)
            linked.append((before, body, record))
        return linked

    def _settle(self, link: Link, answer: object) -> bool:
        """One record's answer: it is there, or its chain is unknown, or something is wrong."""
        if isinstance(answer, Exception):
            self._known = False
            raise answer if isinstance(answer, RedisError) else RedisError(str(answer))
        if answer == _HISTORY_LOST:
            self._log.error("audit_history_lost", chain=link.chain, number=link.number)
            self._link = first_link(self._new_chain())
            self._sent = []
            self._note_gap(0, "history_lost")
            return False
        self._link = link
        self._buffer.popleft()
        del self._sent[0]
        self.meter.written += 1
        return True

    def _append(self, link: Link, body: bytes, record: Record) -> Command:
        names, kind = self._names, kind_of(record)
        name = kind_name(kind)
        requests, request = names.request(record.request_id or "")
        keys = [
            names.trail,
            names.plain("heads"),
            names.plain("counts"),
            names.five(record.at),
            names.plain("kinds"),
            names.kind(name),
            names.calendar(record.subject or ""),
            requests,
            *names.sets_of(record),
        ]
        arguments: list[Any] = [
            link.chain,
            link.number,
            link.mac,
            body,
            int(record.at * 1000),
            self._keep_ms,
            FIVE_KEEP_MS,
            name,
            msgspec.json.encode(kind),
            day_counted(record),
            request if record.request_id else "",
        ]
        for field, amount in counted(record):
            arguments += [field, amount]
        return ("EVALSHA", APPEND_DIGEST, len(keys), *keys, *arguments)

    def _failed(self, failures: int, error: Exception) -> int:
        self.meter.failed_writes += 1
        if failures == 0:
            self._log.error(
                "audit_write_failed", error=type(error).__name__, buffered=len(self._buffer)
            )
        return failures + 1

    def _note_gap(self, dropped: int, cause: str) -> None:
        if self._gap is None:
            self._gap = (dropped, self._now(), cause)
            self._log.error("audit_gap", cause=cause, buffered=len(self._buffer))
        else:
            before, since, first_cause = self._gap
            self._gap = (before + dropped, since, first_cause)
