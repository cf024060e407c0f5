"""The queue of revocations that outlives whoever began them."""

from collections.abc import Sequence
from typing import Protocol

from bff.session.revocation import Revocation


class RevocationQueue(Protocol):
    """What is still to be revoked, durable and shared by all processes. Raises StoreUnavailable."""

    async def put(self, revocation: Revocation, due_at: float) -> bool:
        """Keep it, or keep it anew, until somebody takes it after ``due_at``; False if the queue is full."""
        ...

    async def take(self, now: float, hold_until: float, most: int) -> Sequence[Revocation]:
        """Those that are due; nobody else is given them before ``hold_until``."""
        ...

    async def done(self, revocation_id: str) -> None:
        """Forget it."""
        ...

    async def waiting(self) -> int:
        """How many there are."""
        ...
