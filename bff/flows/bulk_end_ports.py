"""What is kept of many sessions being ended: whom it means, how far it has come, every receipt."""

from collections.abc import Sequence
from typing import Protocol

from bff.audit.acts import Receipt
from bff.audit.end_orders import Batch, Order, Progress


class EndLedger(Protocol):
    """Durable, shared by all processes; each order has one worker at a time. Raises StoreUnavailable."""

    async def begin(self, order: Order, refs: Sequence[str], worker: str) -> None:
        """Keep all of it in one step, held by ``worker``."""
        ...

    async def take(self, order_id: str, worker: str, most: int) -> Batch | None:
        """The next ``most``, held for some time; None if another worker has the order."""
        ...

    async def wrote(
        self, order_id: str, worker: str, receipts: Sequence[Receipt], now: float
    ) -> bool:
        """These receipts in place of the references taken, in one step; False if another has the order."""
        ...

    async def finish(self, order_id: str, worker: str, now: float) -> bool:
        """Nothing is left; False if that was known before."""
        ...

    async def progress(self, order_id: str) -> Progress | None:
        """How it stands; None if nothing is known of it."""
        ...

    async def latest(self, most: int) -> Sequence[str]:
        """The ids of the last orders, newest first."""
        ...

    async def receipts(self, order_id: str, start: int, most: int) -> Sequence[Receipt]:
        """In the order they were written."""
        ...
