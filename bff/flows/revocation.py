"""Telling the provider that tokens are no longer wanted.

Best effort, never in anybody's way (RFC 7009). What could not be told waits in a queue that outlives
this process, and any process tells it later.
"""

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
from bff.flows.ports import AuditTrail, Background, Clock, Detached, Entropy, OpenIDProvider
from bff.flows.revocation_ports import RevocationQueue
from bff.session.model import SessionCore, TokenSet
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

    def soon(self, core: SessionCore, tokens: TokenSet) -> Detached[Told]:
        """Revoke the refresh token, and with it the grant; without one, the access token."""
        now = self.clock.now()
        token, kind = tokens.refresh_token, "refresh_token"
        give_up_at = tokens.refresh_expires_at or core.absolute_expires_at
        if token is None:
            token, kind = tokens.access_token, "access_token"
            give_up_at = tokens.expires_at
        revocation = Revocation(
            id=self.entropy.urlsafe(16),
            token=token,
            kind=kind,
            ref=core.ref,
            issuer=core.issuer,
            subject=core.subject,
            asked_at=now,
            give_up_at=max(give_up_at, now + ACCESS_TOKEN_SECONDS),
        )
        return self.background.start("revocation", self._begin(revocation))

    async def drain(self, most: int = 20) -> int:
        """Try what is due in the queue; how many that were. Raises StoreUnavailable."""
        now = self.clock.now()
        taken = await self.queue.take(now, now + HOLD_SECONDS, most)
        for revocation in taken:
            await self._try(revocation)
        return len(taken)

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
                await self._forget(revocation)
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
                await self._forget(revocation)
        else:
            self._revoked(revocation)
            await self._forget(revocation)
            return "revoked"
        return "failed"

    async def _later(self, revocation: Revocation) -> None:
        due_at = next_try(revocation, self.clock.now())
        if due_at is None:
            self._failed(revocation, "expired")
            await self._forget(revocation)
            return
        again = msgspec.structs.replace(revocation, attempts=revocation.attempts + 1)
        try:
            await self.queue.put(again, due_at)
        except StoreUnavailable:
            return  # if it was kept before, it comes back when its hold is over

    async def _forget(self, revocation: Revocation) -> None:
        try:
            await self.queue.done(revocation.id)
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
