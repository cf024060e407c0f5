"""Tokens for particular APIs, seen as if they were the session's own."""

import pytest

from bff.session.audience import Audience, seen_by
from bff.session.model import AudienceToken
from tests.builders import NOW, a_session

BILLING = Audience("https://billing.example", ("bills.read", "bills.write"))
TOKEN = AudienceToken("for-billing", NOW, NOW + 60, ("bills.read",))


@pytest.mark.req("N77")
def test_an_audience_sees_its_own_token() -> None:
    """And the session's refresh token, with which it is renewed."""
    session = a_session(tokens={"audiences": {BILLING.name: TOKEN}})
    seen = seen_by(session, BILLING).tokens
    assert (seen.access_token, seen.issued_at, seen.expires_at) == ("for-billing", NOW, NOW + 60)
    assert seen.scope == ("bills.read",)
    assert seen.refresh_token == session.tokens.refresh_token


def test_what_was_never_obtained_has_expired() -> None:
    """Other scopes are another audience; none at all is the session itself."""
    session = a_session(tokens={"audiences": {BILLING.name: TOKEN}})
    other = seen_by(session, Audience("https://billing.example")).tokens
    assert (other.access_token, other.expires_at) == ("", 0.0)
    assert seen_by(session, None) is session


def test_names_tell_audiences_apart_and_tokens_hide() -> None:
    """A name is its parts."""
    assert BILLING.name == "https://billing.example bills.read bills.write"
    assert "for-billing" not in repr(TOKEN)
    assert "for-billing" not in repr(a_session(tokens={"audiences": {"x": TOKEN}}).tokens)
