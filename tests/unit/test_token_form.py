"""What a reviewer is told of how an access token is written."""

import base64
import json

import pytest

from bff.session.token_form import LONGEST, MOST_AUDIENCES, MOST_CHARACTERS, form_of


def _jwt(payload: object, header: object = None) -> str:
    parts = (header or {"alg": "RS256", "typ": "at+jwt"}, payload)
    encoded = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts
    ]
    return ".".join((*encoded, "c2lnbmF0dXJl"))


@pytest.mark.parametrize(
    ("aud", "audiences"),
    [("https://api.example", ("https://api.example",)), (["a", "b"], ("a", "b")), ([], ())],
)
def test_a_jwt_names_its_audiences(aud: object, audiences: tuple[str, ...]) -> None:
    """One as text, several as a list (RFC 7519, section 4.1.3)."""
    assert form_of(_jwt({"aud": aud, "sub": "ada"})) == ("jwt", audiences)


def test_a_jwt_without_an_audience_is_one_still() -> None:
    """It says nothing of whom it is for."""
    assert form_of(_jwt({"sub": "ada"})) == ("jwt", ())


@pytest.mark.parametrize(
    "token",
    ["", "opaque-0123456789", "a.b.c", "..", _jwt({"aud": 7}), _jwt({}, ["alg"]), "x" * 40_000],
)
def test_everything_else_is_opaque(token: str) -> None:
    """Whatever it looks like: nothing is guessed."""
    assert form_of(token) == ("opaque", ())


def test_what_is_shown_is_bounded() -> None:
    """However many and however long a provider makes them; a token too long is not read."""
    form, audiences = form_of(_jwt({"aud": ["a" * 500] * 14}))
    assert (form, len(audiences), len(audiences[0])) == ("jwt", MOST_AUDIENCES, LONGEST)
    assert form_of(_jwt({"aud": "a" * MOST_CHARACTERS})) == ("opaque", ())
