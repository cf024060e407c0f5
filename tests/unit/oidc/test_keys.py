"""The provider's published signing keys."""

import base64
import json
from typing import Any

import pytest

from bff.errors import ProviderMetadataInvalid
from bff.oidc.keys import MAX_DOCUMENT_OCTETS, parse_jwks
from tests.unit.oidc.parties import jwk, key_set

OCT = {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode(), "kid": "oct"}


def test_a_key_that_names_no_algorithm_serves_those_that_fit_it() -> None:
    """RSA for both of its algorithms; a curve for one."""
    keys = key_set(jwk("rsa"), jwk("ec"), jwk("ed"))
    assert {(key.kid, key.alg) for key in keys.keys} == {
        ("rsa", "RS256"),
        ("rsa", "PS256"),
        ("ec", "ES256"),
        ("ed", "EdDSA"),
    }


@pytest.mark.req("N15")
def test_a_key_that_names_its_algorithm_serves_no_other() -> None:
    """RFC 7517, section 4.4."""
    keys = key_set(jwk("rsa", alg="PS256"))
    assert keys.find("rsa", "PS256") is not None
    assert keys.find("rsa", "RS256") is None


@pytest.mark.req("N15")
@pytest.mark.parametrize(
    "unusable",
    [
        OCT,
        {**OCT, "alg": "RS256"},
        jwk("rsa-1024"),
        jwk("ec-384"),
        jwk("rsa", use="enc"),
        jwk("rsa", key_ops=["sign"]),
        jwk("rsa", key_ops="verify"),
        jwk("rsa", d="AQAB"),
        jwk("rsa", alg="HS256"),
        jwk("rsa", alg="none"),
        jwk("rsa", alg=7),
        jwk("rsa", kid=7),
        jwk("rsa", n="!"),
        jwk("rsa", n=7),
        {"kty": "RSA", "kid": "empty"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "off-curve"},
        {"kid": "no type"},
        {"kty": ["RSA"], "kid": "listed"},
        "not a key",
        None,
    ],
)
def test_an_unusable_key_is_left_out_and_harms_no_other(unusable: Any) -> None:
    """Another type, curve or purpose, too weak, broken, or a secret."""
    good = jwk("ec")
    assert {key.kid for key in key_set(unusable, good).keys} == {"ec"}


def test_key_operations_may_name_verify() -> None:
    """RFC 7517, section 4.3."""
    assert key_set(jwk("ec", use=None, key_ops=["verify"])).names("ec")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'{"keys": "\xa4"}',
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        json.dumps({"keys": [OCT]}).encode(),
        b'{"keys": ' + b"[" * 100_000,
        b" " * (MAX_DOCUMENT_OCTETS + 1),
    ],
)
def test_a_document_without_a_usable_key_is_refused(raw: bytes) -> None:
    """It must never take the place of one that has some."""
    with pytest.raises(ProviderMetadataInvalid, match=r"^jwks$"):
        parse_jwks(raw)


def test_a_key_is_found_by_id_and_algorithm() -> None:
    """Also when two types share one id (RFC 7517, section 4.5)."""
    keys = key_set(jwk("rsa", kid="1"), jwk("ec", kid="1"), jwk("ec/2"))
    found = keys.find("1", "ES256")
    assert found is not None
    assert found.alg == "ES256"
    assert keys.find("2", "ES256") is None
    assert keys.names("1")
    assert not keys.names("2")


def test_without_an_id_the_choice_must_be_unambiguous() -> None:
    """OpenID Connect Core 1.0, section 10.1."""
    keys = key_set(jwk("rsa"), jwk("ec", kid=None), jwk("ec/2"))
    assert keys.names(None)
    assert keys.find(None, "RS256") is not None
    assert keys.find(None, "ES256") is None
