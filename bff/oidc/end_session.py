"""Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

import msgspec

from bff.oidc.authorization import with_query
from bff.oidc.metadata import ClientMetadata, ProviderMetadata

MAX_URL_CHARACTERS = 6000
"""What servers are known to accept as a request line, with room to spare."""


class WayOut(msgspec.Struct, frozen=True):
    """Where a browser goes next: by GET, or by POST if there are form ``fields``."""

    address: str
    fields: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Nothing: the hint is a token."""
        return "WayOut(***)"


def way_out(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    id_token_hint: str | None,
    state: str | None = None,
) -> WayOut | None:
    """How to sign the browser out; None if the provider offers no such endpoint.

    ``client_id`` always goes along: it stands in for an absent hint. A request too long for a URL
    is made by POST, which every provider must accept (section 2).
    """
    if metadata.end_session_endpoint is None:
        return None
    fields = [
        ("client_id", client.client_id),
        ("post_logout_redirect_uri", client.post_logout_redirect_uri),
    ]
    if state is not None:
        fields.append(("state", state))
    if id_token_hint is not None:
        fields.append(("id_token_hint", id_token_hint))
    url = with_query(metadata.end_session_endpoint, fields)
    if len(url) > MAX_URL_CHARACTERS:
        return WayOut(metadata.end_session_endpoint, tuple(fields))
    return WayOut(url)
