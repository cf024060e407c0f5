"""Signing out: here first, then at the provider."""

from dataclasses import replace

import msgspec
import pytest

from bff.audit import events
from bff.errors import ProviderUnavailable, StoreUnavailable
from tests.flows.fleet import CLIENT
from tests.flows.signing_out import SigningOut


@pytest.fixture
def out() -> SigningOut:
    """Nobody has signed out yet."""
    return SigningOut()


@pytest.mark.req("N56", "N84", "N103", "N104")
def test_signing_out_ends_the_session_revokes_and_leads_to_the_provider(out: SigningOut) -> None:
    """With the ID Token as a hint that no page gets to see; the others live on."""
    hint = out.memory.sessions[out.keys[0]].tokens.id_token
    ticket = out.world.run(out.flow.end(out.keys[0]))
    out.world.settle(1)
    assert ticket is not None
    way_out = out.world.run(out.flow.way_out(ticket))
    assert way_out.address.startswith("https://provider.example/end_session?")
    assert f"id_token_hint={hint}" in way_out.address
    assert out.left() == [1, 2]
    assert out.state.counts["revoke"] == 1
    assert out.trail.of(events.SessionEnded)[0].reason == "signed_out"
    assert out.world.run(out.flow.way_out(ticket)).address == CLIENT.post_logout_redirect_uri


@pytest.mark.req("N104")
def test_signing_out_twice_is_no_error(out: SigningOut) -> None:
    """Nor without a session: home."""
    out.world.run(out.flow.end(out.keys[0]))
    assert out.world.run(out.flow.end(out.keys[0])) is None
    assert out.world.run(out.flow.end(None)) is None
    assert out.flow.home == "https://app.example/"


@pytest.mark.req("N58")
def test_everywhere_means_everywhere(out: SigningOut) -> None:
    """All of the user's sessions end."""
    out.world.run(out.flow.end(out.keys[0], everywhere=True))
    assert out.left() == []


@pytest.mark.req("N84")
def test_a_provider_that_is_away_stops_no_sign_out(out: SigningOut) -> None:
    """The session is gone, the way out leads home."""
    out.state.down = ProviderUnavailable("status 503", sent=False)
    assert out.world.run(out.flow.end(out.keys[0])) is None
    out.world.settle(2)
    assert out.left() == [1, 2]


@pytest.mark.req("N103")
def test_a_hint_too_long_for_a_url_goes_by_post(out: SigningOut) -> None:
    """Whole, and still no page sees it but the one that sends it."""
    hint = "h" * 9000
    out.change_tokens(0, id_token=hint)
    ticket = out.world.run(out.flow.end(out.keys[0]))
    assert ticket is not None
    way_out = out.world.run(out.flow.way_out(ticket))
    assert way_out.address == "https://provider.example/end_session"
    assert dict(way_out.fields)["id_token_hint"] == hint


def test_a_provider_without_end_session_leads_home(out: SigningOut) -> None:
    """There is nowhere else to go."""
    out.state.metadata["end_session_endpoint"] = None
    assert out.world.run(out.flow.end(out.keys[0])) is None


def test_a_way_out_that_cannot_be_kept_leads_home(out: SigningOut) -> None:
    """The sign-out itself has happened."""
    out.exits.available = False
    assert out.world.run(out.flow.end(out.keys[0])) is None
    assert out.left() == [1, 2]


def test_without_the_store_nobody_is_told_that_he_signed_out(out: SigningOut) -> None:
    """The error reaches the page."""

    async def away(_operation: str) -> None:
        raise StoreUnavailable

    out.sessions.hop = away
    with pytest.raises(StoreUnavailable):
        out.world.run(out.flow.end(out.keys[0]))


def test_without_a_registered_page_home_is_the_root() -> None:
    """``/``."""
    out = SigningOut()
    client = msgspec.structs.replace(CLIENT, post_logout_redirect_uri=None)
    assert replace(out.flow, client=client).home == "/"
