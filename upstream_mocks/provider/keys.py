"""Signing keys: published as a JWK Set (RFC 7517), rotated on request, and misused on request."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Alg = Literal["RS256", "ES256"]
ALGS: tuple[Alg, ...] = ("RS256", "ES256")
Forgery = Literal["alg_none", "hs256_with_public_key", "wrong_key", "embedded_jwk"]
RSA_BITS = 2048


@cache
def _private_key(
    alg: Alg, owner: str, number: int
) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """Making an RSA key is slow: in one process the n-th key of an issuer is always the same."""
    del owner, number
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


@dataclass(frozen=True)
class SigningKey:
    """One key pair."""

    kid: str
    alg: Alg
    private: Any = field(repr=False)

    def jwk(self) -> dict[str, Any]:
        """The public half (RFC 7517, section 4)."""
        algorithm = ECAlgorithm if self.alg == "ES256" else RSAAlgorithm
        public = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {
            **{name: value for name, value in public.items() if name != "key_ops"},
            "kid": self.kid,
            "use": "sig",
            "alg": self.alg,
        }

    def public_pem(self) -> bytes:
        """What an HMAC would be keyed with by mistake (RFC 8725, section 2.1)."""
        pem: bytes = self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return pem


class KeyRing:
    """The provider's keys; the newest of each algorithm signs."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._made = 0
        self._keys: list[SigningKey] = []
        self.rotate()

    def rotate(self, *, drop_old: bool = False) -> list[str]:
        """A new key for each algorithm, and their kids; the old stay published unless dropped."""
        if drop_old:
            self._keys.clear()
        self._made += 1
        fresh = [self._make(alg, self._made) for alg in ALGS]
        self._keys.extend(fresh)
        return [key.kid for key in fresh]

    def _make(self, alg: Alg, number: int) -> SigningKey:
        private = _private_key(alg, self._owner, number)
        return SigningKey(f"{alg.lower()}-{number}", alg, private)

    def current(self, alg: Alg = "RS256") -> SigningKey:
        """The key that signs."""
        return next(key for key in reversed(self._keys) if key.alg == alg)

    def published(self) -> dict[str, Any]:
        """The JWK Set."""
        return {"keys": [key.jwk() for key in self._keys]}

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        typ: str | None,
        alg: Alg = "RS256",
        header: Mapping[str, Any] | None = None,
        forgery: Forgery | None = None,
    ) -> str:
        """A JWS in compact form (RFC 7515, section 3.1).

        ``header`` replaces members, None removes one; ``forgery`` signs as an attacker would.
        """
        key = self.current(alg)
        members: dict[str, Any] = {"alg": alg, "typ": typ, "kid": key.kid}
        private = key.private
        match forgery:
            case "alg_none":
                members["alg"] = "none"
            case "hs256_with_public_key":
                members["alg"] = "HS256"
            case "wrong_key":
                private = _private_key(alg, "an attacker", 0)
            case "embedded_jwk":
                stranger = SigningKey("embedded", alg, _private_key(alg, "an attacker", 0))
                private = stranger.private
                members |= {"kid": stranger.kid, "jwk": stranger.jwk()}
        members |= header or {}
        signing_input = _segment({k: v for k, v in members.items() if v is not None})
        signing_input += b"." + _segment(claims)
        if forgery == "alg_none":
            signature = b""
        elif forgery == "hs256_with_public_key":
            signature = hmac.digest(key.public_pem(), signing_input, hashlib.sha256)
        else:
            signature = jwt.get_algorithm_by_name(alg).sign(signing_input, private)
        return (signing_input + b"." + _base64url(signature)).decode("ascii")

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """The claims of a JWT that we signed, however old; None if we did not."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = next(key for key in self._keys if key.kid == kid)
            claims: dict[str, Any] = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[key.alg],
                options={
                    "verify_exp": False,
                    "verify_aud": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.InvalidTokenError, StopIteration):
            return None
        return claims


def _segment(members: Mapping[str, Any]) -> bytes:
    return _base64url(msgspec.json.encode(members))


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
