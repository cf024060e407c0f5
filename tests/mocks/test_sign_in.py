"""The authorization endpoint, as a browser meets it."""

import re

import httpx
import pytest

from tests.mocks.conftest import CALLBACK, ISSUER, SCOPE, Clock, Relying, answered


async def press(rp: Relying, page: httpx.Response, button: str, value: str) -> httpx.Response:
    """Send the page's form with one of its buttons."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return await rp.browser.post(f"{ISSUER}/authorize/decision", data={**hidden, button: value})


async def test_the_page_names_every_user_and_loads_nothing(rp: Relying) -> None:
    """A person chooses; the policy lets the style sheet in by its hash, and the form go home."""
    page = await rp.authorize()
    assert page.status_code == 200
    assert all(name in page.text for name in ("Ada Lovelace", "Grace Hopper", "Alan Turing"))
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' http://localhost:8700;" in policy
    assert "<script" not in page.text


async def test_choosing_a_user_answers_with_code_state_and_issuer(rp: Relying) -> None:
    """RFC 6749, section 4.1.2; RFC 9207, section 2."""
    answer = answered(await press(rp, await rp.authorize(), "user", "grace"))
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("a-state", ISSUER)
    claims = await rp.claims((await rp.redeem(answer["code"])).json()["id_token"])
    assert (claims["sub"], claims["nonce"]) == ("grace", "a-nonce")


async def test_denying_answers_with_an_error(rp: Relying) -> None:
    """RFC 6749, section 4.1.2.1: access_denied, and state and issuer as ever."""
    answer = answered(await press(rp, await rp.authorize(), "deny", "1"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "a-state", ISSUER)
    assert "code" not in answer


async def test_a_hint_puts_its_user_first(rp: Relying) -> None:
    """OIDC Core 1.0, section 3.1.2.1, login_hint."""
    page = (await rp.authorize(login_hint="alan")).text
    assert page.index("Alan Turing") < page.index("Ada Lovelace")


async def test_what_the_request_says_is_escaped_in_the_page(rp: Relying) -> None:
    """A state that tries to be markup stays text."""
    page = (await rp.authorize(state='"><b>bold</b>')).text
    assert "<b>bold" not in page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", "somebody-else"),
        ("client_id", None),
        ("redirect_uri", None),
        ("redirect_uri", f"{CALLBACK}/"),
        ("redirect_uri", f"{CALLBACK}?x=1"),
        ("redirect_uri", "https://attacker.example/"),
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    rp: Relying, name: str, value: str | None
) -> None:
    """RFC 6749, section 4.1.2.1: tell the person, redirect nobody."""
    answer = await rp.authorize(mock_user="ada", **{name: value})
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": f"{SCOPE} admin"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
        ({"mock_user": "nobody"}, "access_denied"),
    ],
)
async def test_other_mistakes_go_back_to_the_client(
    rp: Relying, changed: dict[str, str | None], error: str
) -> None:
    """With state and issuer, so that the client can tell whose answer it is."""
    answer = answered(await rp.authorize(**{"mock_user": "ada", **changed}))
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "a-state", ISSUER)


async def test_a_repeated_parameter_is_refused(rp: Relying) -> None:
    """RFC 6749, section 3.1: once each."""
    request = (await rp.authorize()).request.url
    answer = await rp.browser.get(f"{request}&state=another")
    assert answer.status_code == 400


async def test_a_signed_in_browser_is_not_asked_again(rp: Relying) -> None:
    """Single sign-on, with the same sid and the original auth_time."""
    first = await rp.claims((await rp.sign_in("ada"))["id_token"])
    rp.provider.now.t += 100  # type: ignore[attr-defined]
    answer = answered(await rp.authorize())
    second = await rp.claims((await rp.redeem(answer["code"])).json()["id_token"])
    assert second["sid"] == first["sid"]
    assert second["auth_time"] == first["auth_time"]
    assert second["iat"] == first["iat"] + 100


async def test_the_sign_in_cookie_is_kept_from_scripts(rp: Relying) -> None:
    """HttpOnly, and sent on a navigation from another site."""
    cookie = (await rp.authorize(mock_user="ada")).headers["set-cookie"].lower()
    assert cookie.startswith("idp_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_prompt_none_asks_nobody(rp: Relying) -> None:
    """login_required without a sign-in, even if a user is named; a code with one."""
    refused = answered(await rp.authorize(prompt="none", mock_user="ada"))
    assert refused["error"] == "login_required"
    await rp.sign_in("ada")
    assert "code" in answered(await rp.authorize(prompt="none"))


async def test_prompt_login_asks_always(rp: Relying, clock: Clock) -> None:
    """A new authentication, the same sid, a new auth_time."""
    first = await rp.claims((await rp.sign_in("ada"))["id_token"])
    assert (await rp.authorize(prompt="login")).status_code == 200
    clock.t += 50
    again = await rp.claims((await rp.sign_in("ada", prompt="login"))["id_token"])
    assert again["sid"] == first["sid"]
    assert again["auth_time"] == first["auth_time"] + 50


async def test_another_user_gets_another_sid(rp: Relying) -> None:
    """Two people at one browser are two sign-ins."""
    ada = await rp.claims((await rp.sign_in("ada"))["id_token"])
    alan = await rp.claims((await rp.sign_in("alan", prompt="login"))["id_token"])
    assert ada["sid"] != alan["sid"]


async def test_max_age_asks_again_when_the_sign_in_is_older(rp: Relying, clock: Clock) -> None:
    """OIDC Core 1.0, section 3.1.2.1, max_age."""
    await rp.sign_in("ada")
    clock.t += 300
    assert "code" in answered(await rp.authorize(max_age="300"))
    assert (await rp.authorize(max_age="299")).status_code == 200
    assert answered(await rp.authorize(max_age="299", prompt="none"))["error"] == "login_required"


async def test_a_stronger_acr_asks_again(rp: Relying) -> None:
    """The class that was asked for is in the ID Token; a weaker one is content with a stronger."""
    weak = await rp.claims((await rp.sign_in("ada"))["id_token"])
    assert weak["acr"] == "pwd"
    assert (await rp.authorize(acr_values="mfa")).status_code == 200
    strong = await rp.claims((await rp.sign_in("ada", acr_values="mfa"))["id_token"])
    assert strong["acr"] == "mfa"
    assert "code" in answered(await rp.authorize(acr_values="pwd"))
