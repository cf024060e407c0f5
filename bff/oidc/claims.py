"""Claims that several kinds of token share.

RFC 7519, section 4.1; RFC 8725, sections 3.8 to 3.11. What does not hold raises SignedTokenInvalid.
"""

from collections.abc import Collection, Mapping

from bff.errors import SignedTokenInvalid

MAX_IDENTIFIER_CHARACTERS = 255
"""OpenID Connect Core 1.0, section 2, for ``sub``; held for ``sid`` and ``jti`` as well."""


def require_type(typ: str | None, accepted: Collection[str | None]) -> None:
    """Explicit types keep tokens of one kind from passing as another (RFC 8725, section 3.11)."""
    name = None if typ is None else typ.lower().removeprefix("application/")
    if name not in accepted:
        raise SignedTokenInvalid("typ")


def require_addressed(
    claims: Mapping[str, object], *, issuer: str, client_id: str, now: float, leeway: float
) -> tuple[int, int]:
    """From this issuer, to this client, valid now; ``iat`` and ``exp`` for the caller.

    Other audiences beside us are accepted only if ``azp`` says that the token was made for us.
    """
    if claims.get("iss") != issuer:
        raise SignedTokenInvalid("iss")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise SignedTokenInvalid("aud")
    azp = claims.get("azp")
    if azp != client_id and (azp is not None or len(audiences) > 1):
        raise SignedTokenInvalid("azp")
    issued_at, expires_at = numeric_date(claims, "iat"), numeric_date(claims, "exp")
    if now >= expires_at + leeway:
        raise SignedTokenInvalid("exp")
    if issued_at > now + leeway:
        raise SignedTokenInvalid("iat")
    if claims.get("nbf") is not None and numeric_date(claims, "nbf") > now + leeway:
        raise SignedTokenInvalid("nbf")
    return issued_at, expires_at


def seconds_early(claims: Mapping[str, object], now: float) -> float:
    """How long until a token may have been issued and used by our clock; 0 if that has come.

    Raises SignedTokenInvalid for times that cannot be read.
    """
    begins = numeric_date(claims, "iat")
    if claims.get("nbf") is not None:
        begins = max(begins, numeric_date(claims, "nbf"))
    return max(begins - now, 0.0)


def numeric_date(claims: Mapping[str, object], name: str) -> int:
    """A NumericDate (RFC 7519, section 2); fractions are cut off."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SignedTokenInvalid(name)
    return int(value)


def text(claims: Mapping[str, object], name: str) -> str | None:
    """A string, or None if the claim is absent."""
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise SignedTokenInvalid(name)
    return value


def identifier(claims: Mapping[str, object], name: str) -> str | None:
    """A string of 1 to 255 characters, or None if the claim is absent."""
    value = text(claims, name)
    if value is not None and not 0 < len(value) <= MAX_IDENTIFIER_CHARACTERS:
        raise SignedTokenInvalid(name)
    return value
