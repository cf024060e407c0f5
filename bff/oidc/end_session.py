"""Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

from bff.oidc.authorization import with_query
from bff.oidc.metadata import ClientMetadata, ProviderMetadata

MAX_URL_CHARACTERS = 6000


def end_session_url(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    id_token_hint: str | None,
    state: str | None = None,
) -> str | None:
    """Where to send the browser to sign out; None if the provider offers no such endpoint.

    ``client_id`` always goes along: it stands in for an absent hint (section 2). A hint that would
    make the URL longer than servers are known to accept is left out.
    """
    if metadata.end_session_endpoint is None:
        return None
    query = [
        ("client_id", client.client_id),
        ("post_logout_redirect_uri", client.post_logout_redirect_uri),
    ]
    if state is not None:
        query.append(("state", state))
    url = with_query(metadata.end_session_endpoint, query)
    if id_token_hint is None or len(url) + len(id_token_hint) > MAX_URL_CHARACTERS:
        return url
    return with_query(url, [("id_token_hint", id_token_hint)])
