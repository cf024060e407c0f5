"""Signing out at the provider."""

from urllib.parse import parse_qs, urlsplit

import pytest

from bff.oidc.end_session import WayOut, way_out
from tests.builders import ISSUER
from tests.unit.oidc.parties import CLIENT_ID, a_client, a_provider


def query_of(out: WayOut | None) -> dict[str, list[str]]:
    """The query of a way out that is a URL."""
    assert out is not None
    assert out.fields == ()
    return parse_qs(urlsplit(out.address).query, strict_parsing=True)


@pytest.mark.req("N103")
def test_the_hint_the_client_and_the_way_back_are_sent() -> None:
    """RP-Initiated Logout 1.0, section 2."""
    out = way_out(a_provider(), a_client(), id_token_hint="i.d.t", state="s")
    assert out is not None
    assert out.address.startswith(f"{ISSUER}/end_session?")
    assert query_of(out) == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["https://app.example/"],
        "state": ["s"],
        "id_token_hint": ["i.d.t"],
    }


@pytest.mark.req("N103")
def test_without_a_hint_the_client_id_stands_in() -> None:
    """It names us."""
    assert query_of(way_out(a_provider(), a_client(), id_token_hint=None)) == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["https://app.example/"],
    }


@pytest.mark.req("N103")
def test_what_is_too_long_for_a_url_is_posted() -> None:
    """The hint of a user with many groups goes along all the same."""
    metadata = a_provider(end_session_endpoint=f"{ISSUER}/end?tenant=7")
    out = way_out(metadata, a_client(), id_token_hint="i" * 8000)
    assert out is not None
    assert out.address == f"{ISSUER}/end?tenant=7"
    assert dict(out.fields) == {
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": "https://app.example/",
        "id_token_hint": "i" * 8000,
    }
    assert repr(out) == "WayOut(***)"


def test_a_query_of_the_endpoint_is_kept() -> None:
    """Providers with tenants have one."""
    metadata = a_provider(end_session_endpoint=f"{ISSUER}/end?tenant=7")
    assert query_of(way_out(metadata, a_client(), id_token_hint=None))["tenant"] == ["7"]


@pytest.mark.req("N104")
def test_a_provider_without_the_endpoint_has_no_way_out() -> None:
    """Signing out here is then all there is."""
    metadata = a_provider(end_session_endpoint=None)
    assert way_out(metadata, a_client(), id_token_hint="i") is None
