"""The rules of ID Tokens, one mutation at a time."""

import base64
import hashlib
from typing import Any

import pytest

from bff.errors import SignedTokenInvalid
from bff.oidc.signed_jwt import (
    IdTokenClaims,
    validate_id_token,
    validate_refreshed_id_token,
)
from tests.builders import ISSUER, NOW
from tests.unit.oidc.parties import (
    ACCESS_TOKEN,
    CLIENT_ID,
    LOGOUT_EVENT,
    NONCE,
    id_token_claims,
    signed,
)

LEEWAY = 60.0
T = int(NOW)


def half(digest: bytes) -> str:
    """An ``at_hash``: base64url of the left half."""
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


AT_HASH = half(hashlib.sha256(ACCESS_TOKEN.encode()).digest())


def validate(
    changes: dict[str, Any] | None = None,
    *,
    typ: str | None = "JWT",
    alg: str = "ES256",
    **arguments: Any,
) -> IdTokenClaims:
    """Validate a token that is valid but for ``changes``."""
    expected: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "nonce": NONCE,
        "now": NOW,
        "leeway": LEEWAY,
        "access_token": ACCESS_TOKEN,
    }
    token = signed(id_token_claims(**(changes or {})), typ=typ, alg=alg)
    return validate_id_token(token, **{**expected, **arguments})


def refreshed(changes: dict[str, Any] | None = None, **arguments: Any) -> IdTokenClaims:
    """Validate a token that came with a refresh ten minutes later."""
    expected: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "subject": "ada",
        "auth_time": T - 100,
        "nonce": NONCE,
        "issued_at": NOW,
        "now": NOW + 600,
        "leeway": LEEWAY,
        "access_token": ACCESS_TOKEN,
    }
    changed = {"iat": T + 600, "exp": T + 900, "nonce": None, **(changes or {})}
    token = signed(id_token_claims(**changed))
    return validate_refreshed_id_token(token, **{**expected, **arguments})


COMMON = [
    ({"iss": None}, "iss"),
    ({"iss": ISSUER + "/"}, "iss"),
    ({"iss": "https://other.example"}, "iss"),
    ({"iss": [ISSUER]}, "iss"),
    ({"aud": None}, "aud"),
    ({"aud": "other"}, "aud"),
    ({"aud": []}, "aud"),
    ({"aud": ["other"]}, "aud"),
    ({"aud": {CLIENT_ID: 1}}, "aud"),
    ({"aud": CLIENT_ID + "x"}, "aud"),
    ({"aud": [CLIENT_ID, "other"]}, "azp"),
    ({"aud": [CLIENT_ID, "other"], "azp": "other"}, "azp"),
    ({"azp": "other"}, "azp"),
    ({"azp": 7}, "azp"),
    ({"exp": None}, "exp"),
    ({"exp": "soon"}, "exp"),
    ({"exp": True}, "exp"),
    ({"iat": None}, "iat"),
    ({"iat": "now"}, "iat"),
    ({"nbf": T + 100_000}, "nbf"),
    ({"nbf": "now"}, "nbf"),
    ({"sub": None}, "sub"),
    ({"sub": ""}, "sub"),
    ({"sub": 7}, "sub"),
    ({"sub": "a" * 256}, "sub"),
    ({"sid": 7}, "sid"),
    ({"sid": ""}, "sid"),
    ({"sid": "s" * 256}, "sid"),
    ({"auth_time": "now"}, "auth_time"),
    ({"acr": 7}, "acr"),
    ({"nonce": 7}, "nonce"),
    ({"nonce": "another"}, "nonce"),
    ({"at_hash": "another"}, "at_hash"),
    ({"at_hash": 7}, "at_hash"),
    ({"events": {LOGOUT_EVENT: {}}}, "events"),
]


@pytest.mark.req("N13", "N18")
def test_a_valid_token_names_its_user() -> None:
    """By issuer and subject; everything else as sent."""
    changes = {"sid": "s", "auth_time": T - 5, "acr": "high", "email": "x", "at_hash": AT_HASH}
    token = validate(changes)
    assert token == IdTokenClaims(
        issuer=ISSUER,
        subject="ada",
        issued_at=T,
        expires_at=T + 300,
        sid="s",
        auth_time=T - 5,
        acr="high",
        nonce=NONCE,
        all=id_token_claims(**changes),
    )
    assert "ada" not in repr(token)


@pytest.mark.req("N13", "N14")
@pytest.mark.parametrize(("changes", "check"), [*COMMON, ({"nonce": None}, "nonce")])
def test_each_rule_of_a_sign_in_has_its_word(changes: dict[str, Any], check: str) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7."""
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        validate(changes)


@pytest.mark.req("N73", "S4")
@pytest.mark.parametrize(
    ("changes", "check"),
    [
        *COMMON,
        ({"sub": "grace"}, "sub"),
        ({"sub": "Ada"}, "sub"),
        ({"auth_time": T}, "auth_time"),
        ({"auth_time": T - 101}, "auth_time"),
        ({"iat": T - 61}, "iat"),
        ({"iat": T + 661}, "iat"),
        ({"exp": T + 540}, "exp"),
    ],
)
def test_each_rule_of_a_refresh_has_its_word(changes: dict[str, Any], check: str) -> None:
    """OpenID Connect Core 1.0, section 12.2."""
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        refreshed(changes)


@pytest.mark.req("N73")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"nonce": NONCE},
        {"auth_time": T - 100},
        {"azp": CLIENT_ID},
        {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID},
        {"at_hash": AT_HASH},
        {"iat": T - 60},
    ],
)
def test_what_a_refresh_may_repeat_or_leave_out(changes: dict[str, Any]) -> None:
    """Nonce and auth_time may be absent; if present they are the sign-in's own."""
    assert refreshed(changes).subject == "ada"


@pytest.mark.req("N73")
def test_what_is_not_known_of_the_sign_in_is_not_compared() -> None:
    """A sign-in without auth_time says nothing about a refresh that has one."""
    token = refreshed(
        {"auth_time": T, "nonce": "any", "iat": T - 9999},
        auth_time=None,
        nonce=None,
        issued_at=None,
    )
    assert token.auth_time == T


@pytest.mark.parametrize(
    ("changes", "now", "check"),
    [
        ({"exp": T}, NOW + LEEWAY - 1, None),
        ({"exp": T}, NOW + LEEWAY, "exp"),
        ({"iat": T + 60}, NOW, None),
        ({"iat": T + 61}, NOW, "iat"),
        ({"nbf": T + 60}, NOW, None),
        ({"nbf": T + 61}, NOW, "nbf"),
        ({"exp": T + 0.9}, NOW + LEEWAY, "exp"),
    ],
)
def test_clocks_may_differ_by_the_leeway(
    changes: dict[str, Any], now: float, check: str | None
) -> None:
    """And by no second more."""
    if check is None:
        assert validate(changes, now=now).subject == "ada"
        return
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        validate(changes, now=now)


@pytest.mark.parametrize("aud", [CLIENT_ID, [CLIENT_ID], [CLIENT_ID, CLIENT_ID + "2"]])
def test_the_audience_may_be_a_text_or_a_list(aud: object) -> None:
    """Several need azp to say that the token is ours."""
    assert validate({"aud": aud, "azp": CLIENT_ID}).subject == "ada"


@pytest.mark.req("N86")
@pytest.mark.parametrize("typ", ["logout+jwt", "at+jwt", "secevent+jwt", "", "application/x"])
def test_a_token_of_another_kind_is_no_id_token(typ: str) -> None:
    """RFC 8725, section 3.11."""
    with pytest.raises(SignedTokenInvalid, match=r"^typ$"):
        validate(typ=typ)


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "application/jwt", "id_token+jwt"])
def test_the_types_id_tokens_come_with(typ: str | None) -> None:
    """Most have the general one or none."""
    assert validate(typ=typ).subject == "ada"


@pytest.mark.req("N61")
def test_a_requested_age_of_the_sign_in_is_enforced() -> None:
    """auth_time must then be there, and recent."""
    assert validate({"auth_time": T - 360}, max_age=300).auth_time == T - 360
    for changes in ({}, {"auth_time": T - 361}):
        with pytest.raises(SignedTokenInvalid, match=r"^auth_time$"):
            validate(changes, max_age=300)


@pytest.mark.req("N61")
def test_a_requested_class_of_the_sign_in_is_enforced() -> None:
    """One of those asked for."""
    assert validate({"acr": "high"}, acr=("high", "higher")).acr == "high"
    for changes in ({}, {"acr": "low"}):
        with pytest.raises(SignedTokenInvalid, match=r"^acr$"):
            validate(changes, acr=("high", "higher"))


def test_the_access_token_hash_follows_the_algorithm() -> None:
    """OpenID Connect Core 1.0, section 3.1.3.6; Ed25519 hashes with SHA-512."""
    long = half(hashlib.sha512(ACCESS_TOKEN.encode()).digest())
    assert validate({"at_hash": long}, alg="EdDSA").subject == "ada"
    assert validate({"at_hash": "any"}, access_token=None).subject == "ada"
    with pytest.raises(SignedTokenInvalid, match=r"^at_hash$"):
        validate({"at_hash": AT_HASH}, access_token="another")
