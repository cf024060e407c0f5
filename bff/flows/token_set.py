"""From a token response to tokens we believe: lifetimes, scope, and who the ID Token names.

RFC 6749 sections 5.1 and 6; OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bff.errors import ProviderError, SignedTokenInvalid
from bff.flows.ports import Clock, OpenIDProvider
from bff.flows.revocation import RevocationFlow
from bff.oidc.claims import seconds_early
from bff.oidc.metadata import ClientMetadata
from bff.oidc.signed_jwt import (
    IdTokenClaims,
    SignedClaims,
    key_id,
    profile_claims,
    validate_id_token,
    validate_refreshed_id_token,
    verify_signature,
)
from bff.oidc.token import TokenResponse
from bff.session.audience import Audience
from bff.session.model import AudienceToken, Session, SessionCore, TokenSet

CLOCK_LEEWAY_SECONDS = 30.0
"""How far the provider's clock and ours may disagree (RFC 7519, section 4.1.4)."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What the first ID Token of a sign-in must answer to."""

    issuer: str
    nonce: str
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenSetFlow:
    """Turns token responses into token sets, for sign-in and for refresh.

    ``clock_off`` hears by how many seconds a provider's clock is ahead of ours.
    """

    provider: OpenIDProvider
    revocation: RevocationFlow
    clock: Clock
    client: ClientMetadata
    claim_names: tuple[str, ...]
    default_lifetime: float
    clock_off: Callable[[float], None]

    async def first(
        self, response: TokenResponse, asked_at: float, expected: Expectation
    ) -> tuple[TokenSet, IdTokenClaims]:
        """The tokens of a sign-in and the claims of its ID Token.

        Raises SignedTokenInvalid, ProviderUnavailable.
        """
        if response.id_token is None:
            raise SignedTokenInvalid("missing")
        signed = await self._signed(response.id_token)
        claims = validate_id_token(
            signed,
            issuer=expected.issuer,
            client_id=self.client.client_id,
            nonce=expected.nonce,
            now=self.clock.now(),
            leeway=CLOCK_LEEWAY_SECONDS,
            access_token=response.access_token,
            max_age=expected.max_age,
            acr=expected.acr_values or None,
        )
        return self._token_set(response, asked_at, before=None), claims

    async def renewed(
        self, session: Session, asked_at: float, audience: Audience | None = None
    ) -> tuple[TokenSet, SessionCore]:
        """Ask for new tokens and say what the session becomes with them.

        For an ``audience`` the session's own access token stays, and only the refresh token is
        replaced besides.

        Raises TokenRequestRejected, TokenResponseInvalid, ProviderUnavailable, and
        SignedTokenInvalid if the answer is not about the same user of the same provider; what came
        with that answer is revoked.
        """
        refresh_token = session.tokens.refresh_token
        assert refresh_token is not None  # noqa: S101  the caller judged it
        response = await self.provider.refresh(refresh_token, audience)
        tokens = self._token_set(response, asked_at, before=session.tokens)
        if audience is not None:
            tokens = self._for_audience(tokens, session.tokens, response, audience)
        try:
            claims = await self._refreshed_claims(response, session)
        except SignedTokenInvalid:
            self.revocation.soon(session.core, tokens)
            raise
        if claims is None:
            return msgspec.structs.replace(tokens, id_token=session.tokens.id_token), session.core
        core = msgspec.structs.replace(
            session.core, claims=profile_claims(claims.all, self.claim_names)
        )
        return tokens, core

    async def _refreshed_claims(
        self, response: TokenResponse, session: Session
    ) -> IdTokenClaims | None:
        """None if no ID Token came, if the key it needs cannot be had now, or if it lies ahead.

        The tokens came from the provider over TLS and must be kept, the unverified ID Token must
        not (Core 1.0, sections 12.2 and 3.1.3.7 item 6).
        """
        if response.id_token is None:
            return None
        try:
            signed = await self._signed(response.id_token)
        except ProviderError:
            return None
        except SignedTokenInvalid as error:
            if error.check == "kid":
                return None
            raise
        return self._held_against(session, signed, response.access_token)

    def _held_against(
        self, session: Session, signed: SignedClaims, access_token: str
    ) -> IdTokenClaims | None:
        """What a refreshed ID Token says; None if it begins after now.

        That is a clock that is off, ours or theirs, and nobody's sign-out: all else is judged by the
        moment it begins, and the ID Token is not used (RFC 7519, section 4.1.5).
        """
        now = self.clock.now()
        early = seconds_early(signed.claims, now)
        ahead = early > CLOCK_LEEWAY_SECONDS
        claims = validate_refreshed_id_token(
            signed,
            issuer=session.core.issuer,
            subject=session.core.subject,
            client_id=self.client.client_id,
            auth_time=session.core.auth_time,
            nonce=session.core.nonce,
            issued_at=session.core.created_at,
            access_token=access_token,
            now=now + early if ahead else now,
            leeway=CLOCK_LEEWAY_SECONDS,
        )
        if ahead:
            self.clock_off(early)
            return None
        return claims

    async def _signed(self, id_token: str) -> SignedClaims:
        keys = await self.provider.signing_keys(key_id(id_token))
        return verify_signature(id_token, keys, self.client.id_token_signed_response_alg)

    def _token_set(
        self, response: TokenResponse, asked_at: float, before: TokenSet | None
    ) -> TokenSet:
        """Times count from when we asked, so they end early rather than late.

        What an answer leaves out stays as it was.
        """
        lifetime = self.default_lifetime if response.expires_in is None else response.expires_in
        granted = response.scope
        if granted is None:
            granted = before.scope if before else self.client.scope
        return TokenSet(
            access_token=response.access_token,
            refresh_token=response.refresh_token or (before.refresh_token if before else None),
            id_token=response.id_token,
            issued_at=asked_at,
            expires_at=asked_at + lifetime,
            refresh_expires_at=self._refresh_end(response, asked_at, before),
            scope=granted,
            audiences=before.audiences if before else {},
        )

    def _for_audience(
        self, tokens: TokenSet, before: TokenSet, response: TokenResponse, audience: Audience
    ) -> TokenSet:
        granted = response.scope if response.scope is not None else audience.scopes or before.scope
        token = AudienceToken(tokens.access_token, tokens.issued_at, tokens.expires_at, granted)
        return msgspec.structs.replace(
            tokens,
            access_token=before.access_token,
            issued_at=before.issued_at,
            expires_at=before.expires_at,
            scope=before.scope,
            audiences={**before.audiences, audience.name: token},
        )

    def _refresh_end(
        self, response: TokenResponse, asked_at: float, before: TokenSet | None
    ) -> float | None:
        if response.refresh_expires_in is not None:
            return asked_at + response.refresh_expires_in
        kept = response.refresh_token is None and before is not None
        return before.refresh_expires_at if kept and before else None
