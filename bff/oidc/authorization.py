"""The authorization request, and its answer.

RFC 6749, sections 4.1.1 and 4.1.2; RFC 7636; RFC 9207; RFC 8707, section 2; OpenID Connect Core
1.0, section 3.1.2.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import NewType
from urllib.parse import urlencode

from bff.errors import AuthorizationRejected, AuthorizationResponseInvalid
from bff.oidc.metadata import ClientMetadata, ProviderMetadata

AuthorizationCode = NewType("AuthorizationCode", str)
"""A code that arrived in a valid answer to our own request.

Made only by :func:`validate_authorization_response`.
"""

MAX_CODE_CHARACTERS = 4096

REGISTERED_ERRORS = frozenset(
    {
        # RFC 6749, section 4.1.2.1
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        # OpenID Connect Core 1.0, section 3.1.2.6
        "interaction_required",
        "login_required",
        "account_selection_required",
        "consent_required",
        "invalid_request_uri",
        "invalid_request_object",
        "request_not_supported",
        "request_uri_not_supported",
        "registration_not_supported",
        # OpenID Connect Core Error Code unmet_authentication_requirements 1.0; RFC 8707; RFC 9396
        "unmet_authentication_requirements",
        "invalid_target",
        "invalid_authorization_details",
    }
)

FRONT_CHANNEL_TOKENS = frozenset({"access_token", "id_token", "refresh_token"})


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_request_url(  # noqa: PLR0913  one argument per parameter of the request
    metadata: ProviderMetadata,
    client: ClientMetadata,
    *,
    state: str,
    nonce: str,
    code_verifier: str,
    prompt: str | None = None,
    login_hint: str | None = None,
    max_age: int | None = None,
    acr_values: str | None = None,
    ui_locales: str | None = None,
) -> str:
    """Where to send the browser to sign in: code flow, PKCE S256, state and nonce.

    A query in the endpoint is kept (RFC 6749, section 3.1); ``max_age`` in seconds. RFC 6749,
    section 4.1.1; RFC 7636, section 4.3; RFC 9700, section 2.1; OpenID Connect Core 1.0, 3.1.2.1.
    """
    optional = {
        "prompt": prompt,
        "login_hint": login_hint,
        "max_age": None if max_age is None else str(max_age),
        "acr_values": acr_values,
        "ui_locales": ui_locales,
    }
    asked = {name: value for name, value in optional.items() if value is not None}
    extras = [pair for pair in client.extra_authorization_parameters if pair[0] not in asked]
    query = [
        ("response_type", "code"),
        ("client_id", client.client_id),
        ("redirect_uri", client.redirect_uri),
        ("scope", " ".join(client.scope)),
        ("state", state),
        ("nonce", nonce),
        ("code_challenge", code_challenge(code_verifier)),
        ("code_challenge_method", "S256"),
        *(("resource", uri) for uri in client.resource),
        *asked.items(),
        *extras,
    ]
    return with_query(metadata.authorization_endpoint, query)


def with_query(endpoint: str, query: Sequence[tuple[str, str]]) -> str:
    """``endpoint`` with ``query`` appended to the one it may have (RFC 6749, section 3.1)."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def validate_authorization_response(
    parameters: Mapping[str, Sequence[str]], *, metadata: ProviderMetadata, expected_state: str
) -> AuthorizationCode:
    """Believe the query of a callback, or refuse it.

    ``parameters`` are all values of each name, as received. A repeated parameter, a token in the
    front channel, another ``state``, another or a missing ``iss`` (also of an error response) raise
    AuthorizationResponseInvalid; a provider's error raises AuthorizationRejected with a registered
    code. RFC 6749, sections 3.1 and 4.1.2; RFC 9207, section 2.4; RFC 9700, sections 2.1 and 4.4.2.
    """
    if any(len(values) != 1 for values in parameters.values()):
        raise AuthorizationResponseInvalid("repeated")
    received = {name: values[0] for name, values in parameters.items()}
    if not FRONT_CHANNEL_TOKENS.isdisjoint(received):
        raise AuthorizationResponseInvalid("token")
    state = received.get("state", "").encode(errors="surrogatepass")
    if not hmac.compare_digest(state, expected_state.encode()):
        raise AuthorizationResponseInvalid("state")
    _require_issuer(received.get("iss"), metadata)
    if "error" in received:
        error = received["error"]
        raise AuthorizationRejected(error if error in REGISTERED_ERRORS else "unregistered_error")
    return _code(received.get("code", ""))


def _require_issuer(issuer: str | None, metadata: ProviderMetadata) -> None:
    """Mix-up defence (RFC 9207, section 2.4): simple string comparison, no normalisation."""
    if issuer is None:
        if metadata.authorization_response_iss_parameter_supported:
            raise AuthorizationResponseInvalid("iss")
    elif issuer != metadata.issuer:
        raise AuthorizationResponseInvalid("iss")


def _code(code: str) -> AuthorizationCode:
    """A code is one or more visible characters or spaces (RFC 6749, appendix A.11)."""
    if not (0 < len(code) <= MAX_CODE_CHARACTERS and code.isascii() and code.isprintable()):
        raise AuthorizationResponseInvalid("code")
    return AuthorizationCode(code)
