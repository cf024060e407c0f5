"""The client's signing key."""

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from jwt import api_jws

from bff.oidc.client_key import ClientKey, ClientKeyAlg
from tests.unit.oidc.parties import pem, private_key


@pytest.mark.req("N20")
@pytest.mark.parametrize(
    ("name", "alg"), [("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA")]
)
def test_what_it_signs_its_public_half_verifies(name: str, alg: ClientKeyAlg) -> None:
    """With kid and typ in the header."""
    token = ClientKey(pem(name), kid="c-1", alg=alg).sign({"a": 1}, typ="JWT")
    complete = api_jws.decode_complete(token, private_key(name).public_key(), [alg])
    assert complete["payload"] == b'{"a":1}'
    assert complete["header"] == {"alg": alg, "kid": "c-1", "typ": "JWT"}


def test_a_key_without_an_id_names_none() -> None:
    """The provider then tries those it knows."""
    token = ClientKey(pem("ec"), kid=None, alg="ES256").sign({}, typ="JWT")
    assert api_jws.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT"}


@pytest.mark.parametrize(
    ("name", "alg"),
    [
        ("rsa", "ES256"),
        ("rsa", "EdDSA"),
        ("rsa-1024", "RS256"),
        ("ec", "RS256"),
        ("ec", "EdDSA"),
        ("ec-384", "ES256"),
        ("ed", "ES256"),
        ("ed", "PS256"),
        ("rsa", "HS256"),
        ("ec", "none"),
    ],
)
def test_a_key_that_does_not_fit_its_algorithm_is_refused(name: str, alg: ClientKeyAlg) -> None:
    """When it is read, not when it is first needed."""
    with pytest.raises(ValueError, match=alg if alg in {"RS256", "ES256"} else r"."):
        ClientKey(pem(name), kid="c-1", alg=alg)


def test_what_is_no_private_key_is_refused_without_a_word_of_it() -> None:
    """Rubbish, a public key, an encrypted key: the message repeats nothing."""
    key = private_key("ec")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    for content in (b"", b"hunter2", public, locked):
        with pytest.raises(ValueError, match=r"^not an unencrypted PEM private key$"):
            ClientKey(content, kid="c-1", alg="ES256")


def test_its_repr_is_public() -> None:
    """Id and algorithm."""
    assert repr(ClientKey(pem("ec"), kid="c-1", alg="ES256")) == "ClientKey(kid='c-1', alg='ES256')"
