"""Ending many sessions: kept as an order before the first one ends, worked off in the background.

What is left of an order, and every receipt, outlives the process. One that was interrupted says so
and is resumed by whoever may end sessions: it goes on where the last receipt was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bff.audit import operations
from bff.audit.acts import EndJob, EndJobs, Receipt
from bff.audit.end_orders import Batch, Order, Progress
from bff.audit.rows import Page
from bff.errors import RequestMalformed, StoreUnavailable
from bff.flows.bulk_end_ports import EndLedger
from bff.flows.ending import EndingFlow
from bff.flows.ports import AuditTrail, Background, Clock, Entropy, SessionStore
from bff.flows.receipts import ended_by_ref, receipt

BATCH, LATEST = 50, 20
TOLD_SECONDS = 1.0
"""So long a batch waits for the provider's answers; what comes later is ``pending`` in its receipt."""
TRIES, PAUSE_SECONDS = 5, 2.0
"""So often in a row Redis may be away before an order is left to be resumed, and how long each time."""
NOTE = (
    "Access tokens that APIs already hold stay valid there until they expire. "
    "The provider's own sign-in is untouched: users may sign in again."
)


@dataclass(frozen=True, slots=True)
class BulkEndFlow:
    """Begins, works off, tells, resumes. Every method raises StoreUnavailable."""

    sessions: SessionStore
    ending: EndingFlow
    ledger: EndLedger
    background: Background
    clock: Clock
    entropy: Entropy
    trail: AuditTrail

    async def begin(
        self, refs: Sequence[str], *, by: str, issuer: str, reason: str, own_ref: str = ""
    ) -> str:
        """Keep the order and begin with it; its id."""
        order = Order(
            id=f"e_{self.entropy.urlsafe(12)}",
            by=by,
            issuer=issuer,
            reason=reason[:200],
            own_ref=own_ref,
            total=len(refs),
            began_at=self.clock.now(),
        )
        worker = self.entropy.urlsafe(12)
        await self.ledger.begin(order, refs, worker)
        self._acted(order, by, "sessions_end_begun", order.total)
        self.background.start("bulk end", self._work(order, worker))
        return order.id

    async def resume(self, order_id: str, by: str) -> EndJob | None:
        """Go on with one that was interrupted; how it stands."""
        found = await self.ledger.progress(order_id)
        if found is not None and not found.held and found.finished_at is None:
            worker = self.entropy.urlsafe(12)
            if await self.ledger.take(order_id, worker, BATCH) is not None:
                left = found.order.total - found.done
                self._acted(found.order, by, "sessions_end_resumed", left)
                self.background.start("bulk end", self._work(found.order, worker))
        return await self.job(order_id)

    async def job(self, order_id: str) -> EndJob | None:
        """How it stands; None if nothing is known of it."""
        found = await self.ledger.progress(order_id)
        return None if found is None else _job(found, self.clock.now())

    async def jobs(self) -> EndJobs:
        """The last of them."""
        found = [await self.job(order_id) for order_id in await self.ledger.latest(LATEST)]
        known = tuple(job for job in found if job is not None)
        return EndJobs(jobs=known, as_of=self.clock.now())

    async def receipts(self, job: EndJob, cursor: str | None, limit: int) -> Page[Receipt]:
        """Of one job, in the order in which its sessions ended. Raises RequestMalformed."""
        start = 0 if cursor is None else int(cursor) if cursor.isdigit() else -1
        if start < 0:
            raise RequestMalformed("cursor")
        rows = await self.ledger.receipts(job.id, start, limit)
        upto = start + len(rows)
        more = upto < job.done
        return Page(
            rows=tuple(rows),
            next=str(upto) if more else None,
            total=job.done,
            exact=True,
            complete=job.status == "done",
            as_of=self.clock.now(),
        )

    async def _work(self, order: Order, worker: str) -> None:
        """Batch after batch, until nothing is left or somebody else has it."""
        failed = 0
        while failed < TRIES:
            try:
                if not await self._batch(order, worker):
                    return
                failed = 0
            except StoreUnavailable:
                failed += 1
                await self.background.pause(PAUSE_SECONDS)

    async def _batch(self, order: Order, worker: str) -> bool:
        """Whether there may be another one."""
        batch = await self.ledger.take(order.id, worker, BATCH)
        if batch is None:
            return False
        if not batch.refs:
            if await self.ledger.finish(order.id, worker, self.clock.now()):
                await self._finished(order)
            return False
        receipts = await self._ended(order, batch)
        return await self.ledger.wrote(order.id, worker, receipts, self.clock.now())

    async def _ended(self, order: Order, batch: Batch) -> list[Receipt]:
        ended = [await ended_by_ref(self.sessions, self.ending, ref) for ref in batch.refs]
        until = self.clock.now() + TOLD_SECONDS
        return [
            await receipt(
                ref,
                one,
                self.clock,
                wait_seconds=max(0.0, until - self.clock.now()),
                own=ref == order.own_ref,
                tried_before=place < batch.tried,
            )
            for place, (ref, one) in enumerate(zip(batch.refs, ended, strict=True))
        ]

    async def _finished(self, order: Order) -> None:
        found = await self.ledger.progress(order.id)
        self._acted(order, order.by, "sessions_end", 0 if found is None else found.ended)

    def _acted(self, order: Order, by: str, action: str, count: int) -> None:
        self.trail.record(
            operations.Acted(
                at=self.clock.now(),
                issuer=order.issuer,
                actor=by,
                action=action,
                count=count,
                note=f"{order.id} {order.reason}"[:200],
            )
        )


def _job(found: Progress, now: float) -> EndJob:
    order, finished = found.order, found.finished_at
    return EndJob(
        id=order.id,
        status="done" if finished is not None else "running" if found.held else "interrupted",
        by=order.by,
        reason=order.reason,
        total=order.total,
        done=found.done,
        ended=found.ended,
        began_at=order.began_at,
        updated_at=found.updated_at,
        finished_at=finished,
        stays_valid_seconds=found.longest,
        note=NOTE,
        as_of=now,
    )
