"""What is written of a session's use, beside the requests that use it.

A store that is away costs a little precision, never the request.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bff.errors import StoreUnavailable
from bff.flows.ports import Background, SessionStore
from bff.session.handle import acknowledge, acknowledgement_due
from bff.session.limits import SessionLimits, touch_due
from bff.session.model import Session, SessionKey


@dataclass(frozen=True, slots=True)
class UseRecords:
    """Begins to write, unless that is being done: many requests at once leave one record.

    ``writing`` names what is under way.
    """

    sessions: SessionStore
    background: Background
    limits: SessionLimits
    writing: set[tuple[str, SessionKey]] = field(default_factory=set)

    def acknowledge(self, session: Session, generation: int, now: float) -> None:
        """The browser holds a handle of ``generation``, if the store does not know that."""
        if acknowledgement_due(session, generation):
            acknowledged = acknowledge(session.acknowledged, generation, now)
            work = partial(self.sessions.acknowledge, session.key, acknowledged)
            self._begin("acknowledge", session.key, work)

    def touch(self, session: Session, now: float) -> None:
        """A person used it at ``now``, if that is worth a write."""
        if touch_due(session, now, self.limits):
            self._begin("touch", session.key, partial(self.sessions.touch, session, now))

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
