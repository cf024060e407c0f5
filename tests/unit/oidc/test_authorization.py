"""The authorization request and its answer."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import AuthorizationRejected, AuthorizationResponseInvalid
from bff.oidc.authorization import (
    MAX_CODE_CHARACTERS,
    REGISTERED_ERRORS,
    authorization_request_url,
    code_challenge,
    validate_authorization_response,
)
from tests.builders import ISSUER
from tests.unit.oidc.parties import CLIENT_ID, a_client, a_provider

STATE = "state-of-this-sign-in"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def query_of(url: str) -> dict[str, list[str]]:
    """The query, every value of every name."""
    return parse_qs(urlsplit(url).query, strict_parsing=True, keep_blank_values=True)


def request_url(client: dict[str, Any] | None = None, **arguments: Any) -> str:
    """An authorization request of the default client."""
    metadata = arguments.pop("metadata", a_provider())
    secrets: dict[str, Any] = {"state": STATE, "nonce": "n", "code_verifier": VERIFIER}
    return authorization_request_url(metadata, a_client(**(client or {})), **secrets, **arguments)


@pytest.mark.req("N3")
def test_the_challenge_is_that_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    assert code_challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.req("N2", "N3", "N22")
def test_a_request_asks_for_a_code_with_pkce_state_and_nonce_and_nothing_more() -> None:
    """Every parameter once; the verifier stays here."""
    url = request_url()
    assert url.startswith(f"{ISSUER}/authorize?")
    assert query_of(url) == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": ["https://app.example/bff/callback"],
        "scope": ["openid profile"],
        "state": [STATE],
        "nonce": ["n"],
        "code_challenge": [code_challenge(VERIFIER)],
        "code_challenge_method": ["S256"],
    }
    assert VERIFIER not in url


@pytest.mark.req("N5")
def test_pkce_is_sent_to_a_provider_that_does_not_announce_it() -> None:
    """An unknown parameter does no harm, and state and nonce protect as well."""
    metadata = a_provider(code_challenge_methods_supported=())
    assert "code_challenge" in query_of(request_url(metadata=metadata))


@pytest.mark.req("N61", "N77")
def test_optional_parameters_are_sent_when_asked_for() -> None:
    """Also several resources, and configured extras, which never override what was asked for."""
    query = query_of(
        request_url(
            {
                "resource": ("https://a.example/", "https://b.example/"),
                "extra_authorization_parameters": (("audience", "x"), ("prompt", "none")),
            },
            prompt="login",
            login_hint="ada@eventlead.example",
            max_age=0,
            acr_values="urn:high",
            ui_locales="de",
        )
    )
    assert query["resource"] == ["https://a.example/", "https://b.example/"]
    assert query["audience"] == ["x"]
    assert query["prompt"] == ["login"]
    assert query["login_hint"] == ["ada@eventlead.example"]
    assert query["max_age"] == ["0"]
    assert query["acr_values"] == ["urn:high"]
    assert query["ui_locales"] == ["de"]


def test_a_query_of_the_endpoint_is_kept() -> None:
    """RFC 6749, section 3.1."""
    metadata = a_provider(authorization_endpoint=f"{ISSUER}/authorize?tenant=7")
    query = query_of(request_url(metadata=metadata))
    assert query["tenant"] == ["7"]
    assert query["response_type"] == ["code"]


def validate(parameters: dict[str, Any], **provider: Any) -> str:
    """Validate a response; single values may be given bare."""
    values = {name: [v] if isinstance(v, str) else v for name, v in parameters.items()}
    return validate_authorization_response(
        values, metadata=a_provider(**provider), expected_state=STATE
    )


def test_a_valid_response_gives_its_code() -> None:
    """With and without iss, and whatever else comes along."""
    assert validate({"code": "c", "state": STATE}) == "c"
    assert validate({"code": "c d~", "state": STATE, "iss": ISSUER, "session_state": "x"}) == "c d~"


@pytest.mark.req("N5", "N7")
@pytest.mark.parametrize("state", [None, "", "other", STATE + "x", STATE.upper(), "ü", "\udc80"])
def test_another_state_is_refused(state: str | None) -> None:
    """Also a missing one, also for an error response."""
    parameters = {} if state is None else {"state": state}
    with pytest.raises(AuthorizationResponseInvalid, match=r"^state$"):
        validate({"code": "c", **parameters})
    with pytest.raises(AuthorizationResponseInvalid, match=r"^state$"):
        validate({"error": "access_denied", **parameters})


@pytest.mark.req("N9", "N10")
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    "iss", ["https://other.example", ISSUER + "/", "https://PROVIDER.example", ""]
)
def test_the_response_of_another_issuer_is_refused(iss: str, *, announced: bool) -> None:
    """Whether or not the provider announces iss; an error response is no exception."""
    for answer in ({"code": "c"}, {"error": "access_denied"}):
        with pytest.raises(AuthorizationResponseInvalid, match=r"^iss$"):
            validate(
                {**answer, "state": STATE, "iss": iss},
                authorization_response_iss_parameter_supported=announced,
            )


@pytest.mark.req("N11")
@pytest.mark.parametrize("answer", [{"code": "c"}, {"error": "access_denied"}])
def test_a_provider_that_announces_iss_must_send_it(answer: dict[str, str]) -> None:
    """RFC 9207, section 2.4."""
    with pytest.raises(AuthorizationResponseInvalid, match=r"^iss$"):
        validate({**answer, "state": STATE}, authorization_response_iss_parameter_supported=True)


@pytest.mark.req("N2")
@pytest.mark.parametrize("name", ["access_token", "id_token", "refresh_token"])
def test_a_token_in_the_front_channel_is_refused(name: str) -> None:
    """Even beside a code."""
    with pytest.raises(AuthorizationResponseInvalid, match=r"^token$"):
        validate({"code": "c", "state": STATE, name: "x"})


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "anything"])
def test_a_repeated_parameter_is_refused(name: str) -> None:
    """RFC 6749, section 3.1: two readers could take two values."""
    parameters = {"code": ["c"], "state": [STATE], "iss": [ISSUER]}
    parameters[name] = [*parameters.get(name, ["x"]), "x"]
    with pytest.raises(AuthorizationResponseInvalid, match=r"^repeated$"):
        validate(parameters)


@pytest.mark.parametrize("code", [None, "", "c\n", "ü", "\x00", "c" * (MAX_CODE_CHARACTERS + 1)])
def test_what_cannot_be_a_code_is_refused(code: str | None) -> None:
    """Visible characters and spaces, of bounded length."""
    parameters = {} if code is None else {"code": code}
    with pytest.raises(AuthorizationResponseInvalid, match=r"^code$"):
        validate({"state": STATE, **parameters})


@pytest.mark.parametrize("error", sorted(REGISTERED_ERRORS))
def test_a_registered_error_is_told_by_its_code(error: str) -> None:
    """Also beside a code, which is then not used."""
    with pytest.raises(AuthorizationRejected) as raised:
        validate({"state": STATE, "error": error, "code": "c"})
    assert raised.value.error == error


@pytest.mark.req("N122")
def test_text_from_outside_is_never_repeated() -> None:
    """Neither an unregistered code nor a description."""
    with pytest.raises(AuthorizationRejected) as raised:
        validate({"state": STATE, "error": "<script>", "error_description": "<script>"})
    assert str(raised.value) == "unregistered_error"


NAMES = st.sampled_from(["code", "state", "iss", "error", "error_description", "access_token", "x"])
VALUES = st.sampled_from(["", "c", STATE, ISSUER, "access_denied"]) | st.text()


@given(st.dictionaries(NAMES, st.lists(VALUES, max_size=3)), st.booleans())
def test_only_a_complete_answer_to_our_own_request_gives_a_code(
    parameters: dict[str, list[str]],
    announced: bool,
) -> None:
    """A code means: one code, our state, the right issuer, no error and no token."""
    metadata = a_provider(authorization_response_iss_parameter_supported=announced)
    try:
        code = validate_authorization_response(parameters, metadata=metadata, expected_state=STATE)
    except (AuthorizationResponseInvalid, AuthorizationRejected):
        return
    assert parameters["code"] == [code]
    assert code
    assert parameters["state"] == [STATE]
    assert parameters.get("iss", None if announced else [ISSUER]) == [ISSUER]
    assert parameters.keys().isdisjoint({"error", "access_token"})
