"""What the answers of the token and revocation endpoints mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import (
    ProviderUnavailable,
    TokenRequestRejected,
    TokenResponseInvalid,
)
from bff.oidc.token import (
    MAX_RESPONSE_OCTETS,
    REGISTERED_ERRORS,
    TokenResponse,
    json_object,
    parse_revocation_response,
    parse_token_response,
    read_retry_after,
)
from tests.builders import NOW

JSON = "application/json"
ANSWER = {"access_token": "a", "token_type": "Bearer"}


def parse(
    body: object, *, status: int = 200, content_type: str | None = JSON, **rest: Any
) -> TokenResponse:
    """Parse an answer given as JSON value or as bytes."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_token_response(status, content_type, octets, **rest)


def test_an_answer_gives_what_it_says() -> None:
    """Every member we use; others are ignored."""
    answer = {
        **ANSWER,
        "expires_in": 900,
        "refresh_token": "r s",
        "refresh_expires_in": 604800,
        "id_token": "i",
        "scope": "openid leads.read",
        "other": {},
    }
    assert parse(answer) == TokenResponse(
        access_token="a",
        expires_in=900.0,
        refresh_token="r s",
        refresh_expires_in=604800.0,
        id_token="i",
        scope=("openid", "leads.read"),
    )


@pytest.mark.req("N75", "N76")
def test_silence_is_not_a_promise() -> None:
    """What is absent, null or empty is None: no lifetime, no refresh token, scope as asked."""
    silent = TokenResponse(access_token="a")
    assert parse(ANSWER) == silent
    assert parse({**ANSWER, "expires_in": None, "refresh_token": "", "id_token": None}) == silent
    assert parse({**ANSWER, "refresh_expires_in": 0}) == silent
    assert parse({**ANSWER, "refresh_expires_in": "0"}) == silent


def test_the_token_type_is_bearer_in_any_case() -> None:
    """RFC 6749, section 5.1: the value is case insensitive."""
    assert parse({**ANSWER, "token_type": "bEARER"}).access_token == "a"
    assert parse({**ANSWER, "expires_in": "900"}).expires_in == 900.0
    assert parse(ANSWER, content_type="Application/JSON; charset=utf-8").access_token == "a"


@pytest.mark.req("N76")
def test_an_empty_scope_is_no_scope() -> None:
    """Narrowed to nothing is not the same as not said."""
    assert parse({**ANSWER, "scope": ""}).scope == ()


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"token_type": None}, "token_type"),
        ({"token_type": "DPoP"}, "token_type"),
        ({"token_type": 7}, "token_type"),
        ({"access_token": None}, "access_token"),
        ({"access_token": ""}, "access_token"),
        ({"access_token": 7}, "access_token"),
        ({"access_token": "a b"}, "access_token"),
        ({"access_token": "a\r\nb"}, "access_token"),
        ({"access_token": "ä"}, "access_token"),
        ({"refresh_token": ["r"]}, "refresh_token"),
        ({"refresh_token": "r\n"}, "refresh_token"),
        ({"id_token": {}}, "id_token"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": -1}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": "soon"}, "expires_in"),
        ({"expires_in": "-5"}, "expires_in"),
        ({"expires_in": "9" * 400}, "expires_in"),
        ({"expires_in": 10**400}, "expires_in"),
        ({"refresh_expires_in": -1}, "refresh_expires_in"),
        ({"scope": ["openid"]}, "scope"),
    ],
)
def test_a_success_that_cannot_be_believed_names_its_check(
    changes: dict[str, Any], check: str
) -> None:
    """The outcome at the provider is unknown then."""
    with pytest.raises(TokenResponseInvalid, match=f"^{check}$"):
        parse({**ANSWER, **changes})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON),
        (b"<html>", "text/html"),
        (b'{"error": "\xa4"}', JSON),
        (b"[1]", JSON),
        (b"[" * 100_000, JSON),
        (b"{}" + b" " * MAX_RESPONSE_OCTETS, JSON),
        (json.dumps(ANSWER).encode(), "text/plain"),
        (json.dumps(ANSWER).encode(), None),
    ],
)
def test_a_success_that_is_no_json_object_is_unreadable(
    body: bytes, content_type: str | None
) -> None:
    """Wrong type, wrong shape, too long, too deep."""
    with pytest.raises(TokenResponseInvalid, match=r"^json$"):
        parse(body, content_type=content_type)


@pytest.mark.req("S5", "N74")
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("error", sorted(REGISTERED_ERRORS))
def test_a_typed_refusal_is_told_by_its_code(error: str, status: int) -> None:
    """RFC 6749, section 5.2; some providers answer 403."""
    with pytest.raises(TokenRequestRejected) as raised:
        parse({"error": error, "error_description": "<script>"}, status=status)
    assert raised.value.error == error
    assert "script" not in str(raised.value)


@pytest.mark.req("N122")
def test_an_unregistered_code_is_not_repeated() -> None:
    """Text from outside is never kept."""
    with pytest.raises(TokenRequestRejected, match=r"^unregistered_error$"):
        parse({"error": "invalid_grant\n"}, status=400)


TYPED = json.dumps({"error": "invalid_grant"}).encode()
BUSY = json.dumps({"error": "temporarily_unavailable"}).encode()
BROKEN = json.dumps({"error": "server_error"}).encode()


@pytest.mark.req("N74", "S5")
@pytest.mark.parametrize(
    ("status", "body", "retry_after", "sent"),
    [
        (429, b"", None, False),
        (429, TYPED, None, False),
        (429, b"", 3.0, False),
        (400, BUSY, None, False),
        (500, BUSY, None, False),
        (503, BUSY, None, False),
        (503, TYPED, None, False),
        (503, b"", 3.0, False),
        (503, b"upstream connect error", None, True),
        (503, BROKEN, 3.0, True),
        (400, BROKEN, None, True),
        (500, b"", None, True),
        (500, b"", 3.0, True),
        (500, TYPED, None, True),
        (502, b"", None, True),
        (504, b"", None, True),
        (400, b"<html>", None, True),
        (403, b"", None, True),
        (404, b"", None, True),
        (302, b"", None, True),
        (201, json.dumps(ANSWER).encode(), None, True),
    ],
)
def test_other_answers_say_whether_the_provider_may_have_acted(
    status: int, body: bytes, retry_after: float | None, *, sent: bool
) -> None:
    """Only the provider's own word that it did not act counts as proof; a gateway's does not."""
    with pytest.raises(ProviderUnavailable) as raised:
        parse(body, status=status, retry_after_seconds=retry_after)
    assert raised.value.what == f"token: status {status}"
    assert raised.value.sent is sent
    assert raised.value.retry_after_seconds == retry_after


@pytest.mark.req("N84", "N85")
def test_a_revocation_is_done_only_with_200() -> None:
    """RFC 7009, section 2.2.1: with 503 the token is to be taken for alive."""
    parse_revocation_response(200, None, b"")
    with pytest.raises(ProviderUnavailable, match=r"^revocation: status 503$"):
        parse_revocation_response(503, None, b"", retry_after_seconds=1.0)
    with pytest.raises(TokenRequestRejected, match=r"^unsupported_token_type$"):
        parse_revocation_response(400, JSON, b'{"error": "unsupported_token_type"}')


@pytest.mark.req("N68", "N119")
def test_an_answer_shows_presence_and_never_a_token() -> None:
    """Its repr is safe to log."""
    full = TokenResponse(access_token="AAA", refresh_token="RRR", id_token="III", scope=("x",))
    shown = repr(full) + repr(TokenResponse(access_token="AAA"))
    assert not {"AAA", "RRR", "III"} & set(shown.replace("=", ",").split(","))
    assert "refresh_token=***" in shown
    assert "refresh_token=None" in shown


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0.0),
        ("120", 120.0),
        ("Tue, 14 Nov 2023 22:15:20 GMT", 120.0),
        ("Tuesday, 14-Nov-23 22:15:20 GMT", 120.0),
        ("Tue Nov 14 22:15:20 2023", 120.0),
        ("Tue, 14 Nov 2023 22:10:00 GMT", 0.0),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(
    value: str | None, seconds: float | None
) -> None:
    """RFC 9110, sections 10.2.3 and 5.6.7."""
    assert read_retry_after(value, NOW) == seconds


@given(st.text())
def test_reading_retry_after_never_fails(value: str) -> None:
    """Any text gives seconds that are not negative, or nothing."""
    assert (read_retry_after(value, NOW) or 0.0) >= 0.0


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    ["access_token", "token_type", "expires_in", "scope", "error", "id_token"]
)


@given(
    st.integers(100, 599),
    st.dictionaries(MEMBERS, JSON_VALUES | st.sampled_from(["Bearer", "a", "invalid_grant"])),
)
def test_any_answer_is_tokens_or_one_of_three_errors(status: int, body: dict[str, Any]) -> None:
    """Nothing the provider sends escapes the tree."""
    try:
        response = parse(json.dumps(body, allow_nan=True).encode(), status=status)
    except (TokenRequestRejected, TokenResponseInvalid, ProviderUnavailable):
        return
    assert status == 200
    assert response.access_token == body["access_token"]


def test_json_is_read_as_an_object_or_not_at_all() -> None:
    """The one reader of provider answers."""
    assert json_object(JSON, b'{"a": 1}') == {"a": 1}
    assert json_object(JSON, b"nope") is None
