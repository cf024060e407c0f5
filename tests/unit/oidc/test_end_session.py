"""Signing out at the provider."""

from urllib.parse import parse_qs, urlsplit

import pytest

from bff.oidc.end_session import end_session_url
from tests.builders import ISSUER
from tests.unit.oidc.parties import CLIENT_ID, a_client, a_provider


def query_of(url: str | None) -> dict[str, list[str]]:
    """The query of a URL that must be there."""
    assert url is not None
    return parse_qs(urlsplit(url).query, strict_parsing=True)


@pytest.mark.req("N103")
def test_the_hint_the_client_and_the_way_back_are_sent() -> None:
    """RP-Initiated Logout 1.0, section 2."""
    url = end_session_url(a_provider(), a_client(), id_token_hint="i.d.t", state="s")
    assert url is not None
    assert url.startswith(f"{ISSUER}/end_session?")
    assert query_of(url) == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["https://app.example/"],
        "state": ["s"],
        "id_token_hint": ["i.d.t"],
    }


@pytest.mark.req("N103")
@pytest.mark.parametrize("hint", [None, "i" * 8000])
def test_without_a_usable_hint_the_client_id_stands_in(hint: str | None) -> None:
    """A hint too long for a URL is left out."""
    query = query_of(end_session_url(a_provider(), a_client(), id_token_hint=hint))
    assert query == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["https://app.example/"],
    }


def test_a_query_of_the_endpoint_is_kept() -> None:
    """Providers with tenants have one."""
    metadata = a_provider(end_session_endpoint=f"{ISSUER}/end?tenant=7")
    assert query_of(end_session_url(metadata, a_client(), id_token_hint=None))["tenant"] == ["7"]


@pytest.mark.req("N104")
def test_a_provider_without_the_endpoint_has_no_url() -> None:
    """Signing out here is then all there is."""
    metadata = a_provider(end_session_endpoint=None)
    assert end_session_url(metadata, a_client(), id_token_hint="i") is None
