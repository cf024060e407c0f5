"""When a revocation is tried again."""

import pytest

from bff.session.revocation import LONGEST_PAUSE, Revocation, next_try
from tests.builders import ISSUER, NOW


def a_revocation(attempts: int) -> Revocation:
    """Of a token that lives for an hour."""
    return Revocation(
        id="r", token="t", kind="refresh_token", ref="s_1", issuer=ISSUER, subject="ada",
        asked_at=NOW, give_up_at=NOW + 3600, attempts=attempts,
    )  # fmt: skip


@pytest.mark.req("N84", "N85")
def test_pauses_double_up_to_ten_minutes_and_end_with_the_token() -> None:
    """After that it is of no use."""
    pauses = [next_try(a_revocation(attempts), NOW) for attempts in range(9)]
    assert pauses[:3] == [NOW + 5, NOW + 10, NOW + 20]
    assert pauses[-1] == NOW + LONGEST_PAUSE
    assert next_try(a_revocation(3), NOW + 3590) is None
    assert repr(a_revocation(2)) == "Revocation(ref=s_1, kind=refresh_token, attempts=2)"
