"""The port SessionResealing: notes what it was asked for."""

from collections.abc import Mapping, Sequence

from bff.session.model import SessionKey
from bff.session.resealing import Resealed


class NotingResealing:
    """Every session is sealed under the old key until it is sealed anew."""

    def __init__(self) -> None:
        self.anew: set[SessionKey] = set()
        self.asked: list[int] = []

    async def reseal(self, keys: Sequence[SessionKey]) -> Resealed:
        self.asked.append(len(keys))
        fresh = len(self.anew & set(keys))
        self.anew.update(keys)
        return Resealed(done=len(keys) - fresh, fresh=fresh)

    async def count_by_key(self, keys: Sequence[SessionKey]) -> Mapping[str, int]:
        fresh = len(self.anew & set(keys))
        return {"new": fresh, "old": len(keys) - fresh}
