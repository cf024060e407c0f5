"""POST /revoke (RFC 7009): a refresh token takes its whole family with it (section 2.1)."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from upstream_mocks.provider.answers import NO_STORE, OAuthError, form_pairs, parameters
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.party import Provider


@post("/revoke", status_code=200)
async def revocation(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """The revocation endpoint; a token nobody knows is as good as revoked (section 2.2)."""
    form, _ = parameters(await form_pairs(request))
    day = provider.bad_day("revocation")
    if (instead := await day.before()) is not None:
        return instead
    client = provider.authenticate(request, form)
    if "token" not in form:
        raise OAuthError("invalid_request", "token is missing")
    if revoke(provider, client, form["token"]):
        provider.stats.events["revocations"] += 1
    return Response(b"", status_code=200, headers=NO_STORE)


def revoke(provider: Provider, client: Client, token: str) -> bool:
    """Whether ``token`` was one of the client's."""
    refresh = provider.grants.refresh_tokens.get(token)
    if refresh is not None and refresh.family.authorization.client_id == client.client_id:
        provider.revoke(refresh.family, "revoked by the client")
        return True
    claims = provider.keys.claims_of(token)
    if claims is not None and claims.get("client_id") == client.client_id:
        provider.grants.revoked_jti.add(str(claims["jti"]))
        return True
    return False
