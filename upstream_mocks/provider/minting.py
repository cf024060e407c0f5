"""The tokens that are JWTs.

Access tokens: RFC 9068. ID Tokens: OIDC Core 1.0, section 2. Logout Tokens: OIDC Back-Channel
Logout 1.0, section 2.4.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from upstream_mocks.provider import canary
from upstream_mocks.provider.faults import BadDay
from upstream_mocks.provider.grants import Authorization
from upstream_mocks.provider.keys import Forgery
from upstream_mocks.provider.party import Provider

LOGOUT_TOKEN_SECONDS = 120
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def access_token(
    provider: Provider,
    day: BadDay,
    *,
    sub: str,
    client_id: str,
    scope: Sequence[str],
    audience: Sequence[str],
    seconds: float,
    family_id: str | None = None,
) -> str:
    """A JWT access token that lives so many seconds."""
    now = int(provider.now() + day.clock_ahead)
    claims = {
        "iss": provider.settings.issuer,
        "sub": sub,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "exp": int(now + seconds),
        "iat": now,
        "jti": secrets.token_urlsafe(12),
        "client_id": client_id,
        "scope": " ".join(scope),
        "family": family_id,
        canary.CLAIM: canary.CLAIM_VALUE,
    }
    return provider.keys.sign(day.claims("access_token", claims), typ="at+jwt")


def id_token(
    provider: Provider,
    day: BadDay,
    authorization: Authorization,
    *,
    access: str,
    refreshed: bool,
) -> str:
    """An ID Token; a refreshed one keeps auth_time, and has no nonce (OIDC Core 1.0, 12.2)."""
    now = int(provider.now() + day.clock_ahead)
    claims = {
        "iss": provider.settings.issuer,
        "sub": authorization.sub,
        "aud": authorization.client_id,
        "exp": now + provider.settings.id_token_seconds,
        "iat": now,
        "auth_time": authorization.auth_time,
        "acr": authorization.acr,
        "sid": authorization.sid,
        "nonce": None if refreshed else authorization.nonce,
        "at_hash": half_hash(access),
        **profile_claims(provider, authorization.sub, authorization.scope),
        canary.CLAIM: canary.CLAIM_VALUE,
    }
    return provider.keys.sign(
        day.claims("id_token", claims),
        typ="JWT",
        alg=provider.clients[authorization.client_id].id_token_alg,
        forgery=day.forgery,
    )


def profile_claims(provider: Provider, sub: str, scope: Sequence[str]) -> dict[str, Any]:
    """What the scope lets a client know about a user (OIDC Core 1.0, section 5.4)."""
    user = provider.users[sub]
    claims: dict[str, Any] = {}
    if "profile" in scope:
        claims |= {"name": user.name, "roles": list(user.roles)}
    if "email" in scope:
        claims |= {"email": user.email, "email_verified": True}
    return claims


def half_hash(value: str) -> str:
    """at_hash (OIDC Core 1.0, section 3.1.3.6)."""
    digest = hashlib.sha256(value.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


def logout_token(
    provider: Provider,
    *,
    client_id: str,
    sub: str | None,
    sid: str | None,
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    forgery: Forgery | None = None,
) -> str:
    """A Logout Token; ``header`` and ``claims`` replace members, None removes one."""
    now = int(provider.now())
    members: dict[str, Any] = {
        "iss": provider.settings.issuer,
        "aud": client_id,
        "iat": now,
        "exp": now + LOGOUT_TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(12),
        "events": {LOGOUT_EVENT: {}},
        "sub": sub,
        "sid": sid,
        canary.CLAIM: canary.CLAIM_VALUE,
        **claims,
    }
    return provider.keys.sign(
        {name: value for name, value in members.items() if value is not None},
        typ="logout+jwt",
        header=header,
        forgery=forgery,
    )
