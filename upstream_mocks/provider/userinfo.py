"""GET and POST /userinfo (OIDC Core 1.0, section 5.3; RFC 6750, section 3)."""

from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.di import NamedDependency

from upstream_mocks.provider import minting
from upstream_mocks.provider.answers import OAuthError, json_answer
from upstream_mocks.provider.party import Provider


@route("/userinfo", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def userinfo(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """What the access token's scope tells about its subject."""
    day = provider.bad_day("userinfo")
    if (instead := await day.before()) is not None:
        return instead
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise OAuthError("invalid_request", status=401, headers={"WWW-Authenticate": "Bearer"})
    claims = provider.keys.claims_of(token)
    if claims is None or not alive(provider, claims):
        raise _refused("invalid_token", 401)
    scope = str(claims.get("scope", "")).split()
    if "openid" not in scope or claims["sub"] not in provider.users:
        raise _refused("insufficient_scope", 403)
    known = {"sub": claims["sub"], **minting.profile_claims(provider, claims["sub"], scope)}
    return json_answer(day.fields(known))


def alive(provider: Provider, claims: dict[str, Any]) -> bool:
    """Neither expired nor revoked, alone or with its family."""
    family = provider.grants.families.get(str(claims.get("family")))
    revoked = claims.get("jti") in provider.grants.revoked_jti
    return (
        not revoked
        and provider.now() < claims.get("exp", 0)
        and (family is None or family.revoked is None)
    )


def _refused(error: str, status: int) -> OAuthError:
    return OAuthError(error, status=status, headers={"WWW-Authenticate": f'Bearer error="{error}"'})
