"""What a Date field tells of the provider's clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import SignedTokenInvalid
from bff.oidc.claims import seconds_early
from bff.oidc.clock import seconds_apart

DATE, AT = "Tue, 14 Nov 2023 22:13:20 GMT", 1_700_000_000.0


@pytest.mark.req("S10")
@pytest.mark.parametrize(
    ("asked_at", "answered_at", "apart"),
    [
        (AT, AT + 0.2, 0.0),
        (AT + 0.9, AT + 0.95, 0.0),
        (AT - 5, AT + 5, 0.0),
        (AT - 50, AT - 40, 40.0),
        (AT + 31, AT + 35, -30.0),
    ],
)
def test_only_what_the_exchange_cannot_explain_is_a_difference(
    asked_at: float, answered_at: float, apart: float
) -> None:
    """A slow answer and a second without fractions are none."""
    assert seconds_apart(DATE, asked_at, answered_at) == apart


@pytest.mark.req("N119")
@given(st.text())
def test_what_is_no_date_tells_nothing(text: str) -> None:
    """And never fails."""
    apart = seconds_apart(text, AT, AT)
    assert apart is None or isinstance(apart, float)


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"iat": 100}, 0.0),
        ({"iat": 140}, 40.0),
        ({"iat": 90, "nbf": 130}, 30.0),
        ({"iat": 140, "nbf": 130}, 40.0),
        ({"iat": 90, "nbf": None}, 0.0),
    ],
)
def test_how_early_a_token_comes(claims: dict[str, object], seconds: float) -> None:
    """By the later of when it was issued and when it may be used."""
    assert seconds_early(claims, 100.0) == seconds


def test_a_time_that_cannot_be_read_is_no_time() -> None:
    """It is the token that is at fault."""
    with pytest.raises(SignedTokenInvalid):
        seconds_early({"iat": "soon"}, 100.0)
