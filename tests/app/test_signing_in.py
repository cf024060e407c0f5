"""Signing in as browsers do it: several tabs, abandoned attempts, callbacks that come too late."""

import asyncio
from collections.abc import Callable

import pytest

from tests.app.house import House


@pytest.mark.req("N28", "N60")
async def test_a_browser_signs_in_and_is_recognised(house: House) -> None:
    """Strict cookie, Lax way back, a hint of the device for its user."""
    browser = house.browser()
    back = await browser.sign_in()
    assert (back.status_code, back.headers["location"]) == (303, "/leads")
    assert (await browser.session())["user"]["sub"] == "ada"
    (own,) = (await browser.call("GET", "/bff/sessions")).json()["sessions"]
    assert own["device"] == "Firefox on Linux"
    assert own["current"]


@pytest.mark.req("N38", "N4")
async def test_several_tabs_signing_in_at_once_all_succeed(house: House) -> None:
    """Begun one after another, finished in any order."""
    browser = house.browser()
    left = [await browser.leave(f"return_to=/tab{number}") for number in range(5)]
    callbacks = [await browser.consent(location) for location in left]
    for number in (3, 0, 4, 1, 2):
        back = await browser.visit(callbacks[number], "cross-site")
        assert (back.status_code, back.headers["location"]) == (303, f"/tab{number}")
    assert (await browser.session())["authenticated"]
    assert list(browser.cookies) == ["__Host-Http-bff"]


@pytest.mark.req("N38")
async def test_tabs_that_begin_in_the_same_instant_all_get_in(house: House) -> None:
    """None of them has a cookie yet, and the last answer's cookie is the one that stays."""
    browser = house.browser()
    left = await asyncio.gather(*[browser.leave() for _ in range(4)])
    signed_in = 0
    for location in left:
        answer = await browser.come_back(await browser.consent(location))
        if "/authorize?" in answer.headers["location"]:
            again = await browser.consent(answer.headers["location"])
            answer = await browser.visit(again, "cross-site")
        signed_in += answer.status_code == 303 and answer.headers["location"] in {"/", "/leads"}
    assert signed_in == 4
    assert (await browser.session())["authenticated"]


@pytest.mark.req("N38", "N33")
async def test_fifty_abandoned_sign_ins_leave_the_header_flat(
    new_house: Callable[..., House],
) -> None:
    """One cookie, no longer after fifty than after ten."""
    browser = new_house({"limits.sign_in_per_minute": 100}).browser()
    lengths = []
    for _ in range(50):
        await browser.leave()
        lengths.append(browser.cookie_header_length)
    assert len(browser.cookies) == 1
    assert lengths[9:] == [lengths[9]] * 41
    assert max(lengths) < 250
    await browser.sign_in()
    assert (await browser.session())["authenticated"]


@pytest.mark.req("N6", "N38")
async def test_a_stale_callback_with_a_live_session_goes_home(house: House) -> None:
    """Back button or second delivery: no second session, no request to the provider."""
    browser = house.browser()
    callback = await browser.consent(await browser.leave())
    await browser.visit(callback, "cross-site")
    ref = (await browser.session())["ref"]
    again = await browser.visit(callback, "none")
    assert (again.status_code, again.headers["location"]) == (303, "/")
    home = await browser.come_back(callback)
    assert (home.status_code, home.headers["location"]) == (303, "/")
    assert (await browser.session())["ref"] == ref
    assert (await house.stats())["requests"]["token"] == 1


@pytest.mark.req("N6", "N38")
async def test_a_stale_callback_without_a_session_begins_once_more_and_then_no_more(
    house: House,
) -> None:
    """Redis lost the sign-in, twice: after that a plain page that says what to do."""
    browser = house.browser()
    callback = await browser.consent(await browser.leave())
    await house.redis.flushall()
    restarted = await browser.visit(callback, "same-site")
    assert restarted.status_code == 303
    assert "/authorize?" in restarted.headers["location"]
    second = await browser.consent(restarted.headers["location"])
    await house.redis.flushall()
    over = await browser.visit(second, "same-site")
    assert over.status_code == 400
    assert over.headers["bff-error"] == "login_expired"
    assert over.headers["content-type"] == "text/html; charset=utf-8"
    assert "Sign in again" in over.text
    assert not (await browser.session())["authenticated"]
    assert browser.cookies == {}


@pytest.mark.req("N38")
async def test_a_browser_that_keeps_no_cookies_is_not_sent_round_and_round(house: House) -> None:
    """The state of the second attempt says that it is one."""
    browser = house.browser()
    first = await browser.come_back("/bff/callback?code=x&state=y")
    browser.cookies.clear()
    callback = await browser.consent(first.headers["location"])
    browser.cookies.clear()
    assert (await browser.come_back(callback)).status_code == 400


@pytest.mark.req("N38")
async def test_a_restarted_sign_in_gets_in(house: House) -> None:
    """Half an hour at the provider's page, and the user notices nothing but one more hop."""
    browser = house.browser()
    callback = await browser.consent(await browser.leave())
    await house.redis.flushall()
    restarted = await browser.come_back(callback)
    back = await browser.visit(await browser.consent(restarted.headers["location"]), "cross-site")
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert (await browser.session())["authenticated"]


@pytest.mark.req("N4", "N23")
async def test_a_callback_begun_by_somebody_else_gives_nobody_their_session(house: House) -> None:
    """Another browser's, delivered here: a sign-in of its own at most, no session, no token request."""
    attacker, victim = house.browser(), house.browser()
    callback = await attacker.consent(await attacker.leave())
    answer = await victim.visit(callback, "none")
    assert "/authorize?" in answer.headers["location"]
    assert not (await victim.session())["authenticated"]
    assert (await house.stats())["requests"].get("token", 0) == 0


@pytest.mark.req("N35")
async def test_signing_in_again_replaces_the_session(house: House) -> None:
    """New id; the old cookie is worth nothing."""
    browser, thief = house.browser(), house.browser()
    await browser.sign_in()
    first = await browser.session()
    thief.cookies = dict(browser.cookies)
    await browser.sign_in()
    assert (await browser.session())["ref"] != first["ref"]
    assert (await thief.session())["authenticated"] is False


@pytest.mark.req("S9", "N98")
async def test_sign_ins_from_one_address_are_limited(new_house: Callable[..., House]) -> None:
    """429 with the seconds to wait."""
    browser = new_house({"limits.sign_in_per_minute": 3}).browser()
    for _ in range(3):
        await browser.leave()
    refused = await browser.visit("/bff/login?return_to=/")
    assert (refused.status_code, refused.headers["bff-error"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "query",
    ["prompt=now", "acr_values=%22", "acr_values=" + "x+" * 9, "login_hint=%0d%0aX", "max_age=-1", "max_age=1&max_age=2"],
)  # fmt: skip
async def test_wishes_that_no_provider_could_understand_are_refused(
    house: House, query: str
) -> None:
    """Before anything is written."""
    answer = await house.browser().visit(f"/bff/login?return_to=/&{query}")
    assert (answer.status_code, answer.headers["bff-error"]) == (400, "request_malformed")
    assert await house.redis.dbsize() == 0
