"""Telling the provider that tokens are no longer wanted.

Best effort, never in anybody's way (RFC 7009).
"""

from dataclasses import dataclass

from bff.audit import events
from bff.errors import ProviderMetadataInvalid, ProviderUnavailable, TokenRequestRejected
from bff.flows.ports import AuditTrail, Background, Clock, OpenIDProvider
from bff.session.model import SessionCore, TokenSet


@dataclass(frozen=True, slots=True)
class RevocationFlow:
    """Revokes in the background.

    A provider that is away is asked again ``tries`` times, ``pause_seconds`` apart and doubling.
    """

    provider: OpenIDProvider
    background: Background
    clock: Clock
    trail: AuditTrail
    tries: int = 5
    pause_seconds: float = 1.0

    def soon(self, core: SessionCore, tokens: TokenSet) -> None:
        """Revoke the refresh token, and with it the grant; without one, the access token."""
        token, kind = tokens.refresh_token, "refresh_token"
        if token is None:
            token, kind = tokens.access_token, "access_token"
        self.background.start("revocation", self._revoke(core, token, kind))

    async def _revoke(self, core: SessionCore, token: str, kind: str) -> None:
        pause = self.pause_seconds
        for attempt in range(1, self.tries + 1):
            try:
                await self.provider.revoke(token, kind)
            except ProviderUnavailable as error:
                self._failed(core, kind, error.what)
            except (TokenRequestRejected, ProviderMetadataInvalid) as error:
                self._failed(core, kind, str(error))
                return
            else:
                return
            if attempt < self.tries:
                await self.background.pause(pause)
                pause *= 2

    def _failed(self, core: SessionCore, kind: str, reason: str) -> None:
        self.trail.record(
            events.RevocationFailed(
                at=self.clock.now(),
                ref=core.ref,
                issuer=core.issuer,
                subject=core.subject,
                token_kind=kind,
                reason=reason,
            )
        )
