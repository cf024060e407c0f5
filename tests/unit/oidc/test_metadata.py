"""Provider and client metadata."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import ProviderMetadataInvalid
from bff.oidc.client_key import ClientKey
from bff.oidc.metadata import (
    MAX_DOCUMENT_OCTETS,
    ClientMetadata,
    ProviderMetadata,
    Secret,
    discovery_url,
    is_endpoint_url,
    parse_provider_metadata,
)
from tests.builders import ISSUER
from tests.unit.oidc.parties import a_client, pem


def document(**changes: Any) -> dict[str, Any]:
    """A valid discovery document; a change to None takes a member away."""
    members = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "response_types_supported": ["code"],
        "unheard_of": {"is": "ignored"},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def parse(raw: object, *, allow_http: bool = False, issuer: str = ISSUER) -> ProviderMetadata:
    """Parse a document given as JSON value or as bytes."""
    octets = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return parse_provider_metadata(octets, issuer, allow_http=allow_http)


@pytest.mark.req("N19")
def test_a_document_gives_what_it_says() -> None:
    """Members arrive under their own names."""
    metadata = parse(
        document(
            userinfo_endpoint=f"{ISSUER}/userinfo",
            revocation_endpoint=f"{ISSUER}/revoke",
            end_session_endpoint=f"{ISSUER}/end",
            authorization_response_iss_parameter_supported=True,
            code_challenge_methods_supported=["S256"],
            id_token_signing_alg_values_supported=["RS256", "ES256"],
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            backchannel_logout_supported=True,
            backchannel_logout_session_supported=True,
            grant_types_supported=["authorization_code", "refresh_token"],
        )
    )
    assert metadata == ProviderMetadata(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        jwks_uri=f"{ISSUER}/jwks",
        userinfo_endpoint=f"{ISSUER}/userinfo",
        revocation_endpoint=f"{ISSUER}/revoke",
        end_session_endpoint=f"{ISSUER}/end",
        authorization_response_iss_parameter_supported=True,
        code_challenge_methods_supported=("S256",),
        id_token_signing_alg_values_supported=("RS256", "ES256"),
        token_endpoint_auth_methods_supported=("private_key_jwt",),
        backchannel_logout_supported=True,
        backchannel_logout_session_supported=True,
    )


def test_what_a_document_leaves_out_has_the_documents_own_defaults() -> None:
    """Discovery 1.0, section 3: client_secret_basic; no flag is set by silence."""
    metadata = parse(document())
    assert metadata.token_endpoint_auth_methods_supported == ("client_secret_basic",)
    assert metadata.revocation_endpoint is None
    assert not metadata.authorization_response_iss_parameter_supported


@pytest.mark.req("N16")
@pytest.mark.parametrize(
    "issuer",
    [
        "https://provider.example/",
        "https://PROVIDER.example",
        "https://provider.example:443",
        "https://other.example",
        "",
        None,
        7,
    ],
)
def test_another_issuer_is_refused(issuer: object) -> None:
    """The comparison is exact."""
    with pytest.raises(ProviderMetadataInvalid, match=r"^issuer$"):
        parse(document(issuer=issuer))


@pytest.mark.req("N25")
@pytest.mark.parametrize(
    "name",
    [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ],
)
@pytest.mark.parametrize(
    "url",
    [
        "http://provider.example/x",
        "ftp://provider.example/x",
        "//provider.example/x",
        "/x",
        "https:///x",
        "https://user@provider.example/x",
        "https://provider.example/x#f",
        "https://provider.example/x y",
        "https://provider.example\\x",
        "https://provider.example/\r\nx",
        "https://[provider.example/x",
        "https://provider.example:99999/x",
        "https://prövider.example/x",
        "",
        7,
        ["https://provider.example/x"],
    ],
)
def test_an_endpoint_must_be_a_plain_https_url(name: str, url: object) -> None:
    """No other scheme, no credentials, no fragment, nothing that could be read in two ways."""
    with pytest.raises(ProviderMetadataInvalid, match=f"^{name}$"):
        parse(document(**{name: url}))


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_the_endpoints_of_the_code_flow_must_be_there(name: str) -> None:
    """Nothing can be done without them."""
    with pytest.raises(ProviderMetadataInvalid, match=f"^{name}$"):
        parse(document(**{name: None}))


@pytest.mark.req("N25")
def test_plain_http_passes_only_when_it_is_allowed() -> None:
    """For development, issuer and endpoints alike."""
    issuer = "http://localhost:8710"
    members = document(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/a",
        token_endpoint=f"{issuer}/t",
        jwks_uri=f"{issuer}/j",
    )
    assert parse(members, allow_http=True, issuer=issuer).issuer == issuer
    with pytest.raises(ProviderMetadataInvalid, match=r"^issuer$"):
        parse(members, issuer=issuer)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"response_types_supported": None}, "response_types_supported"),
        ({"response_types_supported": ["id_token"]}, "response_types_supported"),
        ({"response_types_supported": "code"}, "response_types_supported"),
        ({"response_types_supported": [7]}, "response_types_supported"),
        ({"grant_types_supported": ["implicit"]}, "grant_types_supported"),
        ({"backchannel_logout_supported": "yes"}, "backchannel_logout_supported"),
        (
            {"authorization_response_iss_parameter_supported": 1},
            "authorization_response_iss_parameter_supported",
        ),
    ],
)
def test_members_of_another_kind_are_refused(changes: dict[str, Any], check: str) -> None:
    """What decides about safety is read strictly."""
    with pytest.raises(ProviderMetadataInvalid, match=f"^{check}$"):
        parse(document(**changes))


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        (b"", "json"),
        (b"<html>", "json"),
        (b'{"issuer": "\xa4"}', "json"),
        (b"[]", "json"),
        (b'"x"', "json"),
        (b"\xff", "json"),
        (b"[" * 100_000, "json"),
        (b" " * (MAX_DOCUMENT_OCTETS + 1), "size"),
    ],
)
def test_what_is_no_document_is_refused(raw: bytes, check: str) -> None:
    """One JSON object of bounded size."""
    with pytest.raises(ProviderMetadataInvalid, match=f"^{check}$"):
        parse(raw)


@given(st.text())
def test_judging_a_url_never_fails(url: str) -> None:
    """Any text is a URL we may use, or not."""
    assert is_endpoint_url(url, allow_http=True) in {True, False}


def test_port_zero_is_no_port() -> None:
    """Nothing listens there."""
    assert not is_endpoint_url("https://provider.example:0/", allow_http=False)
    assert is_endpoint_url("https://provider.example:8443/", allow_http=False)


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/t/1", "https://a.example/t/1/.well-known/openid-configuration"),
    ],
)
def test_the_document_lies_below_the_issuer(issuer: str, url: str) -> None:
    """Discovery 1.0, section 4: a closing slash is taken off first."""
    assert discovery_url(issuer) == url


def test_a_secret_shows_itself_only_when_asked() -> None:
    """Not in a repr, not in a string, not in the client that holds it."""
    shown = f"{Secret('s3cr3t')} {Secret('s3cr3t')!r} {a_client()!r}"
    assert "s3cr3t" not in shown
    assert Secret("s3cr3t").reveal() == "s3cr3t"


@pytest.mark.req("N1", "N20")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": None},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "client_secret": None},
        {"client_key": ClientKey(pem("ec"), kid="c", alg="ES256")},
        {"scope": ("profile",)},
        {"id_token_signed_response_alg": ()},
        {"id_token_signed_response_alg": ("HS256",)},
        {"id_token_signed_response_alg": ("RS256", "none")},
        {"extra_authorization_parameters": (("state", "x"),)},
        {"extra_authorization_parameters": (("request_uri", "x"),)},
    ],
)
def test_a_client_whose_parts_do_not_fit_is_refused(changes: dict[str, Any]) -> None:
    """Exactly one credential, the openid scope, asymmetric algorithms, no overridden parameter."""
    with pytest.raises(ValueError, match=r"."):
        a_client(**changes)


@pytest.mark.req("N78")
@pytest.mark.parametrize("resource", ["api", "/api", "https://api.example/#x", "https://[x"])
def test_a_resource_must_be_an_absolute_uri_without_fragment(resource: str) -> None:
    """RFC 8707, section 2."""
    with pytest.raises(ValueError, match="absolute URI"):
        a_client(resource=("https://api.example/", resource))


def test_a_client_with_a_key_needs_no_secret() -> None:
    """The parts fit."""
    client = a_client(
        client_secret=None,
        token_endpoint_auth_method="private_key_jwt",
        client_key=ClientKey(pem("ec"), kid="c", alg="ES256"),
        resource=("https://api.example/", "urn:example:api"),
    )
    assert isinstance(client, ClientMetadata)
