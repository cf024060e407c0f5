"""The client's own signing key, for private_key_jwt (RFC 7523, section 3; RFC 9700, 2.5)."""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import api_jws

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
ClientKeyAlg = Literal["RS256", "PS256", "ES256", "EdDSA"]

MIN_RSA_BITS = 2048


class ClientKey:
    """A private key with the ``kid`` and ``alg`` under which the provider knows its public half."""

    __slots__ = ("_key", "alg", "kid")

    def __init__(self, pem: bytes, *, kid: str | None, alg: ClientKeyAlg) -> None:
        """Read an unencrypted PEM private key.

        Raises ValueError, without a word of its content, if it is none, or does not fit ``alg``
        (RSA of 2048 bits or more for RS256 and PS256, P-256 for ES256, Ed25519 for EdDSA).
        """
        self.kid = kid
        self.alg = alg
        self._key = _private_key(pem, alg)

    def __repr__(self) -> str:
        """The public facts only."""
        return f"ClientKey(kid={self.kid!r}, alg={self.alg!r})"

    def sign(self, claims: Mapping[str, object], *, typ: str) -> str:
        """A compact JWS over ``claims``, with ``typ`` and any ``kid`` in its header (RFC 7515)."""
        payload = msgspec.json.encode(claims)
        header = {"typ": typ} if self.kid is None else {"typ": typ, "kid": self.kid}
        return api_jws.encode(payload, self._key, self.alg, header)


def _private_key(pem: bytes, alg: ClientKeyAlg) -> PrivateKey:
    if alg not in get_args(ClientKeyAlg):
        raise ValueError(f"alg must be one of {', '.join(get_args(ClientKeyAlg))}")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not an unencrypted PEM private key") from None
    if (
        alg in {"RS256", "PS256"}
        and isinstance(key, RSAPrivateKey)
        and key.key_size >= MIN_RSA_BITS
    ):
        return key
    if alg == "ES256" and isinstance(key, EllipticCurvePrivateKey):
        if isinstance(key.curve, SECP256R1):
            return key
    elif alg == "EdDSA" and isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError(f"the key does not fit {alg}")
