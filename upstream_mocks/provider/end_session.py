"""GET and POST /end_session (OIDC RP-Initiated Logout 1.0, sections 2 and 3).

Refresh tokens with offline_access live on (Back-Channel Logout 1.0, section 2.7), and nobody gets
one here without it.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar import HttpMethod, Request, Response, route
from litestar.di import NamedDependency

from upstream_mocks.provider import backchannel, pages
from upstream_mocks.provider.answers import OAuthError, form_pairs, go_to, parameters
from upstream_mocks.provider.authorization import SIGN_IN_COOKIE, signed_in
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.party import Provider


@route("/end_session", http_method=[HttpMethod.GET, HttpMethod.POST], status_code=200)
async def end_session(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """End the browser's sign-in, tell the clients, go back to the one that asked."""
    day = provider.bad_day("end_session")
    if (instead := await day.before()) is not None:
        return instead
    pairs = (
        await form_pairs(request)
        if request.method == "POST"
        else parse_qsl(request.url.query, keep_blank_values=True)
    )
    try:
        given, _ = parameters(pairs)
        provider.stats.last["end_session"] = given
        hint = hint_claims(provider, given.get("id_token_hint"))
        client = asking_client(provider, given.get("client_id"), hint)
        target = return_address(given, client)
    except OAuthError as error:
        return pages.refused(error.error, error.description)
    known = signed_in(request, provider)
    for sid in sids_to_end(given, hint, known.sid if known else None):
        provider.grants.end_sign_in(sid)
        await backchannel.notify_clients(provider, sid)
    response: Response[Any] = go_to(target) if target else pages.signed_out()
    response.delete_cookie(SIGN_IN_COOKIE)
    return response


def hint_claims(provider: Provider, hint: str | None) -> dict[str, Any] | None:
    """An ID Token that we issued, however old (section 2); raises OAuthError for anything else."""
    if hint is None:
        return None
    claims = provider.keys.claims_of(hint)
    if claims is None or claims.get("iss") != provider.settings.issuer:
        raise OAuthError("invalid_request", "id_token_hint is none of our ID Tokens.")
    return claims


def asking_client(
    provider: Provider, client_id: str | None, hint: dict[str, Any] | None
) -> Client | None:
    """Named by ``client_id`` or by the hint's audience; both must agree (section 2)."""
    audience = hint.get("aud") if hint else None
    if client_id is not None and audience is not None and client_id != audience:
        raise OAuthError("invalid_request", "client_id and id_token_hint name different clients.")
    return provider.clients.get(client_id or str(audience))


def return_address(given: dict[str, str], client: Client | None) -> str | None:
    """The registered address, with ``state`` (section 3); None if the user stays here."""
    uri = given.get("post_logout_redirect_uri")
    if uri is None:
        return None
    if client is None or uri not in client.post_logout_redirect_uris:
        raise OAuthError("invalid_request", "post_logout_redirect_uri is not registered.")
    if "state" not in given:
        return uri
    address = urlsplit(uri)
    query = [*parse_qsl(address.query), ("state", given["state"])]
    return urlunsplit(address._replace(query=urlencode(query)))


def sids_to_end(
    given: dict[str, str], hint: dict[str, Any] | None, of_browser: str | None
) -> list[str]:
    """The one that the hint names, and the browser's own; ``logout_hint`` may be a sid as well."""
    named = hint.get("sid") if hint else given.get("logout_hint")
    return sorted({str(sid) for sid in (named, of_browser) if sid})
