"""What the provider says about itself, its keys, and its marks."""

import re

import jwt
import pytest

from tests.mocks.conftest import ASSERTION_TYPE, CALLBACK, ISSUER, VERIFIER, Relying, answered
from upstream_mocks.provider import canary

METADATA = f"{ISSUER}/.well-known/openid-configuration"


async def test_the_metadata_promises_what_a_bff_relies_on(rp: Relying) -> None:
    """OIDC Discovery 1.0, section 3; RFC 9207, section 3; Back-Channel Logout 1.0, section 2.1."""
    document = (await rp.http.get(METADATA)).json()
    assert document["issuer"] == ISSUER
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
    assert document["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    }


async def test_every_endpoint_of_the_metadata_is_there(rp: Relying) -> None:
    """No address leads nowhere."""
    document = (await rp.http.get(METADATA)).json()
    named = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(named) == 6
    for url in named:
        assert (await rp.http.get(url)).status_code != 404


async def test_only_public_halves_are_published(rp: Relying) -> None:
    """RFC 7518, section 6: no private member of any key."""
    published = (await rp.http.get(f"{ISSUER}/jwks")).json()["keys"]
    assert {key["kty"] for key in published} == {"RSA", "EC"}
    assert all(key["use"] == "sig" and key["kid"] and key["alg"] for key in published)
    assert not any(key.keys() & {"d", "p", "q", "dp", "dq", "qi"} for key in published)


async def test_rotating_keeps_the_old_keys_unless_told(rp: Relying) -> None:
    """An overlap by default; a hard cut on request."""
    old = set(await rp.keys())
    fresh = (await rp.http.post(f"{ISSUER}/__keys/rotate")).json()["kids"]
    assert set(await rp.keys()) == old | set(fresh)
    last = (await rp.http.post(f"{ISSUER}/__keys/rotate", json={"drop_old": True})).json()["kids"]
    assert set(await rp.keys()) == set(last)
    token = (await rp.sign_in())["id_token"]
    assert jwt.get_unverified_header(token)["kid"] in last


async def test_a_client_may_want_es256(rp: Relying, assertion: object) -> None:
    """RFC 7591, id_token_signed_response_alg; its access token stays RS256."""
    assert callable(assertion)
    answer = answered(await rp.authorize(client_id="with-a-key", mock_user="ada"))
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(),
    }
    tokens = (await rp.http.post(f"{ISSUER}/token", data=form)).json()
    assert jwt.get_unverified_header(tokens["id_token"])["alg"] == "ES256"
    assert jwt.get_unverified_header(tokens["access_token"])["alg"] == "RS256"
    assert (await rp.claims(tokens["id_token"]))["aud"] == "with-a-key"


async def test_every_token_carries_a_mark(rp: Relying) -> None:
    """Whole, or only its claims, or only its middle."""
    tokens = await rp.sign_in()
    logout = (await rp.http.post(f"{ISSUER}/__logout-token", json={"sub": "ada"})).json()
    for token in (tokens["access_token"], tokens["id_token"], logout["logout_token"]):
        assert canary.found_in(f"x{token}y")
        assert canary.found_in(token.split(".")[1])
    assert canary.found_in(tokens["refresh_token"])


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_mark_shows_at_every_alignment(before: str) -> None:
    """base64 groups three bytes; the word must not depend on what precedes it."""
    encoded = jwt.utils.base64url_encode(f"{before}{canary.CLAIM_VALUE}".encode()).decode()
    assert canary.found_in(encoded)


async def test_codes_are_told_apart_from_tokens(rp: Relying) -> None:
    """A code passes through the browser's address; a token never does."""
    code = await rp.code()
    assert canary.code_in(code)
    assert not canary.found_in(code)
    assert any(pattern.search(code) for pattern in canary.CANARY_PATTERNS)


def test_innocent_text_has_no_mark() -> None:
    """Not even text about canaries."""
    innocent = "A canary, an EYJ, eyJhbGciOiJSUzI1NiJ9 alone, and rt-canary."
    assert not canary.found_in(innocent)
    assert not canary.code_in(innocent)
    assert all(isinstance(pattern, re.Pattern) for pattern in canary.CANARY_PATTERNS)
