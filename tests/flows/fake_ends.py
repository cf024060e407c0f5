"""The port EndLedger in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bff.audit.acts import Receipt
from bff.audit.end_orders import Batch, Order, Progress
from bff.flows.ports import Clock

LEASE_SECONDS = 30.0


@dataclass
class Kept:
    """One order."""

    order: Order
    left: list[str]
    worker: str
    until: float
    updated: float
    receipts: list[Receipt] = field(default_factory=list)
    tried: int = 0
    finished: float | None = None


class MemoryEndLedger:
    """Orders, and who works on each."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept: dict[str, Kept] = {}

    async def begin(self, order: Order, refs: Sequence[str], worker: str) -> None:
        now = self.clock.now()
        self.kept[order.id] = Kept(order, list(refs), worker, now + LEASE_SECONDS, now)

    async def take(self, order_id: str, worker: str, most: int) -> Batch | None:
        kept, now = self.kept[order_id], self.clock.now()
        if kept.until > now and kept.worker != worker:
            return None
        kept.worker, kept.until = worker, now + LEASE_SECONDS
        refs, tried = kept.left[:most], kept.tried
        kept.tried = max(tried, len(refs))
        return Batch(refs, tried)

    async def wrote(
        self, order_id: str, worker: str, receipts: Sequence[Receipt], now: float
    ) -> bool:
        kept = self.kept[order_id]
        if kept.worker != worker or kept.until <= self.clock.now():
            return False
        kept.receipts += receipts
        kept.left = kept.left[len(receipts) :]
        kept.tried, kept.updated = 0, now
        return True

    async def finish(self, order_id: str, worker: str, now: float) -> bool:
        kept = self.kept[order_id]
        if kept.worker != worker or kept.left or kept.finished is not None:
            return False
        kept.finished = kept.updated = now
        kept.until = now
        return True

    async def progress(self, order_id: str) -> Progress | None:
        kept = self.kept.get(order_id)
        if kept is None:
            return None
        return Progress(
            order=kept.order,
            done=len(kept.receipts),
            ended=sum(receipt.deleted for receipt in kept.receipts),
            longest=max((receipt.stays_valid_seconds for receipt in kept.receipts), default=0),
            updated_at=kept.updated,
            finished_at=kept.finished,
            held=kept.until > self.clock.now(),
        )

    async def latest(self, most: int) -> Sequence[str]:
        newest = sorted(self.kept.values(), key=lambda kept: -kept.order.began_at)
        return [kept.order.id for kept in newest[:most]]

    async def receipts(self, order_id: str, start: int, most: int) -> Sequence[Receipt]:
        return self.kept[order_id].receipts[start : start + most]
