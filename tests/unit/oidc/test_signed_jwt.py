"""The signature comes first, and the algorithm is ours to choose."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt import api_jws

from bff.errors import SignedTokenInvalid
from bff.oidc.jws import MAX_JWT_CHARACTERS
from bff.oidc.metadata import SIGNED_RESPONSE_ALGS
from bff.oidc.signed_jwt import (
    SignedClaims,
    key_id,
    profile_claims,
    verify_signature,
)
from tests.unit.oidc.parties import jwk, jws, key_set, private_key, unsigned

KEYS = key_set(jwk("rsa"), jwk("ec"), jwk("ed"))
CLAIMS: dict[str, object] = {"sub": "ada"}


def verify(token: str, algs: tuple[str, ...] = SIGNED_RESPONSE_ALGS) -> SignedClaims:
    """Verify with the provider's keys."""
    return verify_signature(token, KEYS, algs)


def refused(token: str, check: str, algs: tuple[str, ...] = SIGNED_RESPONSE_ALGS) -> None:
    """The token must fail ``check``."""
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        verify(token, algs)


@pytest.mark.req("N13")
@pytest.mark.parametrize(
    ("key", "alg"), [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA")]
)
def test_a_good_signature_gives_the_claims(key: str, alg: str) -> None:
    """Under every accepted algorithm."""
    assert verify(jws(CLAIMS, key=key, alg=alg)) == SignedClaims(alg, "JWT", CLAIMS)


@pytest.mark.req("N15")
def test_an_algorithm_that_was_not_agreed_is_refused() -> None:
    """However good the signature."""
    refused(jws(CLAIMS), "alg", ("RS256", "PS256"))


@pytest.mark.req("N15", "N106")
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256", "ES256K", 7, None])
def test_no_unsigned_and_no_unknown_algorithm(alg: object) -> None:
    """Not in any spelling."""
    refused(unsigned({"alg": alg, "kid": "ec"}, CLAIMS), "alg")


@pytest.mark.req("N15")
@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_a_public_key_is_no_hmac_secret(name: str) -> None:
    """RFC 8725, section 2.1: the old confusion, with PEM and DER as the secret."""
    public = private_key(name).public_key()
    for encoding in (Encoding.PEM, Encoding.DER):
        secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        head = unsigned({"alg": "HS256", "kid": name}, CLAIMS).rpartition(".")[0]
        mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
        token = f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        refused(token, "alg")
        refused(token, "kid", (*SIGNED_RESPONSE_ALGS, "HS256"))


@pytest.mark.req("N15")
@pytest.mark.parametrize(
    ("key", "kid", "alg", "claimed"),
    [
        ("ec", "rsa", "ES256", "RS256"),
        ("rsa", "rsa", "RS256", "PS256"),
        ("rsa", "rsa", "PS256", "RS256"),
        ("ec/2", "ec", "ES256", "ES256"),
    ],
)
def test_a_signature_of_another_kind_or_key_is_refused(
    key: str, kid: str, alg: str, claimed: str
) -> None:
    """What the header claims decides nothing."""
    head = unsigned({"alg": claimed, "kid": kid}, CLAIMS).rpartition(".")[0]
    signature = jws(CLAIMS, key=key, alg=alg).rpartition(".")[2]
    refused(f"{head}.{signature}", "signature")


@pytest.mark.req("N15")
@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
def test_a_key_serves_its_own_type_only(alg: str) -> None:
    """The id of an elliptic curve key with another algorithm finds nothing."""
    refused(unsigned({"alg": alg, "kid": "ec"}, CLAIMS, b"x" * 64), "kid")


@pytest.mark.req("N15")
def test_keys_in_the_header_are_not_looked_at() -> None:
    """A token that brings its own key, or says where to find one, gains nothing."""
    stranger: dict[str, Any] = {
        "jwk": jwk("ec/2"),
        "jku": "https://evil.example/",
        "x5u": "https://evil.example/",
    }
    refused(jws(CLAIMS, key="ec/2", kid="ec", **stranger), "signature")
    refused(jws(CLAIMS, key="ec/2", **stranger), "kid")
    assert verify(jws(CLAIMS, **stranger)).claims == CLAIMS


@pytest.mark.req("N13")
def test_any_change_of_a_signed_token_is_noticed() -> None:
    """One character of any segment."""
    token = jws(CLAIMS)
    for position in (3, token.index(".") + 3, token.rindex(".") + 3):
        other = "A" if token[position] != "A" else "B"
        with pytest.raises(SignedTokenInvalid):
            verify(token[:position] + other + token[position + 1 :])


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "b64", None, 7])
def test_a_critical_header_is_refused(crit: object) -> None:
    """RFC 7515, section 4.1.11: we understand none."""
    refused(unsigned({"alg": "ES256", "kid": "ec", "crit": crit, "b64": True}, CLAIMS), "crit")


def test_a_detached_payload_is_refused() -> None:
    """RFC 7797 without its critical mark."""
    refused(unsigned({"alg": "ES256", "kid": "ec", "b64": False}, CLAIMS), "signature")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "ü.b.c",
        "\udc80.b.c",
        unsigned([]),
        unsigned("x"),
        unsigned({}).replace(".", "", 1),
        base64.urlsafe_b64encode(b"[" * 50_000).decode() + ".e30.",
    ],
)
def test_what_is_no_compact_jws_is_refused(token: str) -> None:
    """Five segments would be an encrypted token."""
    refused(token, "jwt")


def test_a_token_of_boundless_size_is_not_even_looked_at() -> None:
    """Before any of it is decoded."""
    with pytest.raises(SignedTokenInvalid, match=r"^size$"):
        key_id("a" * (MAX_JWT_CHARACTERS + 1))


@pytest.mark.parametrize(
    "payload", [b"[]", b"nope", b'"x"', b"", b"[" * 50_000, b'{"sub": "\xa4"}']
)
def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    """However well signed."""
    refused(jws(payload), "claims")


def test_a_type_that_is_no_text_is_refused() -> None:
    """The kind of token depends on it."""
    refused(jws(CLAIMS, typ=["JWT"]), "typ")
    assert verify(jws(CLAIMS, typ=None)).typ is None


def test_the_key_id_is_read_before_anything_is_believed() -> None:
    """Absent is allowed, another type is not."""
    assert key_id(unsigned({"kid": "7"})) == "7"
    assert key_id(unsigned({})) is None
    with pytest.raises(SignedTokenInvalid, match=r"^kid$"):
        key_id(unsigned({"kid": 7}))
    refused(unsigned({"alg": "ES256", "kid": ["ec"]}), "kid")


@given(st.text() | st.lists(st.binary(), min_size=3, max_size=3))
def test_arbitrary_text_is_refused_in_our_own_words(content: Any) -> None:
    """Nothing but SignedTokenInvalid comes out."""
    token = content
    if isinstance(content, list):
        token = ".".join(base64.urlsafe_b64encode(part).decode() for part in content)
    with pytest.raises(SignedTokenInvalid):
        verify(token)


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["ES256", "RS256", "none"]) | st.none() | st.integers(),
        "kid": st.sampled_from(["ec", "rsa"]) | st.none() | st.integers(),
        "typ": st.sampled_from(["JWT", "at+jwt"]) | st.none() | st.integers(),
        "b64": st.booleans() | st.none() | st.text(),
    },
)


@given(HEADERS, st.binary(max_size=80))
def test_no_header_makes_up_for_a_signature(header: dict[str, object], signature: bytes) -> None:
    """Unsigned claims never come through."""
    with pytest.raises(SignedTokenInvalid):
        verify(unsigned(header, CLAIMS, signature))


@pytest.mark.req("N119")
def test_claims_are_not_shown() -> None:
    """Their repr is safe to log."""
    assert "ada" not in repr(verify(jws(CLAIMS)))


def test_the_app_sees_the_configured_claims_only() -> None:
    """Of those that are present."""
    claims = json.loads('{"name": "Ada", "email": null, "nonce": "n"}')
    assert profile_claims(claims, ("name", "email", "role")) == {"name": "Ada", "email": None}


def signed(text: str) -> str:
    """Any header and payload, as they are written, with a good signature."""
    algorithm = api_jws.get_algorithm_by_name("ES256")
    signature = algorithm.sign(text.encode("latin-1"), private_key("ec"))
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.req("N15")
@pytest.mark.parametrize("junk", ["+", "/", "\n", "!", " ", "=x", "\xe9"])
def test_a_segment_has_one_spelling(junk: str) -> None:
    """What a lenient decoder would pass over is not passed over, however well it is signed."""
    token = jws(CLAIMS)
    text = token.rpartition(".")[0]
    assert verify(signed(text)).claims == CLAIMS
    refused(signed(text + junk), "signature")
    refused(token + junk, "signature")


@pytest.mark.req("N15")
def test_a_payload_that_is_not_encoded_is_refused() -> None:
    """However well it is signed, whether or not the header asks us to understand it (RFC 7797, section 6)."""
    header = {"alg": "ES256", "kid": "ec", "b64": False}
    refused(signed(unsigned(header, CLAIMS).rpartition(".")[0]), "signature")
