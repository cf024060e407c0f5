"""What is written of a session's use, beside the requests that use it.

A store that is away costs a little precision, never the request.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bff.errors import StoreUnavailable
from bff.flows.pace import Pace
from bff.flows.ports import Background, SessionStore
from bff.session.handle import acknowledge, acknowledgement_due
from bff.session.limits import SessionLimits, touch_due, touch_turn_at
from bff.session.model import Session, SessionKey

TOUCHES_APART_SECONDS = 0.05
"""How soon after the last one this process begins a record of use, until its turn has come
(:func:`bff.session.limits.touch_turn_at`)."""


@dataclass(frozen=True, slots=True)
class UseRecords:
    """Begins to write, unless that is being done: many requests at once leave one record.

    ``writing`` names what is under way.
    """

    sessions: SessionStore
    background: Background
    limits: SessionLimits
    writing: set[tuple[str, SessionKey]] = field(default_factory=set)
    pace: Pace = field(default_factory=lambda: Pace(TOUCHES_APART_SECONDS))

    def acknowledge(self, session: Session, generation: int, now: float) -> None:
        """The browser holds a handle of ``generation``, if the store does not know that."""
        if acknowledgement_due(session, generation):
            acknowledged = acknowledge(session.acknowledged, generation, now)
            work = partial(self.sessions.acknowledge, session.key, acknowledged)
            self._begin("acknowledge", session.key, work)

    def touch(self, session: Session, now: float) -> None:
        """A person used it at ``now``, if that is worth a write."""
        if self.worth_touching(session, now):
            self.pace.last_at = now
            self._begin("touch", session.key, partial(self.sessions.touch, session, now))

    def worth_touching(self, session: Session, now: float) -> bool:
        """Whether use at ``now`` is worth a write that is not better begun a little later, by a later use."""
        return (
            touch_due(session, now, self.limits)
            and ("touch", session.key) not in self.writing
            and (not self.pace.busy(now) or now >= touch_turn_at(session, self.limits))
        )

    def _begin(self, name: str, key: SessionKey, work: Callable[[], Awaitable[None]]) -> None:
        if (name, key) not in self.writing:
            self.writing.add((name, key))
            self.background.start(name, self._written(name, key, work))

    async def _written(
        self, name: str, key: SessionKey, work: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            with suppress(StoreUnavailable):
                await work()
        finally:
            self.writing.discard((name, key))
