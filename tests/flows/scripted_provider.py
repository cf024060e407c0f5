"""A whole OpenID Provider in memory: a refresh token works once, its reuse ends the family.

It has no clock of its own, opens no socket and awaits nothing but its ``hop``: each call passes one
on the way there (``refresh:there``) and one on the way back (``refresh:back``). A hop that sleeps
is latency; one that raises ProviderUnavailable on the way back loses an answer after the provider
acted. Tokens are numbered, ID Tokens are truly signed.
"""

import base64
import hashlib
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from jwt import api_jws
from jwt.algorithms import ECAlgorithm

from bff.errors import BffError, TokenRequestRejected, TokenResponseInvalid
from bff.oidc.authorization import AuthorizationCode
from bff.oidc.keys import KeySet, parse_jwks
from bff.oidc.metadata import ProviderMetadata
from bff.oidc.token import TokenResponse
from bff.session.audience import Audience

T = TypeVar("T")
Hop = Callable[[str], Awaitable[None]]

USERS: Mapping[str, Mapping[str, object]] = {
    "ada": {"name": "Ada Lovelace", "email": "ada@eventlead.example", "role": "reviewer"},
    "grace": {"name": "Grace Hopper", "email": "grace@eventlead.example", "role": "organiser"},
    "alan": {"name": "Alan Turing", "email": "alan@eventlead.example", "role": "organiser"},
}


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> float:
        """Unix seconds."""
        ...


@cache
def signing_key(kid: str) -> EllipticCurvePrivateKey:
    """One key per id, made once per test run."""
    return generate_private_key(SECP256R1())


@cache
def published_keys(kids: tuple[str, ...]) -> KeySet:
    """The public halves, read back through the product's own parser."""
    keys = [
        {
            **json.loads(ECAlgorithm.to_jwk(signing_key(kid).public_key())),
            "kid": kid,
            "alg": "ES256",
            "use": "sig",
        }
        for kid in kids
    ]
    return parse_jwks(json.dumps({"keys": keys}).encode())


async def no_hop(_operation: str) -> None:
    """Nothing is in the way."""


@dataclass(kw_only=True)
class Family:
    """One sign-in and everything issued from it."""

    subject: str
    sid: str
    auth_time: int
    scope: tuple[str, ...]
    current: str = ""
    expires_at: float = float("inf")
    revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class PendingCode:
    """A code waiting to be redeemed."""

    family: Family
    nonce: str | None
    code_challenge: str
    redirect_uri: str


@dataclass(kw_only=True)
class ProviderState:
    """What the provider remembers, shared by every process that speaks to it. Times in seconds.

    ``asked`` counts requests that arrived, ``counts`` those that were acted upon, ``reuse`` spent
    refresh tokens and codes that were presented again. ``on_answer`` and ``on_id_token`` may change
    what is sent; ``metadata`` overrides members of the discovery document; ``down``, while it is
    set, is what every call raises.
    """

    clock: Clock
    issuer: str = "https://provider.example"
    client_id: str = "eventlead-bff"
    access_lifetime: float | None = 900.0
    refresh_lifetime: float | None = 604_800.0
    rotates: bool = True
    sends_id_tokens: bool = True
    kid: str = "key-1"
    kids: tuple[str, ...] = ("key-1",)
    metadata: dict[str, Any] = field(default_factory=dict)
    on_answer: Callable[[str, TokenResponse], TokenResponse] = lambda _operation, answer: answer
    on_id_token: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    failures: dict[str, deque[BffError]] = field(default_factory=dict)
    down: BffError | None = None
    asked: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    reuse: int = 0
    codes: dict[str, PendingCode] = field(default_factory=dict)
    spent_codes: dict[str, Family] = field(default_factory=dict)
    refresh_tokens: dict[str, Family] = field(default_factory=dict)
    access_tokens: dict[str, tuple[Family, float]] = field(default_factory=dict)
    serial: int = 0

    def number(self, kind: str) -> str:
        """The next name of its kind."""
        self.serial += 1
        return f"{kind}-{self.serial:04d}"

    def fail(self, operation: str, *errors: BffError) -> None:
        """The next calls of ``operation`` raise these instead of being acted upon."""
        self.failures.setdefault(operation, deque()).extend(errors)

    def rotate_key(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; the old ones stay published, or not."""
        self.kid = self.number("key")
        self.kids = (*self.kids, self.kid) if keep else (self.kid,)

    def sign_in(
        self, subject: str = "ada", *, nonce: str | None = None, scope: Sequence[str] = ("openid",)
    ) -> TokenResponse:
        """Tokens of a new sign-in, without the way through the browser."""
        return self.issue("redeem", self.begin(subject, scope), nonce)

    def begin(self, subject: str, scope: Sequence[str]) -> Family:
        """A new family."""
        return Family(
            subject=subject,
            sid=self.number("sid"),
            auth_time=int(self.clock.now()),
            scope=tuple(scope),
        )

    def issue(self, operation: str, family: Family, nonce: str | None = None) -> TokenResponse:
        """The next tokens of a family; the refresh token before them is spent."""
        now = self.clock.now()
        access_token = self.number("access")
        until = now + (self.access_lifetime if self.access_lifetime is not None else 3600.0)
        self.access_tokens[access_token] = (family, until)
        refresh_token = None
        if self.rotates or not family.current:
            refresh_token = family.current = self.number("refresh")
            self.refresh_tokens[refresh_token] = family
        if self.refresh_lifetime is not None and family.expires_at == float("inf"):
            family.expires_at = now + self.refresh_lifetime
        answer = TokenResponse(
            access_token=access_token,
            expires_in=self.access_lifetime,
            refresh_token=refresh_token,
            refresh_expires_in=None if self.refresh_lifetime is None else family.expires_at - now,
            id_token=self.id_token(family, access_token, nonce) if self.sends_id_tokens else None,
            scope=family.scope,
        )
        return self.on_answer(operation, answer)

    def id_token(self, family: Family, access_token: str, nonce: str | None = None) -> str:
        """A signed ID Token of the family, as sent with ``access_token``."""
        now = int(self.clock.now())
        digest = hashlib.sha256(access_token.encode()).digest()
        claims = {
            "iss": self.issuer,
            "sub": family.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": family.auth_time,
            "sid": family.sid,
            "at_hash": base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
            **({"nonce": nonce} if nonce is not None else {}),
            **USERS.get(family.subject, {}),
        }
        return self.sign(self.on_id_token(claims))

    def logout_token(
        self, *, subject: str | None = None, sid: str | None = None, **changes: Any
    ) -> str:
        """A signed Logout Token; ``changes`` override claims, None takes one away."""
        now = int(self.clock.now())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": self.number("jti"),
            "sub": subject,
            "sid": sid,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            **changes,
        }
        return self.sign(
            {name: value for name, value in claims.items() if value is not None}, typ="logout+jwt"
        )

    def sign(self, claims: Mapping[str, object], typ: str = "JWT") -> str:
        """A compact JWS under the current key."""
        return api_jws.encode(
            msgspec.json.encode(claims),
            signing_key(self.kid),
            "ES256",
            {"kid": self.kid, "typ": typ},
        )


class ScriptedProvider:
    """The port OpenIDProvider over :class:`ProviderState`, as one process sees it."""

    def __init__(self, state: ProviderState, hop: Hop = no_hop) -> None:
        self.state = state
        self.hop = hop

    def authorize(self, url: str, subject: str = "ada") -> dict[str, list[str]]:
        """The callback parameters a browser brings back whose user signed in as ``subject``."""
        state = self.state
        query = {
            name: values[0]
            for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()
        }
        assert query["response_type"] == "code"
        assert query["client_id"] == state.client_id
        assert query["code_challenge_method"] == "S256"
        code = state.number("code")
        state.codes[code] = PendingCode(
            family=state.begin(subject, query["scope"].split()),
            nonce=query.get("nonce"),
            code_challenge=query["code_challenge"],
            redirect_uri=query["redirect_uri"],
        )
        return {"code": [code], "state": [query["state"]], "iss": [state.issuer]}

    async def metadata(self) -> ProviderMetadata:
        """A document with every endpoint, unless the state says otherwise."""
        issuer = self.state.issuer
        members: dict[str, Any] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "revocation_endpoint": f"{issuer}/revoke",
            "end_session_endpoint": f"{issuer}/end_session",
            "authorization_response_iss_parameter_supported": True,
            **self.state.metadata,
        }
        return await self._do("metadata", lambda: ProviderMetadata(**members))

    async def signing_keys(self, kid: str | None) -> KeySet:
        """Every key that is published now."""
        return await self._do("signing_keys", lambda: published_keys(self.state.kids))

    async def redeem(
        self, code: AuthorizationCode, code_verifier: str, redirect_uri: str
    ) -> TokenResponse:
        """Once per code; a second time ends what the first gave (RFC 6749, section 4.1.2)."""

        def action() -> TokenResponse:
            state = self.state
            if code in state.spent_codes:
                state.reuse += 1
                state.spent_codes[code].revoked = True
            pending = state.codes.pop(code, None)
            challenge = (
                base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest())
                .rstrip(b"=")
                .decode()
            )
            if pending is None or (pending.code_challenge, pending.redirect_uri) != (
                challenge,
                redirect_uri,
            ):
                raise TokenRequestRejected("invalid_grant")
            state.spent_codes[code] = pending.family
            return state.issue("redeem", pending.family, pending.nonce)

        return await self._do("redeem", action)

    async def refresh(self, refresh_token: str, _audience: Audience | None = None) -> TokenResponse:
        """Once per token; a second time ends the family (RFC 9700, section 4.14.2)."""

        def action() -> TokenResponse:
            state = self.state
            family = state.refresh_tokens.get(refresh_token)
            if family is not None and family.current != refresh_token:
                state.reuse += 1
                family.revoked = True
            if family is None or family.revoked or state.clock.now() >= family.expires_at:
                raise TokenRequestRejected("invalid_grant")
            return state.issue("refresh", family)

        return await self._do("refresh", action)

    async def client_credentials(
        self, scope: tuple[str, ...], resource: str | None
    ) -> TokenResponse:
        """A token of the client's own."""

        def action() -> TokenResponse:
            access_token = self.state.number("client-access")
            return TokenResponse(
                access_token=access_token, expires_in=self.state.access_lifetime, scope=scope
            )

        return await self._do("client_credentials", action)

    async def revoke(self, token: str, token_type_hint: str) -> None:
        """A refresh token takes its family along; an unknown one is no error (RFC 7009, 2)."""

        def action() -> None:
            state = self.state
            state.access_tokens.pop(token, None)
            if token in state.refresh_tokens:
                state.refresh_tokens[token].revoked = True

        await self._do("revoke", action)

    async def user_info(self, access_token: str) -> dict[str, object]:
        """The claims of whom the token stands for."""

        def action() -> dict[str, object]:
            family, until = self.state.access_tokens.get(access_token, (None, 0.0))
            if family is None or family.revoked or self.state.clock.now() >= until:
                raise TokenResponseInvalid("userinfo")
            return {"sub": family.subject, **USERS.get(family.subject, {})}

        return await self._do("user_info", action)

    async def _do(self, operation: str, action: Callable[[], T]) -> T:
        state = self.state
        await self.hop(f"{operation}:there")
        state.asked[operation] += 1
        if state.down is not None:
            raise state.down
        if state.failures.get(operation):
            raise state.failures[operation].popleft()
        result = action()
        state.counts[operation] += 1
        await self.hop(f"{operation}:back")
        return result
