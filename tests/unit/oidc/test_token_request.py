"""Requests to the token and revocation endpoints, and how the client authenticates."""

import base64
import json
from typing import Any, Literal
from urllib.parse import parse_qs, unquote_plus

import pytest
from jwt import api_jws

from bff.errors import ProviderMetadataInvalid
from bff.oidc.authorization import AuthorizationCode
from bff.oidc.client_key import ClientKey
from bff.oidc.metadata import ClientMetadata, Secret
from bff.oidc.token_request import (
    FormRequest,
    authorization_code_request,
    client_credentials_request,
    refresh_request,
    revocation_request,
)
from tests.builders import ISSUER, NOW
from tests.unit.oidc.parties import CLIENT_ID, a_client, a_provider, pem, private_key

BASIC = "Basic " + base64.b64encode(f"{CLIENT_ID}:s3cr3t".encode()).decode()


def form_of(request: FormRequest) -> dict[str, list[str]]:
    """The parameters, every value of every name."""
    return parse_qs(request.body.decode("ascii"), strict_parsing=True)


def a_refresh(client: ClientMetadata | None = None) -> FormRequest:
    """A refresh request."""
    return refresh_request(
        a_provider(), client or a_client(), refresh_token="refresh-0", now=NOW, jti="j"
    )


def a_client_with_key(**changes: Any) -> ClientMetadata:
    """A client that authenticates with a key."""
    values: dict[str, Any] = {
        "client_secret": None,
        "token_endpoint_auth_method": "private_key_jwt",
        "client_key": ClientKey(pem("ec"), kid="c-1", alg="ES256"),
    }
    return a_client(**{**values, **changes})


@pytest.mark.req("N3", "N4")
def test_a_code_is_redeemed_with_its_verifier_and_redirect_uri() -> None:
    """RFC 6749, section 4.1.3; RFC 7636, section 4.5."""
    request = authorization_code_request(
        a_provider(),
        a_client(),
        code=AuthorizationCode("c&d"),
        code_verifier="v",
        redirect_uri="https://app.example/bff/callback",
        now=NOW,
        jti="j",
    )
    assert request.url == f"{ISSUER}/token"
    assert form_of(request) == {
        "grant_type": ["authorization_code"],
        "code": ["c&d"],
        "code_verifier": ["v"],
        "redirect_uri": ["https://app.example/bff/callback"],
    }


@pytest.mark.req("N70", "S2")
def test_a_refresh_sends_the_token_and_authenticates() -> None:
    """RFC 6749, section 6: scope is left as granted."""
    request = a_refresh()
    assert request.url == f"{ISSUER}/token"
    assert form_of(request) == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-0"]}
    assert dict(request.headers) == {
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "authorization": BASIC,
    }


@pytest.mark.req("N77", "N78")
def test_a_token_for_one_api_is_asked_for_with_its_resource_alone() -> None:
    """And with its scopes, if it has any, in place of what is configured for all (RFC 8707, 2.2)."""
    client = a_client(resource=("https://a.example/", "https://b.example/"))
    request = refresh_request(
        a_provider(),
        client,
        refresh_token="refresh-0",
        resource="https://b.example/",
        scope=("read", "write"),
        now=NOW,
        jti="jti-1",
    )
    form = form_of(request)
    assert (form["resource"], form["scope"]) == (["https://b.example/"], ["read write"])


@pytest.mark.req("N77", "N78")
def test_configured_resources_are_asked_for_again() -> None:
    """RFC 8707, section 2.2."""
    resources = ("https://a.example/", "https://b.example/")
    assert form_of(a_refresh(a_client(resource=resources)))["resource"] == list(resources)


@pytest.mark.req("N77")
def test_client_credentials_ask_for_one_api() -> None:
    """Scope and resource of the route, if it names them."""

    def form(scope: tuple[str, ...], resource: str | None) -> dict[str, list[str]]:
        client = a_client(resource=("https://not-this.example/",))
        return form_of(
            client_credentials_request(
                a_provider(), client, scope=scope, resource=resource, now=NOW, jti="j"
            )
        )

    assert form(("a", "b"), "https://api.example/") == {
        "grant_type": ["client_credentials"],
        "scope": ["a b"],
        "resource": ["https://api.example/"],
    }
    assert form((), None) == {"grant_type": ["client_credentials"]}


@pytest.mark.req("N84")
def test_a_revocation_names_the_token_and_its_kind() -> None:
    """RFC 7009, section 2.1; a provider without the endpoint cannot be asked."""
    request = revocation_request(
        a_provider(),
        a_client(),
        token="refresh-0",
        token_type_hint="refresh_token",
        now=NOW,
        jti="j",
    )
    assert request.url == f"{ISSUER}/revoke"
    assert form_of(request) == {"token": ["refresh-0"], "token_type_hint": ["refresh_token"]}
    with pytest.raises(ProviderMetadataInvalid, match=r"^revocation_endpoint$"):
        revocation_request(
            a_provider(revocation_endpoint=None),
            a_client(),
            token="t",
            token_type_hint="x",
            now=NOW,
            jti="j",
        )


@pytest.mark.req("N1")
def test_basic_authentication_form_encodes_both_halves() -> None:
    """RFC 6749, section 2.3.1: a colon, a space or an umlaut in either half arrives."""
    client = a_client(client_id="id:ü", client_secret=Secret("pa ss:+%"))
    credentials = dict(a_refresh(client).headers)["authorization"].removeprefix("Basic ")
    halves = base64.b64decode(credentials).decode("ascii").split(":")
    assert [unquote_plus(half) for half in halves] == ["id:ü", "pa ss:+%"]


@pytest.mark.req("N1")
def test_post_authentication_puts_both_into_the_body() -> None:
    """And nothing into the header."""
    request = a_refresh(a_client(token_endpoint_auth_method="client_secret_post"))
    assert form_of(request)["client_id"] == [CLIENT_ID]
    assert form_of(request)["client_secret"] == ["s3cr3t"]
    assert "authorization" not in dict(request.headers)


@pytest.mark.req("N20")
@pytest.mark.parametrize(
    ("audience", "aud", "typ"),
    [
        ("issuer", ISSUER, "client-authentication+jwt"),
        ("token_endpoint", f"{ISSUER}/token", "JWT"),
    ],
)
def test_a_client_assertion_is_short_lived_and_addressed_to_the_provider(
    audience: Literal["issuer", "token_endpoint"], aud: str, typ: str
) -> None:
    """RFC 7523, section 3: iss and sub are the client, aud is one value, jti is ours."""
    form = form_of(a_refresh(a_client_with_key(client_assertion_audience=audience)))
    assert form["client_id"] == [CLIENT_ID]
    assert form["client_assertion_type"] == [
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    ]
    assertion = api_jws.decode_complete(
        form["client_assertion"][0], private_key("ec").public_key(), ["ES256"]
    )
    assert assertion["header"] == {"alg": "ES256", "kid": "c-1", "typ": typ}
    assert json.loads(assertion["payload"]) == {
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": aud,
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "jti": "j",
    }
    assert "client_secret" not in form


def test_a_request_shows_its_address_only() -> None:
    """The rest is credentials."""
    shown = repr(a_refresh(a_client(token_endpoint_auth_method="client_secret_post")))
    assert shown == f"FormRequest(url='{ISSUER}/token', headers=***, body=***)"
