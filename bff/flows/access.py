"""Using a session: load it, believe its handle, renew it when due, and hand it over.

While the access token is valid nobody waits. RFC 10017 section 6.1.2; ASVS 5.0, 7.2.1 and 7.3.
"""

from dataclasses import dataclass

import msgspec

from bff.audit import events
from bff.errors import (
    ProviderUnavailable,
    RefreshInProgress,
    SessionChanged,
    SessionNotUsable,
    SessionRequired,
    StoreUnavailable,
)
from bff.flows.attempt import Attempt, Outcome, Trigger
from bff.flows.client_watch import Noticed, nothing_noticed
from bff.flows.ending import EndingFlow
from bff.flows.held_sessions import Held, nothing_held
from bff.flows.ports import AuditTrail, Clock, SessionStore
from bff.flows.refresh import RefreshFlow
from bff.flows.session_state import SessionState, not_usable
from bff.flows.use_records import UseRecords
from bff.session.handle import HandleVerdict, judge_handle
from bff.session.limits import (
    SessionLimits,
    absolute_deadline,
    idle_deadline,
    passed_limit,
)
from bff.session.model import EndedSession, EndReason, Session, SessionKey
from bff.session.refresh import RefreshPolicy, Verdict, judge

_BUSY_POLL_SECONDS = 0.25


class Presented(msgspec.Struct, frozen=True):
    """What a request shows of a session.

    Its key, the handle generation, and the reference the page is pinned to, if it is.

    ``arrived_at`` (Unix seconds) is when it came: a handle is judged by that moment, for a request
    that was held up, here or by a stalled Redis, is no replay.
    """

    key: SessionKey
    generation: int
    arrived_at: float
    pinned_ref: str | None = None


class Access(msgspec.Struct, frozen=True):
    """A session that may act, the handle generation the browser should hold now if it holds an older one, and seconds left."""

    session: Session
    new_generation: int | None
    idle_expires_in: float
    absolute_expires_in: float


@dataclass(slots=True)
class Wait:
    """One request's wait for a renewal: since when, for whose, and whether it got it."""

    began: float
    behind_lock: bool = False
    served: bool = False


@dataclass(frozen=True, slots=True)
class AccessFlow:
    """The way from a presented handle to a usable session.

    ``held`` gives a copy that needs no decision, or None: the store is asked.
    """

    sessions: SessionStore
    refresh: RefreshFlow
    ending: EndingFlow
    records: UseRecords
    clock: Clock
    trail: AuditTrail
    policy: RefreshPolicy
    limits: SessionLimits
    handle_grace: float
    held: Held = nothing_held
    noticed: Noticed = nothing_noticed

    async def usable(self, presented: Presented, *, background: bool = False) -> Access:
        """A session whose access token can be sent now.

        ``background`` use does not slide the idle limit.

        Raises a SessionNotUsable leaf, SessionChanged, RefreshInProgress, ProviderUnavailable,
        StoreUnavailable.
        """
        session = self.held(presented.key, presented.generation, presented.pinned_ref)
        if session is None:
            session = await self._live(presented)
        verdict = judge(session, self.clock.now(), self.policy)
        if verdict is Verdict.REFRESH_SOON:
            self._renew_early(session)
        elif verdict is Verdict.REFRESH_NOW:
            session = await self._renewed(presented, session, Trigger.EXPIRED)
        elif verdict is Verdict.ENDED:
            raise await self._ended_by(session, EndReason.REFRESH_REJECTED)
        return self.granted(presented, session, background=background)

    def attend(self, presented: Presented, session: Session, background: bool) -> None:  # noqa: FBT001  a callback's
        """Begin what a use of a held copy leaves to do, which the request need not wait for.

        As :meth:`usable` would: the client is looked at, a new handle acknowledged, use recorded, a
        renewal begun. Only for a use that :meth:`bff.session.held.Quiet.serves`. The copy may be
        older than what is stored by as much as the store's news may be late: then what is written
        about the handle before the last one is, too.
        """
        now = self.clock.now()
        self.noticed(session)
        self.records.acknowledge(session, presented.generation, now)
        if judge(session, now, self.policy) in {Verdict.REFRESH_SOON, Verdict.REFRESH_NOW}:
            self._renew_early(session)
        if not background:
            self.records.touch(session, now)

    async def known(self, presented: Presented) -> Session:
        """The session itself; slides nothing, renews nothing, waits for nothing."""
        return await self._live(presented)

    async def state(self, presented: Presented) -> SessionState:
        """What the page may know; slides nothing, renews nothing, waits for nothing.

        Raises as :meth:`usable` does.
        """
        return self._state(presented, await self._live(presented))

    async def extend(self, presented: Presented) -> SessionState:
        """Slide the idle limit, now and surely."""
        session = await self._live(presented)
        now = self.clock.now()
        await self.sessions.touch(session, now)
        return self._state(presented, msgspec.structs.replace(session, touched_at=now))

    async def refresh_now(self, presented: Presented) -> SessionState:
        """Renew although it is not due, unless the tokens are younger than ``forced_interval``."""
        session = await self._live(presented)
        young = self.clock.now() - session.tokens.issued_at < self.policy.forced_interval
        if session.tokens.refresh_token is not None and not young:
            session = await self._renewed(presented, session, Trigger.FORCED)
        return self._state(presented, session)

    async def after_challenge(self, presented: Presented, refused: Session) -> Access | None:
        """A session with newer tokens than the ones an API just refused as invalid.

        None when there is no point in asking.
        """
        session = await self._live(presented)
        young = self.clock.now() - session.tokens.issued_at < self.policy.forced_interval
        if session.generation == refused.generation:
            if young or session.tokens.refresh_token is None:
                return None
            try:
                session = await self._renewed(presented, session, Trigger.FORCED)
            except (RefreshInProgress, ProviderUnavailable):
                return None
        return self.granted(presented, session, background=True)

    async def _live(self, presented: Presented) -> Session:
        """The session, if it lives, within its limits, under a handle that is no replay, and is the one the page believes in."""
        session = await self.sessions.load(presented.key)
        if session is None:
            raise SessionRequired
        if isinstance(session, EndedSession):
            raise not_usable(session.reason)
        now = self.clock.now()
        if reason := passed_limit(session, now, self.limits):
            raise await self._ended_by(session, reason)
        verdict = judge_handle(
            session, presented.generation, presented.arrived_at, self.handle_grace
        )
        if verdict is HandleVerdict.REPLAYED:
            self.trail.record(
                events.HandleReplayed(
                    **self._who(session),
                    presented=presented.generation,
                    generation=session.generation,
                )
            )
            raise await self._ended_by(session, EndReason.HANDLE_REPLAYED)
        if presented.pinned_ref is not None and presented.pinned_ref != session.core.ref:
            raise SessionChanged
        self.noticed(session)
        self.records.acknowledge(session, presented.generation, now)
        return session

    async def _renewed(self, presented: Presented, session: Session, trigger: Trigger) -> Session:
        """Wait, for ``hold`` seconds at most, until the session carries newer tokens than the ones in ``session``."""
        wait = Wait(self.clock.now())
        try:
            return await self._newer(presented, session, trigger, wait)
        finally:
            self.refresh.meter.waited(
                self.clock.now() - wait.began, served=wait.served, behind_lock=wait.behind_lock
            )

    async def _newer(
        self, presented: Presented, session: Session, trigger: Trigger, wait: Wait
    ) -> Session:
        before, deadline = session.generation, wait.began + self.policy.hold
        with self.sessions.listen(presented.key) as ear:
            heard = False
            while not wait.served:
                if not heard:
                    flight = self.refresh.start(session, trigger)
                    attempt = await flight.wait(deadline - self.clock.now())
                    wait.behind_lock |= attempt is not None and attempt.outcome is Outcome.BUSY
                session = await self._live(presented)
                wait.served = session.generation != before
                if not wait.served:
                    left = self.time_left(attempt, deadline)
                    heard = await ear.news(min(left, _BUSY_POLL_SECONDS))
        return session

    def time_left(self, attempt: Attempt | None, deadline: float) -> float:
        """Seconds the request may still wait.

        Raises what it is to be told when waiting is over or pointless.
        """
        if attempt is not None and attempt.outcome in {Outcome.FAILED, Outcome.RESTING}:
            if attempt.reason == "store_unavailable":
                raise StoreUnavailable
            raise ProviderUnavailable(
                attempt.reason, sent=False, retry_after_seconds=max(attempt.retry_after, 1.0)
            )
        left = deadline - self.clock.now()
        if left <= 0:
            raise RefreshInProgress(1.0)
        return left

    async def _ended_by(self, session: Session, reason: EndReason) -> SessionNotUsable:
        """End the session for ``reason``, revoke its tokens, and return what to raise."""
        await self.ending.one(session.key, reason)
        return not_usable(reason)

    def _renew_early(self, session: Session) -> None:
        if self.refresh.worth_starting(session, self.clock.now()):
            self.refresh.start(session, Trigger.EARLY)

    def granted(self, presented: Presented, session: Session, *, background: bool) -> Access:
        """What a request gets that may use the session; slides the idle limit unless ``background``."""
        now = self.clock.now()
        touched_at = session.touched_at if background else now
        if not background:
            self.records.touch(session, now)
        absolute = absolute_deadline(session)
        idle = min(touched_at + self.limits.idle, absolute)
        return Access(session, _new_generation(presented, session), idle - now, absolute - now)

    def _state(self, presented: Presented, session: Session) -> SessionState:
        now = self.clock.now()
        absolute = absolute_deadline(session)
        idle = idle_deadline(session, self.limits)
        return SessionState(
            ref=session.core.ref,
            subject=session.core.subject,
            claims=session.core.claims,
            idle_expires_in=max(min(idle, absolute) - now, 0.0),
            absolute_expires_in=max(absolute - now, 0.0),
            extendable=idle < absolute,
            renewal=self._renewal(session, now),
            generation=session.generation,
            new_generation=_new_generation(presented, session),
        )

    def _renewal(self, session: Session, now: float) -> str:
        journal = session.journal
        if journal is not None and journal.outcome is not None:
            return "stuck"
        if session.key in self.refresh.flights or journal is not None:
            return "renewing"
        return "ok" if now < session.tokens.expires_at or session.tokens.refresh_token else "stuck"

    def _who(self, session: Session) -> events.Who:
        core = session.core
        return events.Who(
            at=self.clock.now(), ref=core.ref, issuer=core.issuer, subject=core.subject
        )


def _new_generation(presented: Presented, session: Session) -> int | None:
    return session.generation if presented.generation < session.generation else None
