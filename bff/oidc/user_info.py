"""The UserInfo request and its answer (OpenID Connect Core 1.0, section 5.3)."""

from bff.errors import ProviderMetadataInvalid, ProviderUnavailable, TokenResponseInvalid
from bff.oidc.client_authentication import Pairs
from bff.oidc.metadata import ProviderMetadata
from bff.oidc.token import json_object


def user_info_request(metadata: ProviderMetadata, access_token: str) -> tuple[str, Pairs]:
    """URL and header fields of the GET that asks for claims (section 5.3.1; RFC 6750, section 2.1).

    Raises ProviderMetadataInvalid if the provider has no such endpoint.
    """
    if metadata.userinfo_endpoint is None:
        raise ProviderMetadataInvalid("userinfo_endpoint")
    return metadata.userinfo_endpoint, (
        ("accept", "application/json"),
        ("authorization", f"Bearer {access_token}"),
    )


def parse_user_info(
    status: int,
    content_type: str | None,
    body: bytes,
    *,
    retry_after_seconds: float | None = None,
) -> dict[str, object]:
    """The claims as sent. The caller must compare ``sub`` with the ID Token's (section 5.3.2).

    Raises TokenResponseInvalid for a refusal or an unreadable answer, else ProviderUnavailable:
    asking changed nothing at the provider.
    """
    if status == 429 or status >= 500:  # noqa: PLR2004  RFC 6585 and RFC 9110
        raise ProviderUnavailable(
            f"userinfo: status {status}", sent=False, retry_after_seconds=retry_after_seconds
        )
    claims = json_object(content_type, body) if status == 200 else None  # noqa: PLR2004
    if claims is None or not isinstance(claims.get("sub"), str):
        raise TokenResponseInvalid("userinfo")
    return claims
