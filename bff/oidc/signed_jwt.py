"""Signed tokens from the provider: first the signature, then the rules of the token's kind.

RFC 7515, RFC 7519, RFC 8725; OpenID Connect Core 1.0, sections 2, 3.1.3.7 and 12.2; OpenID Connect
Back-Channel Logout 1.0, sections 2.4 and 2.6. What does not hold raises SignedTokenInvalid with its
word. ``leeway`` is how many seconds the provider's clock may be from ours.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping

import msgspec

from bff.errors import SignedTokenInvalid
from bff.oidc.claims import identifier, numeric_date, require_addressed, require_type, text
from bff.oidc.jws import read_header, verified_payload
from bff.oidc.keys import KeySet

__all__ = [
    "IdTokenClaims",
    "KeySet",
    "LogoutTokenClaims",
    "SignedClaims",
    "key_id",
    "profile_claims",
    "validate_id_token",
    "validate_logout_token",
    "validate_refreshed_id_token",
    "verify_signature",
]

ID_TOKEN_TYPES = frozenset({None, "jwt", "id_token+jwt"})
LOGOUT_TOKEN_TYPES = frozenset({None, "jwt", "logout+jwt"})
BACKCHANNEL_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

HASH_OF_ALG = {"EdDSA": hashlib.sha512}
"""What ``at_hash`` is made with: SHA-256, but for Ed25519 the hash inside it."""


class SignedClaims(msgspec.Struct, frozen=True):
    """Claims whose signature was verified, and nothing else. Made by :func:`verify_signature`."""

    alg: str
    typ: str | None
    claims: dict[str, object]

    def __repr__(self) -> str:
        """Header facts only."""
        return f"SignedClaims(alg={self.alg!r}, typ={self.typ!r}, claims=***)"


class IdTokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """A valid ID Token. Times are Unix seconds; ``all`` is every claim as sent."""

    issuer: str
    subject: str
    issued_at: int
    expires_at: int
    sid: str | None
    auth_time: int | None
    acr: str | None
    nonce: str | None
    all: dict[str, object]

    def __repr__(self) -> str:
        """Who issued it and when; nothing of the person."""
        return f"IdTokenClaims(issuer={self.issuer!r}, issued_at={self.issued_at})"


class LogoutTokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """A valid Logout Token: ``sid``, ``subject`` or both are set.

    Its ``jti`` is to be remembered until ``refused_from`` (Unix seconds).
    """

    issuer: str
    subject: str | None
    sid: str | None
    jti: str
    issued_at: int
    refused_from: float


def key_id(jwt: str) -> str | None:
    """The ``kid`` a token's header asks for. Nothing is believed yet (RFC 7515, section 4.1.4)."""
    kid = read_header(jwt).get("kid")
    if kid is not None and not isinstance(kid, str):
        raise SignedTokenInvalid("kid")
    return kid


def verify_signature(jwt: str, keys: KeySet, allowed_algs: Collection[str]) -> SignedClaims:
    """Verify a compact JWS with one of the issuer's published keys.

    The algorithm comes from ``allowed_algs`` and must fit the key's type; none and HMAC find none.
    Keys or key addresses in the header (``jwk``, ``jku``, ``x5c``, ``x5u``) are not looked at; any
    ``crit`` is refused, and a payload that is not encoded (RFC 8725, sections 3.1 to 3.3; RFC 7515,
    section 4.1.11; RFC 7797).
    """
    header = read_header(jwt)
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in allowed_algs:
        raise SignedTokenInvalid("alg")
    if "crit" in header:
        raise SignedTokenInvalid("crit")
    if header.get("b64", True) is not True:
        raise SignedTokenInvalid("signature")
    key = keys.find(key_id(jwt), alg)
    if key is None:
        raise SignedTokenInvalid("kid")
    try:
        claims = msgspec.json.decode(verified_payload(jwt, key), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SignedTokenInvalid("claims") from None
    typ = header.get("typ")
    if typ is not None and not isinstance(typ, str):
        raise SignedTokenInvalid("typ")
    return SignedClaims(alg, typ, claims)


def validate_id_token(  # noqa: PLR0913  one argument per fact the token is held against
    signed: SignedClaims,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    leeway: float,
    access_token: str | None = None,
    max_age: float | None = None,
    acr: Collection[str] | None = None,
) -> IdTokenClaims:
    """The rules of OpenID Connect Core 1.0, section 3.1.3.7, for the token of a sign-in.

    ``nonce`` must be the one we sent; ``max_age`` (seconds) and ``acr`` are given if asked for;
    ``at_hash``, if present, must fit ``access_token`` (section 3.1.3.8).
    """
    token = _id_token(
        signed,
        issuer=issuer,
        client_id=client_id,
        now=now,
        leeway=leeway,
        access_token=access_token,
    )
    if token.nonce is None or not hmac.compare_digest(token.nonce.encode(), nonce.encode()):
        raise SignedTokenInvalid("nonce")
    if max_age is not None and (
        token.auth_time is None or now > token.auth_time + max_age + leeway
    ):
        raise SignedTokenInvalid("auth_time")
    if acr is not None and token.acr not in acr:
        raise SignedTokenInvalid("acr")
    return token


def validate_refreshed_id_token(  # noqa: PLR0913  one argument per fact the token is held against
    signed: SignedClaims,
    *,
    issuer: str,
    client_id: str,
    subject: str,
    now: float,
    leeway: float,
    auth_time: int | None = None,
    nonce: str | None = None,
    issued_at: float | None = None,
    access_token: str | None = None,
) -> IdTokenClaims:
    """The rules of OpenID Connect Core 1.0, section 12.2, for a token that came with a refresh.

    ``subject``, ``auth_time``, ``nonce`` and ``issued_at`` are the sign-in's own; None is not known
    and not compared. Another subject fails with the word ``sub``: somebody else answered.
    """
    token = _id_token(
        signed,
        issuer=issuer,
        client_id=client_id,
        now=now,
        leeway=leeway,
        access_token=access_token,
    )
    if token.subject != subject:
        raise SignedTokenInvalid("sub")
    if None not in (auth_time, token.auth_time) and token.auth_time != auth_time:
        raise SignedTokenInvalid("auth_time")
    if None not in (nonce, token.nonce) and token.nonce != nonce:
        raise SignedTokenInvalid("nonce")
    if issued_at is not None and token.issued_at < issued_at - leeway:
        raise SignedTokenInvalid("iat")
    return token


def validate_logout_token(
    signed: SignedClaims,
    *,
    issuer: str,
    client_id: str,
    now: float,
    max_age: float,
    strict_type: bool,
    leeway: float,
) -> LogoutTokenClaims:
    """The rules of OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6.

    ``max_age`` (seconds) bounds how long after ``iat`` a token is accepted, whatever its ``exp``.
    Without ``strict_type`` a token without ``typ``, or with the general one, passes (section 4.1).
    """
    claims = signed.claims
    require_type(signed.typ, frozenset({"logout+jwt"}) if strict_type else LOGOUT_TOKEN_TYPES)
    issued_at, expires_at = require_addressed(
        claims, issuer=issuer, client_id=client_id, now=now, leeway=leeway
    )
    if now > issued_at + max_age + leeway:
        raise SignedTokenInvalid("iat")
    if "nonce" in claims:
        raise SignedTokenInvalid("nonce")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(BACKCHANNEL_LOGOUT_EVENT), dict):
        raise SignedTokenInvalid("events")
    subject, sid, jti = (identifier(claims, name) for name in ("sub", "sid", "jti"))
    if subject is None and sid is None:
        raise SignedTokenInvalid("sub")
    if jti is None:
        raise SignedTokenInvalid("jti")
    return LogoutTokenClaims(
        issuer=issuer,
        subject=subject,
        sid=sid,
        jti=jti,
        issued_at=issued_at,
        refused_from=min(expires_at, issued_at + max_age) + leeway,
    )


def profile_claims(claims: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """The claims the app may see: those configured, of those present."""
    return {name: claims[name] for name in names if name in claims}


def _id_token(
    signed: SignedClaims,
    *,
    issuer: str,
    client_id: str,
    now: float,
    leeway: float,
    access_token: str | None,
) -> IdTokenClaims:
    """What holds for every ID Token."""
    claims = signed.claims
    require_type(signed.typ, ID_TOKEN_TYPES)
    issued_at, expires_at = require_addressed(
        claims, issuer=issuer, client_id=client_id, now=now, leeway=leeway
    )
    subject = identifier(claims, "sub")
    if subject is None:
        raise SignedTokenInvalid("sub")
    if "events" in claims:
        raise SignedTokenInvalid("events")
    _require_access_token_hash(signed, access_token)
    return IdTokenClaims(
        issuer=issuer,
        subject=subject,
        issued_at=issued_at,
        expires_at=expires_at,
        sid=identifier(claims, "sid"),
        auth_time=None if claims.get("auth_time") is None else numeric_date(claims, "auth_time"),
        acr=text(claims, "acr"),
        nonce=text(claims, "nonce"),
        all=claims,
    )


def _require_access_token_hash(signed: SignedClaims, access_token: str | None) -> None:
    """``at_hash``: the left half of a hash over the access token (Core 1.0, section 3.1.3.6)."""
    at_hash = signed.claims.get("at_hash")
    if at_hash is None or access_token is None:
        return
    digest = HASH_OF_ALG.get(signed.alg, hashlib.sha256)(access_token.encode("ascii")).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
    if at_hash != expected:
        raise SignedTokenInvalid("at_hash")
