"""What a reviewer may ask the trail."""

import pytest

from bff.audit.query import LONGEST, AuditQuery, QueryInvalid, parse_query
from bff.audit.record import Record

NOW = 1_764_000_000.0
RECORD = Record(event="session_ended", at=NOW, severity="warning", subject="Ada", ref="s_1", reason="admin",
                request_id="req_1", address="192.0.2.0/24")  # fmt: skip


@pytest.mark.req("S12")
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", True),
        ("ref:s_1", True),
        ("ref:s_2", False),
        ("ref:s_2 ref:s_1", True),
        ("ip:192.0.2.0/24 outcome:success", True),
        ("-event:session_ended", False),
        ("-event:authn_login_success", True),
        ("actor:Ada user:Ada action:session_ended", True),
        ("ADA admin", True),
        ("ada nobody", False),
        ('"session ended"', True),
        ("unknown:word", False),
    ],
)
def test_words_and_qualifiers_must_all_hold(text: str, meant: bool) -> None:
    """Case matters in a qualifier's value, not in a word."""
    assert parse_query(text, NOW).matches(RECORD) is meant


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("after:-2h", NOW - 7_200),
        ("after:1763999000", 1_763_999_000.0),
        ("after:2025-11-24", 1_763_942_400.0),
        ("after:2025-11-24T12:00:00Z", 1_763_985_600.0),
    ],
)
def test_a_time_is_a_date_a_moment_or_a_span(text: str, after: float) -> None:
    """UTC unless said otherwise."""
    query = parse_query(text, NOW)
    assert (query.after, query.before, query.everything) == (after, None, True)
    assert parse_query(text.replace("after", "before"), NOW).before == after


@pytest.mark.parametrize("text", ["after:yesterday", 'ref:"s_1', "x" * (LONGEST + 1), "before:"])
def test_what_cannot_be_read_is_said_so(text: str) -> None:
    """Never guessed."""
    with pytest.raises(QueryInvalid):
        parse_query(text, NOW)


def test_everything_is_everything() -> None:
    """Time limits it, nothing else does."""
    assert AuditQuery(after=1.0).everything
    assert not parse_query("word", NOW).everything
