"""Sealing every session anew while the app runs, so that an old key can be taken out of the ring.

NIST SP 800-57 part 1, section 5.3.5; ASVS 5.0, 13.3.4.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bff.flows.ports import Clock
from bff.flows.register_ports import SessionRegister, SessionResealing
from bff.session.model import SessionKey
from bff.session.resealing import Resealed

PAGE = 200


@dataclass(frozen=True, slots=True)
class ResealingFlow:
    """Walks the register of live sessions, page by page. Raises StoreUnavailable."""

    register: SessionRegister
    resealing: SessionResealing
    clock: Clock

    async def run(self) -> AsyncIterator[Resealed]:
        """Seal everything anew; what has come of it so far, after each page.

        Sessions that begin meanwhile are sealed under the newest key by whoever begins them.
        """
        sum_so_far = Resealed()
        async for keys in self._pages():
            sum_so_far += await self.resealing.reseal(keys)
            yield sum_so_far

    async def count_by_key(self) -> Counter[str]:
        """How many live sessions are sealed under each key."""
        counts: Counter[str] = Counter()
        async for keys in self._pages():
            counts.update(await self.resealing.count_by_key(keys))
        return counts

    async def _pages(self) -> AsyncIterator[list[SessionKey]]:
        place = None
        while True:
            page = await self.register.page(place, PAGE, self.clock.now())
            if page.sessions:
                yield [overview.key for overview in page.sessions]
            place = page.next
            if place is None:
                return
