"""Signing out: here first, then at the provider.

RP-Initiated Logout 1.0; Back-Channel Logout 1.0; RFC 7009.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bff.audit import events
from bff.errors import ProviderError, SignedTokenInvalid, StoreUnavailable
from bff.flows.ending import EndingFlow
from bff.flows.ports import AuditTrail, Clock, Entropy, ExitStore, OpenIDProvider, SessionStore
from bff.flows.token_set import CLOCK_LEEWAY_SECONDS
from bff.oidc.end_session import end_session_url
from bff.oidc.metadata import ClientMetadata
from bff.oidc.signed_jwt import LogoutTokenClaims, key_id, validate_logout_token, verify_signature
from bff.session.model import EndReason, Session, SessionKey

EXIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LogoutFlow:
    """Ends sessions, and only then tells others.

    A Logout Token counts for ``logout_token_max_age`` seconds; ``strict_type`` insists on ``typ:
    logout+jwt`` (ASVS 5.0, 10.5.5).
    """

    ending: EndingFlow
    sessions: SessionStore
    provider: OpenIDProvider
    clock: Clock
    trail: AuditTrail
    exits: ExitStore
    entropy: Entropy
    client: ClientMetadata
    logout_token_max_age: float = 120.0
    strict_type: bool = False

    async def end(self, key: SessionKey | None, *, everywhere: bool = False) -> str | None:
        """End the session, or all of the user's.

        A ticket for :meth:`way_out`, or None if home is where the browser goes next.

        A session that is gone already is no error. The ticket stands for a URL that carries the ID
        Token as a hint: a page never sees it, only the navigation does (RP-Initiated Logout 1.0,
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

    async def way_out(self, ticket: str) -> str:
        """The URL a ticket stands for, once; home otherwise. Raises StoreUnavailable."""
        return await self.exits.take(ticket) or self.home

    async def end_named_by(self, logout_token: str) -> int:
        """Believe a Logout Token and end what it names; how many sessions that were.

        Raises SignedTokenInvalid, ProviderError leaves, StoreUnavailable.
        """
        try:
            claims = await self._believe(logout_token)
        except SignedTokenInvalid as error:
            self.trail.record(events.LogoutTokenRefused(at=self.clock.now(), check=error.check))
            raise
        ended = await self.ending.each(await self._named_by(claims), EndReason.IDP_LOGOUT)
        lifetime = max(claims.refused_from - self.clock.now(), 1.0)
        await self.sessions.remember_logout_token(claims.issuer, claims.jti, lifetime)
        return len(ended)

    async def _believe(self, logout_token: str) -> LogoutTokenClaims:
        keys = await self.provider.signing_keys(key_id(logout_token))
        signed = verify_signature(logout_token, keys, self.client.id_token_signed_response_alg)
        metadata = await self.provider.metadata()
        claims = validate_logout_token(
            signed,
            issuer=metadata.issuer,
            client_id=self.client.client_id,
            now=self.clock.now(),
            leeway=CLOCK_LEEWAY_SECONDS,
            max_age=self.logout_token_max_age,
            strict_type=self.strict_type,
        )
        if await self.sessions.logout_token_seen(claims.issuer, claims.jti):
            raise SignedTokenInvalid("jti_replayed")
        return claims

    async def _named_by(self, claims: LogoutTokenClaims) -> Sequence[SessionKey]:
        """With a ``sid`` the sessions of that provider session.

        Without, all of the subject (Back-Channel Logout 1.0, section 2.4).
        """
        if claims.sid is not None:
            return await self.sessions.keys_of_provider_session(claims.issuer, claims.sid)
        assert claims.subject is not None  # noqa: S101  one of the two is there, or the token was refused
        return await self.sessions.keys_of_subject(claims.issuer, claims.subject)

    async def _ticket(self, session: Session) -> str | None:
        """None if the provider offers no end_session endpoint, or cannot be asked about it now."""
        try:
            metadata = await self.provider.metadata()
        except ProviderError:
            return None
        url = end_session_url(metadata, self.client, id_token_hint=session.tokens.id_token)
        if url is None:
            return None
        ticket = self.entropy.urlsafe(32)
        with suppress(StoreUnavailable):
            await self.exits.put(ticket, url, EXIT_SECONDS)
            return ticket
        return None

    @property
    def home(self) -> str:
        """Where a browser goes that has nowhere else to go."""
        return self.client.post_logout_redirect_uri or "/"
