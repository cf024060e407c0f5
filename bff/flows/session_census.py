"""How many live sessions there are in each state: a walk through the register that hurries nobody."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bff.flows.ports import Clock
from bff.flows.register_ports import SessionRegister
from bff.flows.review_listing import MOST, READ_AT_ONCE, state_of
from bff.session.overview import PagePlace

STATES = ("active", "idle", "renewing", "stuck")
PAUSE_SECONDS = 0.05
"""Between two pages: calls go on, and a large register takes longer instead of more."""


@dataclass(frozen=True, slots=True)
class SessionCensus:
    """Counts; ``pause`` waits for so many seconds."""

    register: SessionRegister
    clock: Clock
    pause: Callable[[float], Awaitable[None]]

    async def take(self) -> Mapping[str, int]:
        """Each of ``STATES``, and how many sessions are in it; of the newest 250,000.

        Raises StoreUnavailable.
        """
        counts: Counter[str] = Counter(dict.fromkeys(STATES, 0))
        place: PagePlace | None = None
        while True:
            now = self.clock.now()
            page = await self.register.page(place, READ_AT_ONCE, now)
            counts.update(state_of(overview, now) for overview in page.sessions)
            place = page.next
            if place is None or counts.total() >= MOST:
                return counts
            await self.pause(PAUSE_SECONDS)
