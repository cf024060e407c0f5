"""How the client proves who it is at the provider's endpoints.

RFC 6749, section 2.3; RFC 7523, sections 2.2 and 3, with the audience rule of its revision;
OpenID Connect Core 1.0, section 9.
"""

import base64
from urllib.parse import quote_plus

from bff.oidc.client_key import ClientKey
from bff.oidc.metadata import ClientMetadata, ProviderMetadata

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_SECONDS = 60

Pairs = tuple[tuple[str, str], ...]


def client_authentication(
    metadata: ProviderMetadata, client: ClientMetadata, *, now: float, jti: str
) -> tuple[Pairs, Pairs]:
    """Header fields and form parameters that authenticate ``client``; one of the two is empty.

    ``now`` (Unix seconds) and ``jti`` (unique, unpredictable) are used by private_key_jwt only.
    """
    if client.client_key is not None:
        return (), _assertion(metadata, client, client.client_key, now=now, jti=jti)
    secret = client.client_secret.reveal() if client.client_secret else ""
    if client.token_endpoint_auth_method == "client_secret_post":  # noqa: S105  a method's name
        return (), (("client_id", client.client_id), ("client_secret", secret))
    return (("authorization", _basic(client.client_id, secret)),), ()


def _basic(client_id: str, secret: str) -> str:
    """Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1)."""
    credentials = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(credentials.encode("ascii")).decode("ascii")


def _assertion(
    metadata: ProviderMetadata, client: ClientMetadata, key: ClientKey, *, now: float, jti: str
) -> Pairs:
    """A signed assertion addressed to the provider.

    RFC 7523 let clients name the token endpoint as the audience, which a malicious provider can
    turn around; its revision (rfc7523bis, section 4) asks for the issuer and an explicit type.
    """
    to_issuer = client.client_assertion_audience == "issuer"
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": metadata.issuer if to_issuer else metadata.token_endpoint,
        "iat": int(now),
        "exp": int(now) + ASSERTION_LIFETIME_SECONDS,
        "jti": jti,
    }
    return (
        ("client_id", client.client_id),
        ("client_assertion_type", ASSERTION_TYPE),
        (
            "client_assertion",
            key.sign(claims, typ="client-authentication+jwt" if to_issuer else "JWT"),
        ),
    )
