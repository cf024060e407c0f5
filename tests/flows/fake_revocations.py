"""The port RevocationQueue in memory."""

from collections.abc import Sequence

from bff.errors import StoreUnavailable
from bff.session.revocation import Revocation


class MemoryRevocationQueue:
    """What is still to be revoked."""

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.held: dict[str, tuple[float, Revocation]] = {}
        self.available = True

    async def put(self, revocation: Revocation, due_at: float) -> bool:
        self._require()
        if revocation.id not in self.held and len(self.held) >= self.most:
            return False
        self.held[revocation.id] = (due_at, revocation)
        return True

    async def take(self, now: float, hold_until: float, most: int) -> Sequence[Revocation]:
        self._require()
        due = [revocation for due_at, revocation in self.held.values() if due_at <= now][:most]
        for revocation in due:
            self.held[revocation.id] = (hold_until, revocation)
        return due

    async def done(self, revocation_id: str) -> None:
        self._require()
        self.held.pop(revocation_id, None)

    async def waiting(self) -> int:
        self._require()
        return len(self.held)

    def _require(self) -> None:
        if not self.available:
            raise StoreUnavailable
