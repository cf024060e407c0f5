"""The rules of Logout Tokens, one mutation at a time."""

from typing import Any

import pytest

from bff.errors import SignedTokenInvalid
from bff.oidc.signed_jwt import (
    LogoutTokenClaims,
    validate_id_token,
    validate_logout_token,
)
from tests.builders import ISSUER, NOW
from tests.unit.oidc.parties import (
    CLIENT_ID,
    LOGOUT_EVENT,
    NONCE,
    id_token_claims,
    logout_token_claims,
    signed,
)

T = int(NOW)


def validate(
    changes: dict[str, Any] | None = None, *, typ: str | None = "logout+jwt", **arguments: Any
) -> LogoutTokenClaims:
    """Validate a token that is valid but for ``changes``."""
    expected: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "now": NOW,
        "leeway": 60.0,
        "max_age": 300.0,
        "strict_type": False,
    }
    token = signed(logout_token_claims(**(changes or {})), typ=typ)
    return validate_logout_token(token, **{**expected, **arguments})


def test_a_valid_token_names_a_session_or_a_user() -> None:
    """And until when it must be remembered."""
    assert validate() == LogoutTokenClaims(
        issuer=ISSUER,
        subject="ada",
        sid="sid-1",
        jti="jti-1",
        issued_at=T,
        refused_from=NOW + 180,
    )


@pytest.mark.req("N107", "N111")
def test_one_of_sub_and_sid_is_enough() -> None:
    """Back-Channel Logout 1.0, section 2.4."""
    assert validate({"sid": None}).sid is None
    assert validate({"sub": None}).subject is None
    with pytest.raises(SignedTokenInvalid, match=r"^sub$"):
        validate({"sub": None, "sid": None})


@pytest.mark.req("N106", "N107", "N109")
@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"iss": None}, "iss"),
        ({"iss": ISSUER + "/"}, "iss"),
        ({"aud": None}, "aud"),
        ({"aud": "other"}, "aud"),
        ({"aud": [CLIENT_ID, "other"]}, "azp"),
        ({"iat": None}, "iat"),
        ({"iat": T + 61}, "iat"),
        ({"exp": None}, "exp"),
        ({"exp": T - 60}, "exp"),
        ({"nonce": NONCE}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"events": None}, "events"),
        ({"events": [LOGOUT_EVENT]}, "events"),
        ({"events": {}}, "events"),
        ({"events": {"other": {}}}, "events"),
        ({"events": {LOGOUT_EVENT: True}}, "events"),
        ({"events": {LOGOUT_EVENT: []}}, "events"),
        ({"events": {LOGOUT_EVENT: None}}, "events"),
        ({"sub": 7}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sid": 7}, "sid"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "j" * 256}, "jti"),
    ],
)
def test_each_rule_has_its_word(changes: dict[str, Any], check: str) -> None:
    """Back-Channel Logout 1.0, sections 2.4 and 2.6."""
    with pytest.raises(SignedTokenInvalid, match=f"^{check}$"):
        validate(changes)


@pytest.mark.req("N110")
def test_a_long_life_is_cut_to_the_ceiling() -> None:
    """Whatever exp says, max_age after iat is the end."""
    day = {"exp": T + 86_400}
    assert validate(day, now=NOW + 360).refused_from == NOW + 360
    with pytest.raises(SignedTokenInvalid, match=r"^iat$"):
        validate(day, now=NOW + 361)


@pytest.mark.req("N108")
@pytest.mark.parametrize(
    ("typ", "lenient", "strict"),
    [
        ("logout+jwt", True, True),
        ("application/logout+jwt", True, True),
        ("Logout+JWT", True, True),
        ("JWT", True, False),
        (None, True, False),
        ("at+jwt", False, False),
        ("id_token+jwt", False, False),
        ("", False, False),
    ],
)
def test_the_type_is_judged_leniently_or_strictly(
    typ: str | None, *, lenient: bool, strict: bool
) -> None:
    """OpenID warns that insisting breaks providers, ASVS 10.5.5 insists: a switch."""
    for strict_type, passes in ((False, lenient), (True, strict)):
        if passes:
            assert validate(typ=typ, strict_type=strict_type).jti == "jti-1"
            continue
        with pytest.raises(SignedTokenInvalid, match=r"^typ$"):
            validate(typ=typ, strict_type=strict_type)


@pytest.mark.req("N86")
def test_neither_kind_of_token_passes_as_the_other() -> None:
    """Even without a type to tell them apart."""
    as_logout = signed(id_token_claims(jti="j"), typ=None)
    with pytest.raises(SignedTokenInvalid):
        validate_logout_token(
            as_logout,
            issuer=ISSUER,
            client_id=CLIENT_ID,
            now=NOW,
            leeway=0,
            max_age=300,
            strict_type=False,
        )
    as_id = signed(logout_token_claims(nonce=NONCE), typ=None)
    with pytest.raises(SignedTokenInvalid, match=r"^events$"):
        validate_id_token(as_id, issuer=ISSUER, client_id=CLIENT_ID, nonce=NONCE, now=NOW, leeway=0)
