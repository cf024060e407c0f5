"""Token requests: each function describes one request, somebody else sends it.

RFC 6749, sections 4.1.3, 4.4 and 6; RFC 7009, section 2.1 (revocation); RFC 8707, section 2.2
(resource).
"""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from bff.errors import ProviderMetadataInvalid
from bff.oidc.authorization import AuthorizationCode
from bff.oidc.client_authentication import Pairs, client_authentication
from bff.oidc.metadata import ClientMetadata, ProviderMetadata


class FormRequest(msgspec.Struct, frozen=True):
    """A POST to be sent as it stands: ``headers`` are lower-case name and value pairs."""

    url: str
    headers: Pairs
    body: bytes

    def __repr__(self) -> str:
        """The address only: the rest is credentials."""
        return f"FormRequest(url={self.url!r}, headers=***, body=***)"


def authorization_code_request(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    code: AuthorizationCode,
    code_verifier: str,
    redirect_uri: str,
    now: float,
    jti: str,
) -> FormRequest:
    """Redeem a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5)."""
    form = (
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", code_verifier),
        ("redirect_uri", redirect_uri),
        *_resource(client.resource),
    )
    return _form_request(metadata.token_endpoint, metadata, client, form, now=now, jti=jti)


def refresh_request(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    refresh_token: str,
    resource: str | None = None,
    scope: Sequence[str] = (),
    now: float,
    jti: str,
) -> FormRequest:
    """Renew the tokens (RFC 6749, section 6).

    With the scope of the original grant, or for ``resource`` and with ``scope`` alone (RFC 8707,
    section 2.2).
    """
    form = (
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        *((("scope", " ".join(scope)),) if scope else ()),
        *_resource(client.resource if resource is None else (resource,)),
    )
    return _form_request(metadata.token_endpoint, metadata, client, form, now=now, jti=jti)


def client_credentials_request(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    scope: Sequence[str],
    resource: str | None,
    now: float,
    jti: str,
) -> FormRequest:
    """A token for the client itself (RFC 6749, section 4.4), for the API ``resource`` names."""
    form = (
        ("grant_type", "client_credentials"),
        *((("scope", " ".join(scope)),) if scope else ()),
        *((("resource", resource),) if resource is not None else ()),
    )
    return _form_request(metadata.token_endpoint, metadata, client, form, now=now, jti=jti)


def revocation_request(
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    token: str,
    token_type_hint: str,
    now: float,
    jti: str,
) -> FormRequest:
    """Tell the provider that a token is not needed any more (RFC 7009, section 2.1).

    Raises ProviderMetadataInvalid if the provider has no revocation endpoint.
    """
    if metadata.revocation_endpoint is None:
        raise ProviderMetadataInvalid("revocation_endpoint")
    form = (("token", token), ("token_type_hint", token_type_hint))
    return _form_request(metadata.revocation_endpoint, metadata, client, form, now=now, jti=jti)


def _form_request(
    url: str,
    metadata: ProviderMetadata,
    client: ClientMetadata,
    form: Pairs,
    *,
    now: float,
    jti: str,
) -> FormRequest:
    headers, credentials = client_authentication(metadata, client, now=now, jti=jti)
    return FormRequest(
        url,
        (
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
            *headers,
        ),
        urlencode((*form, *credentials)).encode("ascii"),
    )


def _resource(resource: Sequence[str]) -> Pairs:
    return tuple(("resource", uri) for uri in resource)
