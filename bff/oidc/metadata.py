"""What the provider says of itself, and what we say of ourselves as its client.

OpenID Connect Discovery 1.0, sections 3 and 4; RFC 8414; RFC 7591, section 2.
"""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from bff.errors import ProviderMetadataInvalid
from bff.oidc.client_key import ClientKey

MAX_DOCUMENT_OCTETS = 256 * 1024

SIGNED_RESPONSE_ALGS = ("RS256", "PS256", "ES256", "EdDSA")
"""Asymmetric signature algorithms accepted by default (RFC 8725, section 3.1; RFC 9700, 2.5)."""

CLIENT_SETS = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Authorization request parameters that cannot be configured: the protocol sets or forbids them."""

AuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]


class Secret:
    """Text that prints as asterisks; :meth:`reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hold ``text``."""
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        """Asterisks."""
        return "Secret('***')"

    def __str__(self) -> str:
        """Asterisks."""
        return "***"


class ProviderMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """A validated discovery document. Made by :func:`parse_provider_metadata` only.

    Names are the document's own (OpenID Connect Discovery 1.0, section 3; RFC 9207, section 3;
    Back-Channel Logout 1.0, section 2.1). A tuple is empty if the document does not say.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    revocation_endpoint: str | None = None
    end_session_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False
    code_challenge_methods_supported: tuple[str, ...] = ()
    id_token_signing_alg_values_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    backchannel_logout_supported: bool = False
    backchannel_logout_session_supported: bool = False


class ClientMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """This client, as registered with the provider (RFC 7591, section 2). Times in seconds.

    ``client_assertion_audience`` names what a client assertion is addressed to: the issuer, or, for
    providers that insist on the older reading of RFC 7523, the token endpoint. ``resource`` are the
    resource indicators of RFC 8707. Raises ValueError when the parts do not fit together.
    """

    client_id: str
    redirect_uri: str
    client_secret: Secret | None = None
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"  # noqa: S105  a method's name
    client_key: ClientKey | None = None
    client_assertion_audience: Literal["issuer", "token_endpoint"] = "issuer"
    post_logout_redirect_uri: str
    scope: tuple[str, ...] = ("openid",)
    resource: tuple[str, ...] = ()
    id_token_signed_response_alg: tuple[str, ...] = SIGNED_RESPONSE_ALGS
    extra_authorization_parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError when the parts do not fit together."""
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self) -> list[str]:
        by_key = self.token_endpoint_auth_method == "private_key_jwt"  # noqa: S105  as above
        extras = {name for name, _ in self.extra_authorization_parameters}
        algs = set(self.id_token_signed_response_alg)
        checks = {
            "scope must contain openid": "openid" in self.scope,
            "private_key_jwt needs a client_key, the other methods a client_secret": (
                (self.client_key is not None) == by_key
                and (self.client_secret is not None) == (not by_key)
            ),
            "id_token_signed_response_alg may only name RS256, PS256, ES256, EdDSA": (
                bool(algs) and algs <= set(SIGNED_RESPONSE_ALGS)
            ),
            "a resource must be an absolute URI without fragment (RFC 8707, section 2)": all(
                is_resource_indicator(uri) for uri in self.resource
            ),
            "extra_authorization_parameters may not name what the protocol sets": (
                extras.isdisjoint(CLIENT_SETS)
            ),
        }
        return [problem for problem, holds in checks.items() if not holds]


def discovery_url(issuer: str) -> str:
    """Where the issuer publishes its metadata (OpenID Connect Discovery 1.0, section 4)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def is_endpoint_url(url: str, *, allow_http: bool) -> bool:
    """Whether ``url`` is an https URL with a host and without user information or fragment.

    Plain http passes only with ``allow_http`` (RFC 6749, sections 3.1 and 3.2; RFC 8414, 2).
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        return (
            (parts.scheme == "https" or (allow_http and parts.scheme == "http"))
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and parts.port != 0
        )
    except ValueError:
        return False


def is_resource_indicator(uri: str) -> bool:
    """Whether ``uri`` is absolute and without fragment (RFC 8707, section 2)."""
    try:
        return bool(urlsplit(uri).scheme) and "#" not in uri
    except ValueError:
        return False


def parse_provider_metadata(raw: bytes, issuer: str, *, allow_http: bool) -> ProviderMetadata:
    """Believe a discovery document fetched for ``issuer``, or raise ProviderMetadataInvalid.

    The document's issuer must equal the configured one exactly (OpenID Connect Discovery 1.0,
    section 4.3; RFC 9700, section 4.4.2.1); endpoints must be https URLs (RFC 6749, section 3.1);
    the code flow must be offered. Members we do not know are ignored.
    """
    document = _object(raw)
    if document.get("issuer") != issuer or not is_endpoint_url(issuer, allow_http=allow_http):
        raise ProviderMetadataInvalid("issuer")
    if "code" not in _strings(document, "response_types_supported"):
        raise ProviderMetadataInvalid("response_types_supported")
    if "authorization_code" not in _strings(
        document, "grant_types_supported", ("authorization_code",)
    ):
        raise ProviderMetadataInvalid("grant_types_supported")
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_url(document, "authorization_endpoint", allow_http=allow_http),
        token_endpoint=_url(document, "token_endpoint", allow_http=allow_http),
        jwks_uri=_url(document, "jwks_uri", allow_http=allow_http),
        userinfo_endpoint=_optional_url(document, "userinfo_endpoint", allow_http=allow_http),
        revocation_endpoint=_optional_url(document, "revocation_endpoint", allow_http=allow_http),
        end_session_endpoint=_optional_url(document, "end_session_endpoint", allow_http=allow_http),
        authorization_response_iss_parameter_supported=_flag(
            document, "authorization_response_iss_parameter_supported"
        ),
        code_challenge_methods_supported=_strings(document, "code_challenge_methods_supported"),
        id_token_signing_alg_values_supported=_strings(
            document, "id_token_signing_alg_values_supported"
        ),
        token_endpoint_auth_methods_supported=_strings(
            document, "token_endpoint_auth_methods_supported", ("client_secret_basic",)
        ),
        backchannel_logout_supported=_flag(document, "backchannel_logout_supported"),
        backchannel_logout_session_supported=_flag(
            document, "backchannel_logout_session_supported"
        ),
    )


def _object(raw: bytes) -> Mapping[str, object]:
    if len(raw) > MAX_DOCUMENT_OCTETS:
        raise ProviderMetadataInvalid("size")
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderMetadataInvalid("json") from None
    if not isinstance(document, dict):
        raise ProviderMetadataInvalid("json")
    return document


def _url(document: Mapping[str, object], name: str, *, allow_http: bool) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not is_endpoint_url(url, allow_http=allow_http):
        raise ProviderMetadataInvalid(name)
    return url


def _optional_url(document: Mapping[str, object], name: str, *, allow_http: bool) -> str | None:
    return None if document.get(name) is None else _url(document, name, allow_http=allow_http)


def _strings(
    document: Mapping[str, object], name: str, default: tuple[str, ...] = ()
) -> tuple[str, ...]:
    values = document.get(name)
    if values is None:
        return default
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ProviderMetadataInvalid(name)
    return tuple(values)


def _flag(document: Mapping[str, object], name: str) -> bool:
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise ProviderMetadataInvalid(name)
    return value
