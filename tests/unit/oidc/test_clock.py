"""What a Date field tells of the provider's clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
