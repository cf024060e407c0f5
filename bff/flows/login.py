"""Signing in: out to the provider, and back.

OpenID Connect Core 1.0 section 3.1; RFC 9700 section 2.1; RFC 9207.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bff.audit import events
from bff.errors import (
    AuthorizationResponseInvalid,
    LoginFailed,
    LoginTransactionNotFound,
    ProviderError,
    SignedTokenInvalid,
    StepUpUnmet,
    StoreUnavailable,
)
from bff.flows.login_request import (
    AGAIN,
    LoginBroken,
    LoginCompleted,
    LoginRequest,
    LoginStarted,
    SignInOrigin,
)
from bff.flows.ports import (
    AuditTrail,
    Clock,
    Entropy,
    OpenIDProvider,
    SessionStore,
    TransactionStore,
)
from bff.flows.revocation import RevocationFlow
from bff.flows.token_set import Expectation, TokenSetFlow
from bff.oidc.authorization import authorization_request_url, validate_authorization_response
from bff.oidc.metadata import ClientMetadata
from bff.oidc.signed_jwt import IdTokenClaims, profile_claims
from bff.oidc.token import TokenResponse
from bff.session.handle import session_key
from bff.session.limits import SessionLimits
from bff.session.model import (
    Acknowledgement,
    EndReason,
    Ref,
    Session,
    SessionCore,
    SessionId,
    TokenSet,
)
from bff.session.transaction import LIFETIME_SECONDS, LoginTransaction


class LoginPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What sign-in needs to know of the settings."""

    limits: SessionLimits
    lookup_key: bytes
    claim_names: tuple[str, ...]
    user_info: bool = False

    def __repr__(self) -> str:
        """Nothing: it holds a key."""
        return "LoginPolicy(***)"


@dataclass(frozen=True, slots=True)
class LoginFlow:
    """The two halves of a sign-in."""

    provider: OpenIDProvider
    transactions: TransactionStore
    sessions: SessionStore
    token_sets: TokenSetFlow
    revocation: RevocationFlow
    clock: Clock
    entropy: Entropy
    trail: AuditTrail
    client: ClientMetadata
    policy: LoginPolicy

    async def begin(self, request: LoginRequest) -> LoginStarted:
        """Remember a login transaction and describe the authorization request.

        Raises ProviderError leaves, StoreUnavailable.
        """
        metadata = await self.provider.metadata()
        state, nonce, code_verifier = (self.entropy.urlsafe(32) for _ in range(3))
        if request.again:
            state = AGAIN + state
        browser = request.browser or self.entropy.urlsafe(16)
        transaction = LoginTransaction(
            browser=browser,
            nonce=nonce,
            code_verifier=code_verifier,
            redirect_uri=self.client.redirect_uri,
            return_to=request.return_to,
            popup=request.popup,
            replaces=request.replaces,
            max_age=request.max_age,
            acr_values=request.acr_values,
            created_at=self.clock.now(),
        )
        await self.transactions.put(state, transaction, LIFETIME_SECONDS)
        location = authorization_request_url(
            metadata,
            self.client,
            state=state,
            nonce=nonce,
            code_verifier=code_verifier,
            prompt=request.prompt,
            login_hint=request.login_hint,
            max_age=request.max_age,
            acr_values=" ".join(request.acr_values) or None,
        )
        return LoginStarted(location=location, browser=browser, state=state)

    async def complete(
        self,
        parameters: Mapping[str, Sequence[str]],
        browser: str | None,
        origin: SignInOrigin = SignInOrigin(),  # noqa: B008  frozen
    ) -> LoginCompleted | LoginBroken:
        """Believe the authorization response, redeem the code, open a session; if not, say why not.

        Nothing is stored then. What is broken off holds a LoginFailed leaf, a ProviderError leaf or
        StoreUnavailable.
        """
        popup = False
        try:
            state = _only(parameters, "state")
            transaction = None if browser is None else await self.transactions.take(state)
            if transaction is None or not _same(transaction.browser, browser):
                raise LoginTransactionNotFound
            popup = transaction.popup
            return await self._complete(parameters, state, transaction, origin)
        except (LoginFailed, ProviderError, StoreUnavailable) as error:
            if not isinstance(error, StoreUnavailable):
                reason = f"{type(error).__name__}: {error}"
                self.trail.record(events.SignInFailed(at=self.clock.now(), reason=reason))
            return LoginBroken(error, popup=popup)

    async def _complete(
        self,
        parameters: Mapping[str, Sequence[str]],
        state: str,
        transaction: LoginTransaction,
        origin: SignInOrigin,
    ) -> LoginCompleted:
        metadata = await self.provider.metadata()
        code = validate_authorization_response(parameters, metadata=metadata, expected_state=state)
        asked_at = self.clock.now()
        response = await self.provider.redeem(
            code, transaction.code_verifier, transaction.redirect_uri
        )
        tokens, claims = await self._believed(response, asked_at, metadata.issuer, transaction)
        app_claims = profile_claims(await self._all_claims(claims, tokens), self.policy.claim_names)
        session_id, session = self._open(claims, tokens, app_claims, origin)
        return await self._store(session_id, session, transaction)

    async def _believed(
        self, response: TokenResponse, asked_at: float, issuer: str, transaction: LoginTransaction
    ) -> tuple[TokenSet, IdTokenClaims]:
        """Raises StepUpUnmet if all is well but for how recent or strong the sign-in is."""
        expected = Expectation(
            issuer=issuer,
            nonce=transaction.nonce,
            max_age=transaction.max_age,
            acr_values=transaction.acr_values,
        )
        try:
            return await self.token_sets.first(response, asked_at, expected)
        except SignedTokenInvalid as error:
            if error.check in {"auth_time", "acr"}:
                raise StepUpUnmet(error.check) from None
            raise

    async def _all_claims(self, claims: IdTokenClaims, tokens: TokenSet) -> Mapping[str, object]:
        """ID Token claims, completed from UserInfo if asked for and if it speaks of the same user (Core 1.0, section 5.3.2)."""
        if not self.policy.user_info:
            return claims.all
        more = await self.provider.user_info(tokens.access_token)
        return {**more, **claims.all} if more.get("sub") == claims.subject else claims.all

    def _open(
        self,
        claims: IdTokenClaims,
        tokens: TokenSet,
        app_claims: dict[str, object],
        origin: SignInOrigin,
    ) -> tuple[SessionId, Session]:
        now = self.clock.now()
        session_id = SessionId(self.entropy.urlsafe(32))
        core = SessionCore(
            ref=Ref("s_" + self.entropy.urlsafe(16)),
            issuer=claims.issuer,
            subject=claims.subject,
            provider_sid=claims.sid,
            created_at=now,
            auth_time=claims.auth_time,
            nonce=claims.nonce,
            acr=claims.acr,
            claims=app_claims,
            absolute_expires_at=now + self.policy.limits.absolute,
            device=origin.device,
            network=origin.network,
        )
        session = Session(
            key=session_key(session_id, self.policy.lookup_key),
            core=core,
            tokens=tokens,
            generation=0,
            touched_at=now,
            acknowledged=Acknowledgement(0, now, 0, now),
        )
        return session_id, session

    async def _store(
        self, session_id: SessionId, session: Session, transaction: LoginTransaction
    ) -> LoginCompleted:
        if not await self.sessions.create(session):
            self.revocation.soon(session.core, session.tokens)
            raise SignedTokenInvalid("ended_meanwhile")
        replaced = intended = None
        if transaction.replaces is not None:
            intended = await self.revocation.intend(transaction.replaces)
            replaced = await self.sessions.end(
                transaction.replaces, EndReason.REPLACED, session.core.created_at
            )
        who = events.Who(
            at=session.core.created_at,
            ref=session.core.ref,
            issuer=session.core.issuer,
            subject=session.core.subject,
        )
        self.trail.record(events.SignedIn(**who, replaced=replaced is not None))
        if replaced is None:
            await self.revocation.withdraw(intended)
        else:
            self._replaced(replaced, intended)
        return LoginCompleted(
            session_id=session_id,
            generation=session.generation,
            ref=session.core.ref,
            return_to=transaction.return_to,
            popup=transaction.popup,
            max_age_seconds=self.policy.limits.absolute,
        )

    def _replaced(self, session: Session, intended: str | None) -> None:
        core = session.core
        who = events.Who(
            at=self.clock.now(), ref=core.ref, issuer=core.issuer, subject=core.subject
        )
        self.trail.record(
            events.SessionEnded(
                **who, reason=EndReason.REPLACED.value, generation=session.generation
            )
        )
        self.revocation.soon(core, session.tokens, intended)


def _only(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name, ())
    if len(values) != 1 or not values[0]:
        raise AuthorizationResponseInvalid(name)
    return values[0]


def _same(expected: str, presented: str | None) -> bool:
    return presented is not None and hmac.compare_digest(expected.encode(), presented.encode())
