r"""What somebody who speaks as the provider sends: an ID Token, a Logout Token.

An input is ``how, header, newline, claims``. The header and the claims are taken as they stand; ``how`` says who
signs them: ``1`` the provider, with ES256 whatever the header says; ``2`` a stranger; ``3`` HMAC with the provider's
public key; ``0`` nobody. Any other first byte: the whole input is the token.
"""

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from bff.errors import SignedTokenInvalid
from bff.oidc.jws import MAX_JWT_CHARACTERS
from bff.oidc.keys import KeySet, parse_jwks
from bff.oidc.metadata import SIGNED_RESPONSE_ALGS
from bff.oidc.signed_jwt import (
    SignedClaims,
    validate_id_token,
    validate_logout_token,
    validate_refreshed_id_token,
    verify_signature,
)
from tests.builders import ISSUER, NOW

CLIENT, NONCE, SUBJECT = "eventlead-bff", "nonce-of-this-sign-in", "ada"
LEEWAY, MAX_AGE = 30.0, 120.0
EVENT = "http://schemas.openid.net/event/backchannel-logout"
SHAPES = {b"0": "nobody", b"1": "provider", b"2": "stranger", b"3": "public key"}


@cache
def key(number: int) -> ec.EllipticCurvePrivateKey:
    """Always the same for a number, so that a finding can be replayed."""
    return ec.derive_private_key(number, ec.SECP256R1())


@cache
def provider_keys() -> KeySet:
    """The provider's key set: one key, for ES256."""
    jwk = json.loads(ECAlgorithm.to_jwk(key(4711).public_key()))
    return parse_jwks(json.dumps({"keys": [{**jwk, "kid": "k"}]}).encode())


def _sign(who: str, signing_input: bytes) -> bytes:
    if who == "public key":
        public = key(4711).public_key()
        secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(secret, signing_input, hashlib.sha256)
    if who == "nobody":
        return b""
    der = key(4711 if who == "provider" else 815).sign(signing_input, ec.ECDSA(hashes.SHA256()))
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _token(data: bytes) -> tuple[str, str]:
    """Who signed, and the compact JWS."""
    who = SHAPES.get(data[:1])
    if who is None:
        return "nobody", data.decode("utf-8", "surrogateescape")
    header, _, claims = data[1:].partition(b"\n")
    signing_input = f"{_base64url(header)}.{_base64url(claims)}"
    return who, f"{signing_input}.{_base64url(_sign(who, signing_input.encode()))}"


def _verified(data: bytes) -> SignedClaims | None:
    """The claims, if the signature was believed; only the provider's may be."""
    who, token = _token(data)
    try:
        signed = verify_signature(token, provider_keys(), SIGNED_RESPONSE_ALGS)
    except SignedTokenInvalid:
        return None
    assert who == "provider", "a signature was believed that the provider did not make"
    header = json.loads(data[1:].partition(b"\n")[0])
    assert header["alg"] == "ES256"
    assert "crit" not in header
    assert header.get("kid") in {None, "k"}
    assert header.get("typ") == signed.typ
    assert len(token) <= MAX_JWT_CHARACTERS
    return signed


def id_token(data: bytes) -> None:
    """An ID Token: accepted only with our issuer, audience, nonce and times (OpenID Connect Core 1.0, 3.1.3.7)."""
    signed = _verified(data)
    if signed is None:
        return
    common: dict[str, Any] = {"issuer": ISSUER, "client_id": CLIENT, "now": NOW, "leeway": LEEWAY}
    try:
        believed = validate_id_token(signed, nonce=NONCE, **common)
    except SignedTokenInvalid:
        pass
    else:
        _addressed(signed.claims)
        assert signed.claims["nonce"] == NONCE
        assert signed.claims["sub"] == believed.subject
        assert "events" not in signed.claims
        assert (signed.typ or "jwt").lower() in {"jwt", "application/jwt", "id_token+jwt"} or (
            signed.typ or ""
        ).lower() == "application/id_token+jwt"
    try:
        validate_refreshed_id_token(signed, subject=SUBJECT, nonce=NONCE, auth_time=1, **common)
    except SignedTokenInvalid:
        return
    _addressed(signed.claims)
    assert signed.claims["sub"] == SUBJECT
    assert signed.claims.get("nonce") in {None, NONCE}
    assert signed.claims.get("auth_time") in {None, 1}


def logout_token(data: bytes) -> None:
    """A Logout Token: accepted only as one (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6)."""
    signed = _verified(data)
    if signed is None:
        return
    for strict in (False, True):
        try:
            believed = validate_logout_token(
                signed,
                issuer=ISSUER,
                client_id=CLIENT,
                now=NOW,
                leeway=LEEWAY,
                max_age=MAX_AGE,
                strict_type=strict,
            )
        except SignedTokenInvalid:
            continue
        claims = signed.claims
        _addressed(claims)
        assert "nonce" not in claims
        assert isinstance(claims["jti"], str)
        assert claims["jti"]
        assert isinstance(claims["events"][EVENT], dict)  # type: ignore[index]
        assert claims.get("sub") or claims.get("sid")
        assert (believed.subject, believed.sid) == (claims.get("sub"), claims.get("sid"))
        assert claims["iat"] + MAX_AGE + LEEWAY >= NOW  # type: ignore[operator]
        assert believed.refused_from >= NOW
        typ = (signed.typ or "").lower().removeprefix("application/")
        assert typ == "logout+jwt" or (not strict and typ in {"", "jwt"})


def _addressed(claims: dict[str, object]) -> None:
    """From our issuer, for us, in its time."""
    assert claims["iss"] == ISSUER
    audience = claims["aud"]
    assert audience == CLIENT or (isinstance(audience, list) and CLIENT in audience)
    assert claims.get("azp") in {None, CLIENT}
    expires, issued = claims["exp"], claims["iat"]
    assert type(expires) in {int, float}
    assert type(issued) in {int, float}
    assert expires > NOW - LEEWAY  # type: ignore[operator]
    assert issued <= NOW + LEEWAY  # type: ignore[operator]
    not_before = claims.get("nbf")
    assert not_before is None or not_before <= NOW + LEEWAY  # type: ignore[operator]
