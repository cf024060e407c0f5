"""Signing out: here first, then at the provider.

RP-Initiated Logout 1.0; RFC 7009.
"""

from contextlib import suppress
from dataclasses import dataclass

from bff.errors import ProviderError, StoreUnavailable
from bff.flows.ending import EndingFlow
from bff.flows.ports import Clock, Entropy, ExitStore, OpenIDProvider
from bff.oidc.end_session import WayOut, way_out
from bff.oidc.metadata import ClientMetadata
from bff.session.model import EndReason, Session, SessionKey

EXIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LogoutFlow:
    """Ends a session, and only then tells others."""

    ending: EndingFlow
    provider: OpenIDProvider
    clock: Clock
    exits: ExitStore
    entropy: Entropy
    client: ClientMetadata

    async def end(self, key: SessionKey | None, *, everywhere: bool = False) -> str | None:
        """End the session, or all of the user's.

        A ticket for :meth:`way_out`, or None if home is where the browser goes next.

        A session that is gone already is no error. The ticket stands for a request that carries the
        ID Token as a hint: a page never sees it, only the navigation does (RP-Initiated Logout 1.0,
        section 2).

        Raises StoreUnavailable: then nothing is known to have ended, and nobody may be told that it
        has.
        """
        session = await self.ending.one(key, EndReason.SIGNED_OUT) if key is not None else None
        if session is None:
            return None
        if everywhere:
            core = session.core
            await self.ending.of_subject(core.issuer, core.subject, EndReason.SIGNED_OUT)
        return await self._ticket(session)

    async def way_out(self, ticket: str) -> WayOut:
        """What a ticket stands for, once; home otherwise. Raises StoreUnavailable."""
        return await self.exits.take(ticket) or WayOut(self.home)

    async def _ticket(self, session: Session) -> str | None:
        """None if the provider offers no end_session endpoint, or cannot be asked about it now."""
        try:
            metadata = await self.provider.metadata()
        except ProviderError:
            return None
        out = way_out(metadata, self.client, id_token_hint=session.tokens.id_token)
        if out is None:
            return None
        ticket = self.entropy.urlsafe(16)
        with suppress(StoreUnavailable):
            await self.exits.put(ticket, out, EXIT_SECONDS)
            return ticket
        return None

    @property
    def home(self) -> str:
        """Where a browser goes that has nothing left to sign out of."""
        return self.client.post_logout_redirect_uri or "/"
