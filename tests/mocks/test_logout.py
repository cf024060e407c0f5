"""Logout: started by the client, and told to the client."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from tests.mocks.conftest import ISSUER, SECRET, BackChannel, Clock, Relying

HOME = "http://localhost:8700/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def end_session(rp: Relying, method: str = "GET", **given: str) -> httpx.Response:
    """The browser is sent to log out."""
    url = f"{ISSUER}/end_session"
    if method == "POST":
        return await rp.browser.post(url, data=given)
    return await rp.browser.get(url, params=given)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_logging_out_ends_the_sign_in_and_goes_back(rp: Relying, method: str) -> None:
    """RP-Initiated Logout 1.0, sections 2 and 3: to the registered address, with the state."""
    tokens = await rp.sign_in()
    answer = await end_session(
        rp,
        method,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=HOME,
        state="a state",
    )
    assert answer.status_code == 303
    location = urlsplit(answer.headers["location"])
    assert (f"{location.scheme}://{location.netloc}{location.path}") == HOME
    assert dict(parse_qsl(location.query)) == {"state": "a state"}
    assert (await rp.authorize()).status_code == 200  # asked again


async def test_without_a_state_there_is_no_query(rp: Relying) -> None:
    """The address as registered; client_id stands in for the hint."""
    answer = await end_session(rp, client_id=SECRET[0], post_logout_redirect_uri=HOME)
    assert answer.headers["location"] == HOME


async def test_an_old_hint_is_still_a_hint(rp: Relying, clock: Clock) -> None:
    """RP-Initiated Logout 1.0, section 2: an ID Token that has expired, signed by a rotated key."""
    tokens = await rp.sign_in()
    clock.t += 86_400
    await rp.http.post(f"{ISSUER}/__keys/rotate")
    answer = await end_session(rp, id_token_hint=tokens["id_token"], post_logout_redirect_uri=HOME)
    assert answer.headers["location"] == HOME


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": SECRET[0], "post_logout_redirect_uri": "https://attacker.example/"},
        {"client_id": SECRET[0], "post_logout_redirect_uri": f"{HOME}?x"},
        {"post_logout_redirect_uri": HOME},
        {"client_id": "nobody", "post_logout_redirect_uri": HOME},
        {"id_token_hint": "eyJhbGciOiJub25lIn0.e30."},
    ],
)
async def test_nobody_is_sent_to_an_unregistered_address(
    rp: Relying, given: dict[str, str]
) -> None:
    """RP-Initiated Logout 1.0, section 3; the sign-in lives on."""
    await rp.sign_in()
    answer = await end_session(rp, **given)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert (await rp.authorize()).status_code == 303


async def test_hint_and_client_must_agree(rp: Relying) -> None:
    """RP-Initiated Logout 1.0, section 2."""
    tokens = await rp.sign_in()
    answer = await end_session(rp, id_token_hint=tokens["id_token"], client_id="with-a-key")
    assert answer.status_code == 400


async def test_without_an_address_the_person_stays(rp: Relying) -> None:
    """A page says so."""
    await rp.sign_in()
    answer = await end_session(rp)
    assert answer.status_code == 200
    assert "You are signed out" in answer.text
    assert (await rp.authorize()).status_code == 200


async def test_the_client_is_told_once(rp: Relying, back_channel: BackChannel) -> None:
    """Back-Channel Logout 1.0, section 2.4: to the client that the person was signed in to."""
    tokens = await rp.sign_in("grace")
    sid = (await rp.claims(tokens["id_token"]))["sid"]
    await end_session(rp, id_token_hint=tokens["id_token"])
    await end_session(rp, id_token_hint=tokens["id_token"])
    (token,) = back_channel.received
    claims = await rp.claims(token)
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    assert (claims["iss"], claims["aud"]) == (ISSUER, SECRET[0])
    assert (claims["sub"], claims["sid"], claims["events"]) == ("grace", sid, {EVENT: {}})
    assert claims["exp"] == claims["iat"] + 120
    assert "nonce" not in claims
    assert claims["jti"]


async def test_refresh_tokens_for_offline_use_live_on(rp: Relying) -> None:
    """Back-Channel Logout 1.0, section 2.7."""
    tokens = await rp.sign_in()
    await end_session(rp, id_token_hint=tokens["id_token"])
    assert (await rp.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_logout_hint_may_name_the_sid(rp: Relying, back_channel: BackChannel) -> None:
    """From a browser that is not signed in here, by a client that keeps ID Tokens to itself."""
    sid = (await rp.claims((await rp.sign_in())["id_token"]))["sid"]
    rp.browser.cookies.clear()
    await end_session(rp, client_id=SECRET[0], logout_hint=sid, post_logout_redirect_uri=HOME)
    assert (await rp.claims(back_channel.received[0]))["sid"] == sid


@pytest.mark.parametrize("named", [{"sub": "ada"}, {"sid": "sid-1"}, {"sub": "ada", "sid": "s"}])
async def test_sending_a_logout_token(
    rp: Relying, back_channel: BackChannel, named: dict[str, str]
) -> None:
    """POST /__backchannel-logout says what the client answered."""
    back_channel.status = 400
    answer = (await rp.http.post(f"{ISSUER}/__backchannel-logout", json=named)).json()
    assert answer == {"client_id": SECRET[0], "status": 400, "body": ""}
    claims = await rp.claims(back_channel.received[0])
    assert {name: claims[name] for name in ("sub", "sid") if name in claims} == named
    stats = await rp.stats()
    assert (stats["logout_tokens_sent"], stats["logout_tokens_accepted"]) == (1, 0)


async def test_a_client_that_is_away_is_no_error(
    rp: Relying, back_channel: BackChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is null, the body names what httpx says."""

    def refuse(self: BackChannel, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    monkeypatch.setattr(BackChannel, "__call__", refuse)
    answer = (await rp.http.post(f"{ISSUER}/__backchannel-logout", json={"sub": "ada"})).json()
    assert answer == {"client_id": SECRET[0], "status": None, "body": "ConnectError"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"claims": {"events": {EVENT: True}}}, {"events": {EVENT: True}}),
        ({"claims": {"nonce": "n"}}, {"nonce": "n"}),
        ({"claims": {"iat": None}}, {"iat": None}),
        ({"claims": {"exp": 1}}, {"exp": 1}),
        ({"claims": {"aud": "x"}}, {"aud": "x"}),
        ({"client_id": "with-a-key"}, {"aud": "with-a-key"}),
    ],
)
async def test_minting_a_wrong_logout_token(
    rp: Relying, order: dict[str, Any], expected: dict[str, Any]
) -> None:
    """POST /__logout-token: any claim may be replaced, null removes it."""
    answer = await rp.http.post(f"{ISSUER}/__logout-token", json={"sub": "ada", **order})
    claims = await rp.claims(answer.json()["logout_token"])
    assert {name: claims.get(name) for name in expected} == expected


async def test_minting_a_logout_token_with_another_header(rp: Relying) -> None:
    """Its type, or its key; or a forgery."""
    url = f"{ISSUER}/__logout-token"
    typed = (await rp.http.post(url, json={"sub": "ada", "header": {"typ": "at+jwt"}})).json()
    untyped = (await rp.http.post(url, json={"sub": "ada", "header": {"typ": None}})).json()
    forged = (await rp.http.post(url, json={"sub": "ada", "forgery": "alg_none"})).json()
    assert jwt.get_unverified_header(typed["logout_token"])["typ"] == "at+jwt"
    assert "typ" not in jwt.get_unverified_header(untyped["logout_token"])
    assert jwt.get_unverified_header(forged["logout_token"])["alg"] == "none"


async def test_an_order_that_is_none_is_refused(rp: Relying, back_channel: BackChannel) -> None:
    """A spelling mistake, or a client that nobody registered."""
    for order in ({"subject": "ada"}, {"sub": "ada", "client_id": "nobody"}):
        answer = await rp.http.post(f"{ISSUER}/__backchannel-logout", json=order)
        assert answer.status_code == 400
    assert back_channel.received == []
