"""Access tokens, verified (RFC 6750, sections 2.1 and 3; RFC 9068, section 4; RFC 8725)."""

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import msgspec

from upstream_mocks.api.settings import ApiSettings

ALGS = ("RS256", "ES256")
REMEMBERED_TOKENS = 10_000
FETCH_SECONDS = 5.0


class BearerRefused(Exception):
    """``error`` is from RFC 6750, section 3.1; None means that no token came at all."""

    def __init__(self, error: str | None, description: str, status: int = 401) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.scope: str | None = None

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate field."""
        members = {"error": self.error, "error_description": self.description, "scope": self.scope}
        known = [f'{name}="{value}"' for name, value in members.items() if value]
        return " ".join(
            ["Bearer", ", ".join(['realm="eventlead"', *(known if self.error else [])])]
        )


class KeysUnavailable(Exception):
    """The provider did not hand out its keys; nothing can be verified."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified token says."""

    sub: str
    client_id: str
    scope: frozenset[str]
    audience: tuple[str, ...]
    expires_at: float
    everything: dict[str, Any]


def fingerprint(token: str) -> str:
    """By which a token may be named without being told."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogateescape")).hexdigest()[:16]


def bearer_token(authorization: str | None) -> str:
    """The token of an Authorization field; raises BearerRefused."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BearerRefused(None, "A bearer token is needed.")
    return token.strip()


class Verifier:
    """Verifies tokens against the provider's JWK Set, which is fetched when a key is unknown."""

    def __init__(
        self,
        settings: ApiSettings,
        clock: Callable[[], float],
        http_client: httpx.AsyncClient | None,
    ) -> None:
        self._settings = settings
        self._now = clock
        self._http_client = http_client
        self._owns_http_client = http_client is None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._verified: dict[str, Claims] = {}

    async def close(self) -> None:
        """Close what this verifier opened."""
        if self._owns_http_client and self._http_client is not None:
            await self._http_client.aclose()

    async def verify(self, token: str) -> Claims:
        """Its claims; raises BearerRefused(invalid_token) or KeysUnavailable."""
        claims = self._verified.get(token)
        if claims is None:
            claims = await self._verify_anew(token)
            if len(self._verified) >= REMEMBERED_TOKENS:
                self._verified.clear()
            self._verified[token] = claims
        if self._now() >= claims.expires_at:
            raise BearerRefused("invalid_token", "The token has expired.")
        return claims

    async def _verify_anew(self, token: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(str(header.get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGS),
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                # The clock is ours: expiry is checked by the caller.
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "require": ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"],
                },
            )
        except jwt.InvalidTokenError as error:
            raise BearerRefused("invalid_token", type(error).__name__) from error
        if str(header.get("typ")).lower().removeprefix("application/") != "at+jwt":
            raise BearerRefused("invalid_token", "This is no access token.")
        audience = claims["aud"]
        return Claims(
            sub=claims["sub"],
            client_id=claims["client_id"],
            scope=frozenset(str(claims.get("scope", "")).split()),
            audience=tuple(audience) if isinstance(audience, list) else (audience,),
            expires_at=claims["exp"],
            everything=claims,
        )

    async def _key(self, kid: str) -> jwt.PyJWK:
        if kid not in self._keys:
            self._keys = await self._fetch_keys()
        if kid not in self._keys:
            raise BearerRefused("invalid_token", "No such key.")
        return self._keys[kid]

    async def _fetch_keys(self) -> dict[str, jwt.PyJWK]:
        if self._http_client is None:
            self._http_client = httpx.AsyncClient(timeout=FETCH_SECONDS, trust_env=False)
        try:
            answer = await self._http_client.get(self._settings.keys_at)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            raise KeysUnavailable(type(error).__name__) from error
        return {key.key_id: key for key in keys if key.key_id}
