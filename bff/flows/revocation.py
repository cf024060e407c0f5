"""Telling the provider that tokens are no longer wanted.

Best effort, never in anybody's way (RFC 7009). What could not be told waits in a queue that outlives
this process, and any process tells it later. It is kept there before the session is ended, so that a
process which dies in between leaves nothing untold.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import msgspec

from bff.audit import events
from bff.errors import (
    ProviderMetadataInvalid,
    ProviderUnavailable,
    StoreUnavailable,
    TokenRequestRejected,
)
from bff.flows.ports import (
    AuditTrail,
    Background,
    Clock,
    Detached,
    Entropy,
    OpenIDProvider,
    SessionStore,
)
from bff.flows.revocation_ports import RevocationQueue
from bff.session.model import Session, SessionCore, SessionKey, TokenSet
from bff.session.revocation import Revocation, next_try

Told = Literal["revoked", "failed", "unsupported"]
"""What came of a first attempt; one that failed is tried again until its token has expired."""

HOLD_SECONDS = 60.0
"""So long one process has for an attempt before another may try."""

ACCESS_TOKEN_SECONDS = 3600.0
"""How long a revocation is worth trying when nothing tells when its token expires."""

OURS_TO_MEND = frozenset({"invalid_client", "unauthorized_client"})
"""Refusals that end when an operator has mended the client's credentials."""


@dataclass(frozen=True, slots=True)
class RevocationFlow:
    """Revokes at once in the background, and again until it works or the token has expired by itself."""

    provider: OpenIDProvider
    queue: RevocationQueue
    background: Background
    clock: Clock
    entropy: Entropy
    trail: AuditTrail
    sessions: SessionStore

    async def intend(
        self, key: SessionKey, wanted: Callable[[Session], bool] = lambda _: True
    ) -> str | None:
        """Before the session is ended: keep what is to be revoked then; its id, for ``soon`` or ``withdraw``.

        None when nothing was kept: there is no such session, or it is not ``wanted``, or Redis is away.
        """
        try:
            session = await self.sessions.load(key)
            if not isinstance(session, Session) or not wanted(session):
                return None
            revocation = self._revocation(session.core, session.tokens)
            meant = msgspec.structs.replace(revocation, session=key)
            await self.queue.put(meant, self.clock.now() + HOLD_SECONDS)
        except StoreUnavailable:
            return None  # the session may be beyond reading, and can be ended all the same
        return revocation.id

    async def withdraw(self, intended: str | None) -> None:
        """The session was not ended by who meant to, or need not be told of."""
        if intended is not None:
            await self._forget(intended)

    def soon(
        self, core: SessionCore, tokens: TokenSet, intended: str | None = None
    ) -> Detached[Told]:
        """Revoke the refresh token, and with it the grant; without one, the access token."""
        revocation = self._revocation(core, tokens, intended)
        return self.background.start("revocation", self._begin(revocation))

    def _revocation(
        self, core: SessionCore, tokens: TokenSet, intended: str | None = None
    ) -> Revocation:
        now = self.clock.now()
        token, kind = tokens.refresh_token, "refresh_token"
        give_up_at = tokens.refresh_expires_at or core.absolute_expires_at
        if token is None:
            token, kind = tokens.access_token, "access_token"
            give_up_at = tokens.expires_at
        return Revocation(
            id=intended or self.entropy.urlsafe(16),
            token=token,
            kind=kind,
            ref=core.ref,
            issuer=core.issuer,
            subject=core.subject,
            asked_at=now,
            give_up_at=max(give_up_at, now + ACCESS_TOKEN_SECONDS),
        )

    async def drain(self, most: int = 20) -> int:
        """Try what is due in the queue; how many that were.

        One whose session cannot be read now comes back when its hold is over, and holds up no
        other. Raises StoreUnavailable when the queue itself is away.
        """
        now = self.clock.now()
        taken = await self.queue.take(now, now + HOLD_SECONDS, most)
        for revocation in taken:
            with suppress(StoreUnavailable):
                if await self._lives(revocation.session):
                    await self._forget(revocation.id)
                else:
                    await self._try(revocation)
        return len(taken)

    async def _lives(self, key: SessionKey | None) -> bool:
        return key is not None and isinstance(await self.sessions.load(key), Session)

    async def _begin(self, revocation: Revocation) -> Told:
        """First into the queue, so that it outlives this process; then try."""
        try:
            if not await self.queue.put(revocation, self.clock.now() + HOLD_SECONDS):
                self._failed(revocation, "queue_full")
        except StoreUnavailable:
            self._failed(revocation, "queue_unavailable")
        return await self._try(revocation)

    async def _try(self, revocation: Revocation) -> Told:
        try:
            metadata = await self.provider.metadata()
            if metadata.revocation_endpoint is None:
                await self._forget(revocation.id)
                return "unsupported"
            await self.provider.revoke(revocation.token, revocation.kind)
        except ProviderUnavailable as error:
            self._failed(revocation, error.what)
            await self._later(revocation)
        except ProviderMetadataInvalid as error:
            self._failed(revocation, str(error))
            await self._later(revocation)
        except TokenRequestRejected as error:
            self._failed(revocation, error.error)
            if error.error in OURS_TO_MEND:
                await self._later(revocation)
            else:
                await self._forget(revocation.id)
        else:
            self._revoked(revocation)
            await self._forget(revocation.id)
            return "revoked"
        return "failed"

    async def _later(self, revocation: Revocation) -> None:
        due_at = next_try(revocation, self.clock.now())
        if due_at is None:
            self._failed(revocation, "expired")
            await self._forget(revocation.id)
            return
        again = msgspec.structs.replace(revocation, attempts=revocation.attempts + 1)
        try:
            await self.queue.put(again, due_at)
        except StoreUnavailable:
            return  # if it was kept before, it comes back when its hold is over

    async def _forget(self, revocation_id: str) -> None:
        try:
            await self.queue.done(revocation_id)
        except StoreUnavailable:
            return  # it comes back; to revoke twice is no error (RFC 7009, section 2.2)

    def _revoked(self, revocation: Revocation) -> None:
        now = self.clock.now()
        self.trail.record(
            events.TokensRevoked(
                at=now,
                ref=revocation.ref,
                issuer=revocation.issuer,
                subject=revocation.subject,
                token_kind=revocation.kind,
                attempts=revocation.attempts + 1,
                after=now - revocation.asked_at,
            )
        )

    def _failed(self, revocation: Revocation, reason: str) -> None:
        self.trail.record(
            events.RevocationFailed(
                at=self.clock.now(),
                ref=revocation.ref,
                issuer=revocation.issuer,
                subject=revocation.subject,
                token_kind=revocation.kind,
                reason=reason,
            )
        )
