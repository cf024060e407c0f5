"""What reviewers see of a session."""

from bff.session.overview import PagePlace, SessionOverview, TokenFacts
from tests.builders import NOW, a_core, a_key


def test_an_overview_shows_itself_by_reference_and_generation() -> None:
    """Safe to log."""
    facts = TokenFacts(
        generation=3, issued_at=NOW, expires_at=NOW + 900, refresh_expires_at=None, scope=(),
        access_fingerprint="00000000", refresh_fingerprint=None,
    )  # fmt: skip
    overview = SessionOverview(
        key=a_key(), core=a_core(), facts=facts, generation=3, touched_at=NOW
    )
    assert repr(overview) == "SessionOverview(ref=s_ada, generation=3)"


def test_places_are_ordered_by_moment_then_key() -> None:
    """So that pages follow each other without gap or overlap."""
    assert PagePlace(1, a_key("B" * 43)) < PagePlace(2, a_key("A" * 43))
