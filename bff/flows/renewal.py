"""One renewal, lock in hand: re-read, judge again, journal, ask, believe, write under the fence.

RFC 6749 section 6, RFC 9700 section 4.14, OpenID Connect Core 1.0 section 12.2.
"""

from dataclasses import dataclass

from bff.audit import events
from bff.errors import (
    ProviderMetadataInvalid,
    ProviderUnavailable,
    SignedTokenInvalid,
    TokenRequestRejected,
    TokenResponseInvalid,
)
from bff.flows.attempt import Attempt, Outcome, Trigger, Wanted
from bff.flows.breaker import Breaker
from bff.flows.fenced_write import FencedWrite
from bff.flows.ports import AuditTrail, Background, Clock, Entropy, SessionStore
from bff.flows.token_set import TokenSetFlow
from bff.oidc.token import REGISTERED_ERRORS
from bff.session.audience import seen_by
from bff.session.model import (
    EndedSession,
    EndReason,
    RefreshJournal,
    Replaced,
    Session,
    SessionCore,
    SessionKey,
    TokenSet,
)
from bff.session.refresh import (
    RefreshPolicy,
    Verdict,
    after_failure,
    in_flight,
    judge,
    left_open,
    outcome_unknown,
    resting,
)

Found = Session | EndedSession | None

OF_THE_AUDIENCE = frozenset({"invalid_target", "invalid_scope"})
"""Refusals that say nothing about the session (RFC 8707, section 2; RFC 6749, section 5.2)."""


@dataclass(frozen=True, slots=True)
class RenewalFlow:
    """What the holder of a session's lock does with it."""

    sessions: SessionStore
    token_sets: TokenSetFlow
    breaker: Breaker
    background: Background
    clock: Clock
    entropy: Entropy
    trail: AuditTrail
    policy: RefreshPolicy

    @property
    def _write(self) -> FencedWrite:
        return FencedWrite(self.sessions, self.background, self.clock, self.policy)

    async def renew(self, wanted: Wanted, found: Found) -> Attempt:
        """Renew the session unless what was found with the lock in hand says otherwise.

        RENEWED: storing the tokens released the lock. Raises StoreUnavailable, what is stored stays.
        A process stopped after writing its journal asks no more: its request could end after others
        take the attempt for dead.
        """
        session = await self._renewable(wanted.key, found)
        if session is None:
            return Attempt(Outcome.ENDED)
        now = self.clock.now()
        if held_back := self._held_back(session, wanted, now):
            return held_back
        journal = RefreshJournal(
            generation=session.generation,
            since=now,
            owner=wanted.owner,
            unknown=outcome_unknown(session.journal, now, self.policy),
            attempts=session.journal.attempts if session.journal else 0,
        )
        written = await self.sessions.write_journal(wanted.key, journal)
        if written is not Replaced.WRITTEN:
            return Attempt(Outcome.ENDED if written is Replaced.ENDED else Outcome.ADOPTED)
        if self.clock.now() > now + self.policy.lease - self.policy.budget:
            return Attempt(Outcome.BUSY, "overslept", 1.0)
        return await self._ask(session, journal, wanted)

    async def _renewable(self, key: SessionKey, found: Found) -> Session | None:
        """The session, if it can be renewed at all.

        Where somebody's attempt has outlived the lease, they may hold its fruit and only wait for
        Redis to come back, like us: they get ``takeover_pause`` to store it before the old refresh
        token is tried again.
        """
        if isinstance(found, Session) and left_open(found.journal, self.clock.now(), self.policy):
            await self.background.pause(self.policy.takeover_pause)
            found = await self.sessions.load(key)
        if not isinstance(found, Session) or found.tokens.refresh_token is None:
            return None
        return found

    def _held_back(self, session: Session, wanted: Wanted, now: float) -> Attempt | None:
        """Judge again, with the lock in hand.

        Whether this attempt ends before the provider hears of it.
        """
        if session.generation != wanted.seen:
            return Attempt(Outcome.ADOPTED)
        if (
            wanted.trigger is not Trigger.FORCED
            and judge(seen_by(session, wanted.audience), now, self.policy) is Verdict.USE
        ):
            return Attempt(Outcome.ADOPTED)
        if in_flight(session.journal, now, self.policy):
            return Attempt(Outcome.BUSY, "in_flight", 1.0)
        if session.journal is not None and resting(session.journal, now):
            return Attempt(
                Outcome.RESTING, session.journal.outcome or "", session.journal.retry_at - now
            )
        if not self.breaker.may_try():
            return Attempt(Outcome.RESTING, "breaker_open", self.breaker.retry_after())
        return None

    async def _ask(self, session: Session, journal: RefreshJournal, wanted: Wanted) -> Attempt:
        try:
            tokens, core = await self.token_sets.renewed(session, journal.since, wanted.audience)
        except TokenRequestRejected as error:
            self.breaker.succeeded()
            if error.error == "invalid_grant":
                return await self._refused(session, journal, wanted)
            if wanted.audience is not None and error.error in OF_THE_AUDIENCE:
                return await self._no_such_audience(session, error.error)
            return await self._failed(session, journal, wanted, error.error, unknown=False)
        except TokenResponseInvalid as error:
            self.breaker.succeeded()
            return await self._failed(
                session, journal, wanted, f"token_response_{error.check}", unknown=True
            )
        except SignedTokenInvalid as error:
            self.breaker.succeeded()
            changed = error.check == "sub"
            reason = EndReason.SUBJECT_CHANGED if changed else EndReason.ID_TOKEN_INVALID
            return await self._end(session, journal, wanted, reason)
        except ProviderUnavailable as error:
            self.breaker.failed()
            return await self._failed(
                session,
                journal,
                wanted,
                error.what,
                unknown=error.sent,
                retry_after=error.retry_after_seconds,
            )
        except ProviderMetadataInvalid as error:
            self.breaker.failed()
            return await self._failed(
                session, journal, wanted, f"metadata_{error.check}", unknown=False
            )
        self.breaker.succeeded()
        return await self._keep(session, journal, wanted, tokens, core)

    async def _keep(
        self,
        session: Session,
        journal: RefreshJournal,
        wanted: Wanted,
        tokens: TokenSet,
        core: SessionCore,
    ) -> Attempt:
        answered_at = self.clock.now()
        saved = await self._write.save(session, tokens, core, wanted.owner)
        if saved is Replaced.WRITTEN:
            self.trail.record(
                events.SessionRenewed(
                    **self._who(session),
                    trigger=wanted.trigger.value,
                    generation=session.generation + 1,
                    rotated=tokens.refresh_token != session.tokens.refresh_token,
                    seconds_left=session.tokens.expires_at - answered_at,
                    latency=answered_at - journal.since,
                    after_unknown=journal.unknown,
                    waiters=wanted.waiters,
                    expires_at=tokens.expires_at,
                )
            )
            return Attempt(Outcome.RENEWED)
        if saved is Replaced.ENDED:
            self.token_sets.revocation.soon(core, tokens)
            return Attempt(Outcome.ENDED)
        if saved is Replaced.CONFLICT:
            self.trail.record(
                events.GenerationConflict(**self._who(session), generation=session.generation)
            )
            return Attempt(Outcome.ADOPTED)
        waited = self.clock.now() - answered_at
        self.trail.record(
            events.TokensUnsaved(**self._who(session), generation=session.generation, waited=waited)
        )
        return Attempt(Outcome.FAILED, "tokens_unsaved", 1.0)

    async def _refused(self, session: Session, journal: RefreshJournal, wanted: Wanted) -> Attempt:
        """``invalid_grant``: adopt a sibling's win if there is one, else the session ends."""
        stored = await self.sessions.load(session.key)
        if isinstance(stored, Session) and stored.generation != session.generation:
            return Attempt(Outcome.ADOPTED)
        reason = EndReason.REFRESH_OUTCOME_LOST if journal.unknown else EndReason.REFRESH_REJECTED
        return await self._end(session, journal, wanted, reason, "invalid_grant")

    async def _no_such_audience(self, session: Session, error: str) -> Attempt:
        """``invalid_target`` and its like: nothing was spent, nothing changes.

        Writing what is there clears the journal, so that nobody rests because of it.
        """
        await self.sessions.replace_tokens(
            session.key, session.generation, session.tokens, session.core
        )
        return Attempt(Outcome.REFUSED, error)

    async def _end(
        self,
        session: Session,
        journal: RefreshJournal,
        wanted: Wanted,
        reason: EndReason,
        error: str | None = None,
    ) -> Attempt:
        ended = await self.sessions.end(
            session.key, reason, self.clock.now(), only_generation=session.generation
        )
        if ended is None:
            return Attempt(Outcome.ADOPTED)
        self.trail.record(
            events.RefreshRefused(
                **self._who(session),
                trigger=wanted.trigger.value,
                generation=session.generation,
                reason=reason.value,
                unknown=journal.unknown,
                latency=self.clock.now() - journal.since,
                waiters=wanted.waiters,
                error=error,
                seconds_left=session.tokens.expires_at - self.clock.now(),
            )
        )
        self.trail.record(
            events.SessionEnded(
                **self._who(session), reason=reason.value, generation=session.generation
            )
        )
        return Attempt(Outcome.ENDED, reason.value)

    async def _failed(
        self,
        session: Session,
        journal: RefreshJournal,
        wanted: Wanted,
        reason: str,
        *,
        unknown: bool,
        retry_after: float | None = None,
    ) -> Attempt:
        now = self.clock.now()
        failed = after_failure(
            journal,
            outcome=reason,
            unknown=unknown,
            now=now,
            chance=self.entropy.fraction(),
            retry_after=retry_after,
            policy=self.policy,
        )
        self.trail.record(
            events.RefreshFailed(
                **self._who(session),
                trigger=wanted.trigger.value,
                generation=session.generation,
                reason=reason,
                unknown=failed.unknown,
                attempts=failed.attempts,
                latency=now - journal.since,
                waiters=wanted.waiters,
                seconds_left=session.tokens.expires_at - now,
                error=reason if reason in REGISTERED_ERRORS else None,
            )
        )
        await self.sessions.write_journal(session.key, failed)
        await self.sessions.tell(session.key)
        return Attempt(Outcome.FAILED, reason, failed.retry_at - now, failed.unknown)

    def _who(self, session: Session) -> events.Who:
        core = session.core
        return events.Who(
            at=self.clock.now(), ref=core.ref, issuer=core.issuer, subject=core.subject
        )
