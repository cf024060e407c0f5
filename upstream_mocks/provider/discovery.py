"""GET /.well-known/openid-configuration and GET /jwks.

OIDC Discovery 1.0, sections 3 and 4; RFC 8414, section 2; RFC 9207, section 3.
"""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from upstream_mocks.provider.answers import json_answer
from upstream_mocks.provider.clients import ASSERTION_ALGS, METHODS
from upstream_mocks.provider.keys import ALGS
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.settings import SCOPES

ACR_VALUES = ("pwd", "mfa")
CACHEABLE = {"Cache-Control": "public, max-age=300", "Pragma": ""}


def metadata(provider: Provider) -> dict[str, Any]:
    """The provider describes itself."""
    return {
        "issuer": provider.settings.issuer,
        "authorization_endpoint": provider.url("/authorize"),
        "token_endpoint": provider.url("/token"),
        "userinfo_endpoint": provider.url("/userinfo"),
        "jwks_uri": provider.url("/jwks"),
        "revocation_endpoint": provider.url("/revoke"),
        "end_session_endpoint": provider.url("/end_session"),
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": list(ACR_VALUES),
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "sid", "nonce"),
            *("name", "email", "email_verified", "roles"),
        ],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


@get("/.well-known/openid-configuration")
async def discovery(provider: NamedDependency[Provider]) -> Response[Any]:
    """The metadata document."""
    day = provider.bad_day("discovery")
    if (instead := await day.before()) is not None:
        return instead
    return json_answer(day.fields(metadata(provider)), headers=CACHEABLE)


@get("/jwks")
async def jwks(provider: NamedDependency[Provider]) -> Response[Any]:
    """The public signing keys."""
    day = provider.bad_day("jwks")
    if (instead := await day.before()) is not None:
        return instead
    return json_answer(day.fields(provider.keys.published()), headers=CACHEABLE)
