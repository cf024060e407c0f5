"""What an answer tells of the provider's clock (RFC 9110, sections 5.6.7 and 6.6.1)."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def http_date(value: str) -> float | None:
    """Unix seconds; None if it is no date."""
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC).timestamp()


def seconds_apart(date: str, asked_at: float, answered_at: float) -> float | None:
    """How far the clock that wrote a ``Date`` field is from ours at the least; positive if it is ahead.

    It was written between our question and its answer, and has no fractions: what lies within is
    no difference. None if it is no date.
    """
    said = http_date(date)
    if said is None:
        return None
    return max(said - answered_at, 0.0) + min(said + 1 - asked_at, 0.0)
