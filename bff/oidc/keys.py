"""The provider's published signing keys.

RFC 7517; RFC 7518, section 6; RFC 8037; OpenID Connect Core 1.0, section 10.1.
"""

from collections.abc import Mapping

import msgspec
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from bff.errors import ProviderMetadataInvalid

MAX_DOCUMENT_OCTETS = 256 * 1024
MAX_KEYS = 100

KEY_OF_ALG: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The one key type and curve each algorithm may be used with (RFC 8725, sections 3.1 and 3.2)."""


class SigningKey(msgspec.Struct, frozen=True):
    """One usable key under one algorithm; a key that names none is listed under each that fits."""

    kid: str | None
    alg: str
    jwk: PyJWK


class KeySet(msgspec.Struct, frozen=True):
    """The usable signing keys of one issuer. Made by :func:`parse_jwks`."""

    keys: tuple[SigningKey, ...] = ()

    def names(self, kid: str | None) -> bool:
        """Whether a key with this id is published; None asks for no key in particular."""
        return kid is None or any(key.kid == kid for key in self.keys)

    def find(self, kid: str | None, alg: str) -> SigningKey | None:
        """The key to verify ``alg`` with.

        Without ``kid`` the choice must be unambiguous (OpenID Connect Core 1.0, section 10.1).
        """
        fitting = [key for key in self.keys if key.alg == alg and (kid is None or key.kid == kid)]
        if not fitting or (kid is None and len(fitting) > 1):
            return None
        return fitting[0]


def parse_jwks(raw: bytes) -> KeySet:
    """Believe a JWK Set, leaving out every key that cannot be used (RFC 7517, section 5).

    Left out are: other key types and curves, symmetric and private keys, RSA keys under 2048 bits,
    keys for encryption. Raises ProviderMetadataInvalid (``jwks``) if nothing is left.
    """
    if len(raw) > MAX_DOCUMENT_OCTETS:
        raise ProviderMetadataInvalid("jwks")
    try:
        document = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderMetadataInvalid("jwks") from None
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ProviderMetadataInvalid("jwks")
    usable = tuple(
        key
        for jwk in keys[:MAX_KEYS]
        if isinstance(jwk, dict) and _is_for_verifying(jwk)
        for alg in KEY_OF_ALG
        if (key := _signing_key(jwk, alg)) is not None
    )
    if not usable:
        raise ProviderMetadataInvalid("jwks")
    return KeySet(usable)


def _is_for_verifying(jwk: Mapping[str, object]) -> bool:
    """Public, and not meant for something else (RFC 7517, sections 4.2 and 4.3)."""
    operations = jwk.get("key_ops")
    return (
        "d" not in jwk
        and jwk.get("use", "sig") == "sig"
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _signing_key(jwk: dict[str, object], alg: str) -> SigningKey | None:
    """The key under ``alg``, if its type, curve, own ``alg`` and strength allow it."""
    kty, crv = KEY_OF_ALG[alg]
    kid = jwk.get("kid")
    if jwk.get("kty") != kty or (crv is not None and jwk.get("crv") != crv):
        return None
    if jwk.get("alg", alg) != alg or not isinstance(kid, str | None):
        return None
    try:
        key = PyJWK(jwk, alg)
    except (PyJWTError, ValueError, TypeError):
        return None
    if key.Algorithm.check_key_length(key.key) is not None:
        return None
    return SigningKey(kid, alg, key)
