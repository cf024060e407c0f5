"""At most one attempt per session in this process, at most one token request per session anywhere, owned by no request.

Around the renewal itself (:mod:`bff.flows.renewal`): joining, the lock and its lease. RFC 9700, section 4.14.2.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bff.errors import StoreUnavailable
from bff.flows.attempt import (
    Attempt,
    Outcome,
    Trigger,
    Wanted,
    Watched,
    flight_place,
    unwatched,
)
from bff.flows.pace import Pace
from bff.flows.ports import Background, Clock, Detached, Entropy, SessionStore
from bff.flows.refresh_ports import RefreshMeter
from bff.flows.renewal import RenewalFlow
from bff.session.audience import Audience
from bff.session.model import Session, SessionKey
from bff.session.refresh import RefreshPolicy, early_turn_at, in_flight, resting

EARLY_AT_ONCE, EARLY_APART_SECONDS = 3, 0.25
"""How many renewals of a process are under way, and how soon after the last one it is, when one more
that can wait does, until its turn has come (:func:`bff.session.refresh.early_turn_at`)."""


@dataclass(frozen=True, slots=True)
class Flight:
    """An attempt under way in this process."""

    wanted: Wanted
    attempt: Detached[Attempt]


@dataclass(frozen=True, slots=True)
class RefreshFlow:
    """Starts renewals, joins those under way."""

    renewal: RenewalFlow
    sessions: SessionStore
    background: Background
    clock: Clock
    entropy: Entropy
    meter: RefreshMeter
    policy: RefreshPolicy
    watched: Watched = unwatched
    flights: dict[SessionKey, Flight] = field(default_factory=dict)
    pace: Pace = field(default_factory=lambda: Pace(EARLY_APART_SECONDS))

    def start(
        self, session: Session, trigger: Trigger, audience: Audience | None = None
    ) -> Detached[Attempt]:
        """Join the attempt under way for this token, or start one that outlives the caller."""
        place = flight_place(session.key, audience)
        flight = self.flights.get(place)
        if flight is None:
            owner = self.entropy.urlsafe(16)
            wanted = Wanted(session.key, session.generation, trigger, owner, audience)
            flying = self.watched(wanted, partial(self._fly, wanted))
            flight = Flight(wanted, self.background.start("refresh", flying))
            self.flights[place] = flight
            self.pace.last_at = self.clock.now()
        flight.wanted.waiters += trigger is not Trigger.EARLY
        return flight.attempt

    def worth_starting(self, session: Session, now: float) -> bool:
        """Whether an early refresh has a chance, and is not better begun a little later.

        Nobody is known to be at it, and no back-off is running. When many sessions fall due
        together, each waits for its turn, unless little else is being renewed: requests that need no
        renewal do not wait behind hundreds of others.
        """
        journal = session.journal
        return not (
            session.key in self.flights
            or self._before_its_turn(session, now)
            or resting(journal, now)
            or in_flight(journal, now, self.policy)
        )

    def _before_its_turn(self, session: Session, now: float) -> bool:
        busy = len(self.flights) >= EARLY_AT_ONCE or self.pace.busy(now)
        return busy and now < early_turn_at(session, self.policy)

    async def _fly(self, wanted: Wanted) -> Attempt:
        try:
            attempt = await self._under_lock(wanted)
        except StoreUnavailable:
            attempt = Attempt(Outcome.FAILED, "store_unavailable", 1.0)
        finally:
            del self.flights[wanted.place]
        outcome = "unknown" if attempt.unknown else attempt.outcome.name.lower()
        self.meter.attempted(outcome, attempt.reason, wanted.trigger.value)
        return attempt

    async def _under_lock(self, wanted: Wanted) -> Attempt:
        asked_at = self.clock.now()
        locked = await self.sessions.try_lock(wanted.key, wanted.owner, self.policy.lease)
        self.meter.lock_asked(self.clock.now() - asked_at, taken=locked is not None)
        if locked is None:
            return Attempt(Outcome.BUSY, "locked", 1.0)
        third = self.policy.lease / 3
        let_lapse = self.background.later(third, "lease", partial(self._keep_lease, wanted))
        attempt = None
        try:
            attempt = await self.renewal.renew(wanted, locked.found)
            return attempt
        finally:
            let_lapse()
            if attempt is None or attempt.outcome is not Outcome.RENEWED:
                await self._let_go(wanted)

    async def _keep_lease(self, wanted: Wanted) -> None:
        """Renew the lease while the attempt lives, so that a provider slower than the lease finds no second caller."""
        while True:
            with suppress(StoreUnavailable):
                if not await self.sessions.renew_lock(wanted.key, wanted.owner, self.policy.lease):
                    return
            await self.background.pause(self.policy.lease / 3)

    async def _let_go(self, wanted: Wanted) -> None:
        try:
            await self.sessions.release_lock(wanted.key, wanted.owner)
        except StoreUnavailable:
            return  # the lease runs out by itself
