"""Sessions held in this process: enough to let a request go on, never to decide anything."""

from collections.abc import Callable
from dataclasses import dataclass

from bff.flows.ports import Clock
from bff.session.held import HeldSession, Quiet, beyond_question, quiet
from bff.session.limits import SessionLimits
from bff.session.model import Session, SessionKey
from bff.session.refresh import RefreshPolicy

Held = Callable[[SessionKey, int, str | None], Session | None]
"""By key, handle generation and pinned reference: a copy that needs no decision, or None."""


@dataclass(frozen=True, slots=True)
class HeldSessions:
    """Copies that the store vouches for at this moment; ``get`` gives one, or None."""

    get: Callable[[SessionKey], Session | None]
    clock: Clock
    policy: RefreshPolicy
    limits: SessionLimits
    handle_grace: float

    def unquestioned(
        self, key: SessionKey, generation: int, pinned_ref: str | None
    ) -> Session | None:
        """The copy, if nothing about it needs a decision or a write; None: ask the store."""
        session = self.get(key)
        if session is None:
            return None
        now = self.clock.now()
        fine = beyond_question(
            session, generation, pinned_ref, now, self.policy, self.limits, self.handle_grace
        )
        return session if fine else None


@dataclass(frozen=True, slots=True)
class QuietSessions:
    """Copies whose calls wait for nothing, found out once for each copy.

    ``get`` gives a copy that the store vouches for, or None; ``used`` is told of each that was
    enough. ``begins`` says whether an early renewal that is due would be begun now
    (:meth:`bff.flows.refresh.RefreshFlow.worth_starting`), ``touches`` the same of a record of use
    (:meth:`bff.flows.use_records.UseRecords.worth_touching`).
    """

    get: Callable[[SessionKey], HeldSession | None]
    used: Callable[[SessionKey], None]
    begins: Callable[[Session, float], bool]
    touches: Callable[[Session, float], bool]
    policy: RefreshPolicy
    limits: SessionLimits

    def at(
        self, now: float, key: SessionKey, generation: int, pinned_ref: str | None
    ) -> Quiet | None:
        """The copy, if the request may go on with it at ``now``."""
        held = self.get(key)
        if held is None:
            return None
        found = held.quiet
        if found is None:
            found = held.quiet = quiet(held.session, self.policy, self.limits)
        if found is None or not found.serves(generation, pinned_ref, now):
            return None
        self.used(key)
        return found

    def leaves_something(
        self, quiet: Quiet, generation: int, now: float, *, background: bool
    ) -> bool:
        """Whether such a use of the copy leaves something to begin beside it.

        Its handle is to be acknowledged, its use to be recorded (not in the ``background``), or the
        session to be renewed, and it is not better put off.
        """
        session = quiet.session
        return (
            generation > session.acknowledged.generation
            or (now >= quiet.touch_at and not background and self.touches(session, now))
            or (now >= quiet.renewal_at and self.begins(session, now))
        )


def nothing_held(key: SessionKey, generation: int, pinned_ref: str | None) -> None:
    """No session is held in this process: the store is asked each time."""
    del key, generation, pinned_ref
