"""The provider says that somebody has signed out: behind the browser's back, or through it.

OpenID Connect Back-Channel Logout 1.0; Front-Channel Logout 1.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bff.audit import events
from bff.errors import SignedTokenInvalid
from bff.flows.ending import EndingFlow, Revoke
from bff.flows.ports import AuditTrail, Clock, OpenIDProvider, SessionStore
from bff.flows.token_set import CLOCK_LEEWAY_SECONDS
from bff.oidc.metadata import ClientMetadata
from bff.oidc.signed_jwt import (
    LogoutTokenClaims,
    SignedClaims,
    key_id,
    validate_logout_token,
    verify_signature,
)
from bff.session.model import EndReason, SessionKey


class LogoutTokenPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a Logout Token is judged, and what follows.

    It counts for ``max_age`` seconds; ``strict_type`` insists on ``typ: logout+jwt`` (ASVS 5.0,
    10.5.5); ``revoke`` says which refresh tokens go (Back-Channel Logout 1.0, section 2.7).
    """

    max_age: float = 120.0
    strict_type: bool = False
    revoke: Revoke = Revoke.ALL


class LogoutTokenTried(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen to a Logout Token: the check it fails, or how many sessions it would end."""

    failed: str | None
    claims: dict[str, object]
    would_end: int = 0


@dataclass(frozen=True, slots=True)
class BackChannelFlow:
    """Ends what a provider says has ended, once it is shown to be the provider that says so."""

    sessions: SessionStore
    ending: EndingFlow
    provider: OpenIDProvider
    clock: Clock
    trail: AuditTrail
    client: ClientMetadata
    policy: LogoutTokenPolicy

    async def end_named_by(self, logout_token: str) -> int:
        """Believe a Logout Token and end what it names; how many sessions that were.

        Raises SignedTokenInvalid, ProviderError leaves, StoreUnavailable. It is remembered only
        when that has happened: a failed ending may be repeated.
        """
        try:
            claims = await self._believe(await self._signed(logout_token))
        except SignedTokenInvalid as error:
            self.trail.record(events.LogoutTokenRefused(at=self.clock.now(), check=error.check))
            raise
        keys = await self._named_by(claims)
        ended = await self.ending.each(keys, EndReason.IDP_LOGOUT, self.policy.revoke)
        lifetime = max(claims.refused_from - self.clock.now(), 1.0)
        await self.sessions.remember_logout_token(claims.issuer, claims.jti, lifetime)
        return len(ended)

    async def end_provider_session(self, issuer: str, sid: str) -> int:
        """End what grew from one provider session, as the browser was sent to say.

        Raises SignedTokenInvalid (``iss``) for another issuer, ProviderError leaves,
        StoreUnavailable. Front-Channel Logout 1.0, section 3.
        """
        metadata = await self.provider.metadata()
        if issuer != metadata.issuer:
            raise SignedTokenInvalid("iss")
        keys = await self.sessions.keys_of_provider_session(issuer, sid)
        return len(await self.ending.each(keys, EndReason.IDP_LOGOUT, self.policy.revoke))

    async def try_out(self, logout_token: str) -> LogoutTokenTried:
        """Judge a Logout Token as :meth:`end_named_by` would; nothing ends, nothing is remembered.

        Raises ProviderError leaves, StoreUnavailable.
        """
        claims: dict[str, object] = {}
        try:
            signed = await self._signed(logout_token)
            claims = signed.claims
            believed = await self._believe(signed)
        except SignedTokenInvalid as error:
            return LogoutTokenTried(failed=error.check, claims=claims)
        return LogoutTokenTried(
            failed=None, claims=claims, would_end=len(await self._named_by(believed))
        )

    async def _signed(self, logout_token: str) -> SignedClaims:
        keys = await self.provider.signing_keys(key_id(logout_token))
        return verify_signature(logout_token, keys, self.client.id_token_signed_response_alg)

    async def _believe(self, signed: SignedClaims) -> LogoutTokenClaims:
        metadata = await self.provider.metadata()
        claims = validate_logout_token(
            signed,
            issuer=metadata.issuer,
            client_id=self.client.client_id,
            now=self.clock.now(),
            leeway=CLOCK_LEEWAY_SECONDS,
            max_age=self.policy.max_age,
            strict_type=self.policy.strict_type,
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
