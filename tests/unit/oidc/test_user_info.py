"""The UserInfo request and its answer."""

import pytest

from bff.errors import ProviderMetadataInvalid, ProviderUnavailable, TokenResponseInvalid
from bff.oidc.user_info import parse_user_info, user_info_request
from tests.builders import ISSUER
from tests.unit.oidc.parties import a_provider

JSON = "application/json"


@pytest.mark.req("N87")
def test_the_token_goes_into_the_header() -> None:
    """RFC 6750, section 2.1; never into the URL."""
    url, headers = user_info_request(a_provider(), "a-token")
    assert url == f"{ISSUER}/userinfo"
    assert dict(headers) == {"accept": JSON, "authorization": "Bearer a-token"}


def test_a_provider_without_the_endpoint_cannot_be_asked() -> None:
    """Asking was configured, so this is an error."""
    with pytest.raises(ProviderMetadataInvalid, match=r"^userinfo_endpoint$"):
        user_info_request(a_provider(userinfo_endpoint=None), "a-token")


@pytest.mark.req("N17")
def test_claims_are_handed_on_as_sent() -> None:
    """Whose they are is for the caller to compare."""
    assert parse_user_info(200, JSON, b'{"sub": "ada", "x": [1]}') == {"sub": "ada", "x": [1]}


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, JSON, b"{}"),
        (200, JSON, b'{"sub": 7}'),
        (200, JSON, b"[]"),
        (200, "application/jwt", b"a.b.c"),
        (401, JSON, b'{"sub": "ada"}'),
        (403, None, b""),
        (302, None, b""),
    ],
)
def test_a_refusal_or_an_unreadable_answer_is_invalid(
    status: int, content_type: str | None, body: bytes
) -> None:
    """Signed answers are not asked for and not read."""
    with pytest.raises(TokenResponseInvalid, match=r"^userinfo$"):
        parse_user_info(status, content_type, body)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_that_is_away_is_unavailable(status: int) -> None:
    """Asking for claims changes nothing there."""
    with pytest.raises(ProviderUnavailable, match=f"^userinfo: status {status}$") as raised:
        parse_user_info(status, None, b"", retry_after_seconds=2.0)
    assert not raised.value.sent
    assert raised.value.retry_after_seconds == 2.0
