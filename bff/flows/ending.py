"""Ending sessions: one, all of a user's, everybody's. Each end is recorded, and its tokens revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bff.audit import events
from bff.flows.ports import AuditTrail, Clock, Detached, SessionStore
from bff.flows.register_ports import SessionRegister
from bff.flows.revocation import RevocationFlow, Told
from bff.session.model import EndReason, Ref, Session, SessionKey


class Revoke(Enum):
    """Which tokens of an ended session are revoked.

    A refresh token with ``offline_access`` may outlive a sign-out at the provider (Back-Channel
    Logout 1.0, section 2.7); but nobody holds it any more than the session that has just ended.
    """

    ALL = "all"
    WITHOUT_OFFLINE_ACCESS = "without_offline_access"


@dataclass(frozen=True, slots=True)
class EndedAndTold:
    """A session as it was, and the attempt to revoke its tokens at the provider."""

    session: Session
    telling: Detached[Told]


@dataclass(frozen=True, slots=True)
class EndingFlow:
    """Ends sessions for whoever may. Every method raises StoreUnavailable."""

    sessions: SessionStore
    register: SessionRegister
    revocation: RevocationFlow
    clock: Clock
    trail: AuditTrail

    async def one(
        self, key: SessionKey, reason: EndReason, revoke: Revoke = Revoke.ALL
    ) -> Session | None:
        """End it; the session as it was, or None if there was none."""
        intended = await self.revocation.intend(key, lambda found: _revoked(found, revoke))
        session = await self._end(key, reason)
        if session is not None and _revoked(session, revoke):
            self.revocation.soon(session.core, session.tokens, intended)
        else:
            await self.revocation.withdraw(intended)
        return session

    async def told(self, key: SessionKey, reason: EndReason) -> EndedAndTold | None:
        """End it and revoke all its tokens; with what comes of telling the provider."""
        intended = await self.revocation.intend(key)
        session = await self._end(key, reason)
        if session is None:
            await self.revocation.withdraw(intended)
            return None
        return EndedAndTold(session, self.revocation.soon(session.core, session.tokens, intended))

    async def _end(self, key: SessionKey, reason: EndReason) -> Session | None:
        session = await self.sessions.end(key, reason, self.clock.now())
        if session is not None:
            core = session.core
            self.trail.record(
                events.SessionEnded(
                    at=self.clock.now(),
                    ref=core.ref,
                    issuer=core.issuer,
                    subject=core.subject,
                    reason=reason.value,
                    generation=session.generation,
                )
            )
        return session

    async def each(
        self, keys: Sequence[SessionKey], reason: EndReason, revoke: Revoke = Revoke.ALL
    ) -> list[Session]:
        """End those of ``keys`` that live; the sessions as they were."""
        ended = [await self.one(key, reason, revoke) for key in keys]
        return [session for session in ended if session is not None]

    async def by_ref(self, ref: Ref, reason: EndReason = EndReason.ADMIN) -> Session | None:
        """End the session with this public reference."""
        key = await self.sessions.key_of_ref(ref)
        return None if key is None else await self.one(key, reason)

    async def of_subject(
        self,
        issuer: str,
        subject: str,
        reason: EndReason = EndReason.ADMIN,
        *,
        spare: SessionKey | None = None,
    ) -> list[Session]:
        """End every session of one user at one provider, but for the one to ``spare``."""
        keys = await self.sessions.keys_of_subject(issuer, subject)
        return await self.each([key for key in keys if key != spare], reason)

    async def everybody(self) -> int:
        """End every session there is, in one step; how many that were.

        Their tokens are not revoked one by one: they end with the provider's own limits.
        """
        now = self.clock.now()
        count = await self.register.count(now)
        epoch = await self.register.end_everybody()
        self.trail.record(events.EverybodyEnded(at=now, epoch=epoch, sessions=count))
        return count


def _revoked(session: Session, revoke: Revoke) -> bool:
    return revoke is Revoke.ALL or "offline_access" not in session.tokens.scope
