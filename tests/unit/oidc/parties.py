"""A provider, its keys and a client: valid by default, a test overrides what it is about."""

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from jwt import api_jws
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from bff.oidc.keys import KeySet, parse_jwks
from bff.oidc.metadata import ClientMetadata, ProviderMetadata, Secret
from bff.oidc.signed_jwt import SignedClaims
from tests.builders import ISSUER, NOW

CLIENT_ID = "eventlead-bff"
NONCE = "nonce-of-this-sign-in"
ACCESS_TOKEN = "access-token-1"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def private_key(name: str) -> PrivateKey:
    """One key per name: rsa, rsa-1024, ec, ec-384, ed; a suffix (``ec/2``) makes others."""
    match name.partition("/")[0]:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "rsa-1024":
            return rsa.generate_private_key(65537, 1024)  # noqa: S505  to be refused
        case "ec":
            return ec.generate_private_key(ec.SECP256R1())
        case "ec-384":
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def pem(name: str) -> bytes:
    """The private key as PEM."""
    return private_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def jwk(name: str, **members: Any) -> dict[str, object]:
    """The public half as a JWK; a member that is None is left out."""
    public = private_key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        text = RSAAlgorithm.to_jwk(public)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        text = ECAlgorithm.to_jwk(public)
    else:
        text = OKPAlgorithm.to_jwk(public)
    values = {**json.loads(text), "kid": name, "use": "sig", "key_ops": None, **members}
    return {member: value for member, value in values.items() if value is not None}


def key_set(*jwks: Mapping[str, object]) -> KeySet:
    """A JWK Set read back through the parser under test."""
    return parse_jwks(json.dumps({"keys": list(jwks)}).encode())


def jws(claims: object, *, key: str = "ec", alg: str = "ES256", **header: Any) -> str:
    """A signed token; a header member that is None is left out."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    members = {"kid": key, "typ": "JWT", **header}
    kept = {name: value for name, value in members.items() if value is not None}
    kept.setdefault("typ", "")
    return api_jws.encode(payload, private_key(key), alg, kept)


def unsigned(header: object, claims: object = None, signature: bytes = b"") -> str:
    """Three base64url segments that nobody vouches for."""
    segments = [json.dumps(header).encode(), json.dumps(claims or {}).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in segments)


def a_provider(**members: Any) -> ProviderMetadata:
    """A provider with every endpoint."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "revocation_endpoint": f"{ISSUER}/revoke",
        "end_session_endpoint": f"{ISSUER}/end_session",
    }
    return ProviderMetadata(**{**values, **members})


def a_client(**members: Any) -> ClientMetadata:
    """The demo's client."""
    values: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": Secret("s3cr3t"),
        "redirect_uri": "https://app.example/bff/callback",
        "post_logout_redirect_uri": "https://app.example/",
        "scope": ("openid", "profile"),
    }
    return ClientMetadata(**{**values, **members})


def id_token_claims(**changes: Any) -> dict[str, object]:
    """The claims of a valid ID Token; a change to None takes one away."""
    claims = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": CLIENT_ID,
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "nonce": NONCE,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def logout_token_claims(**changes: Any) -> dict[str, object]:
    """The claims of a valid Logout Token; a change to None takes one away."""
    claims = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "iat": int(NOW),
        "exp": int(NOW) + 120,
        "jti": "jti-1",
        "sub": "ada",
        "sid": "sid-1",
        "events": {LOGOUT_EVENT: {}},
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(
    claims: dict[str, object], *, alg: str = "ES256", typ: str | None = "JWT"
) -> SignedClaims:
    """Claims as if their signature had been verified."""
    return SignedClaims(alg, typ, claims)
