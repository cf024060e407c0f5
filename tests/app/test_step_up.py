"""Step-up: what is worth more asks for a more recent or a stronger sign-in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.house import Browser, House

ROUTES: list[dict[str, Any]] = [
    {"prefix": "/api/leads", "upstream": "http://localhost:8720/leads"},
    {"prefix": "/api/payout", "upstream": "http://localhost:8720/payout", "max_age_seconds": 300},
    {"prefix": "/api/keys", "upstream": "http://localhost:8720/keys", "acr": ["mfa"]},
]


@pytest.fixture
async def browser(new_house: Callable[..., House]) -> Browser:
    """Signed in a moment ago, with a password."""
    browser = new_house({"routes": ROUTES}).browser()
    await browser.sign_in()
    return browser


@pytest.mark.req("N61")
async def test_a_sign_in_too_long_ago_is_asked_for_again_in_words_the_page_can_act_on(
    browser: Browser,
) -> None:
    """401 with code, max_age and an address; ordinary routes go on; a new sign-in mends it."""
    assert (await browser.call("GET", "/api/payout")).status_code == 200
    browser.house.pass_time(400)
    refused = await browser.call("GET", "/api/payout")
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["max_age"]) == (
        401,
        "step_up_required",
        300,
    )
    assert problem["login_url"] == "/bff/login?max_age=300"
    assert "acr_values" not in problem
    challenge = refused.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_user_authentication", max_age="300"'
    assert (await browser.call("GET", "/api/leads")).status_code == 200
    assert len(browser.house.api.asked) == 2
    leads_to = await browser.leave(urlsplit(problem["login_url"]).query + "&return_to=/payout")
    assert parse_qs(urlsplit(leads_to).query)["max_age"] == ["300"]
    back = await browser.visit(await browser.consent(leads_to), "cross-site")
    assert back.headers["location"] == "/payout"
    await browser.session()
    assert (await browser.call("GET", "/api/payout")).status_code == 200


@pytest.mark.req("N61")
async def test_a_sign_in_too_weak_is_asked_for_by_its_class(browser: Browser) -> None:
    """The provider is asked for the class, and the session has it afterwards."""
    refused = await browser.call("GET", "/api/keys")
    problem = refused.json()
    assert (problem["code"], problem["acr_values"]) == ("step_up_required", "mfa")
    assert problem["login_url"] == "/bff/login?acr_values=mfa"
    back = await browser.sign_in(query="acr_values=mfa&return_to=/keys")
    assert back.headers["location"] == "/keys"
    assert (await browser.call("GET", "/api/keys")).status_code == 200


@pytest.mark.req("N61")
async def test_a_provider_that_does_not_confirm_what_was_asked_changes_nothing(
    browser: Browser,
) -> None:
    """The page is told, and the session it had lives on."""
    ref = browser.ref
    back = await browser.sign_in(query="acr_values=passkey&return_to=/keys")
    assert back.headers["location"] == "/"
    assert (await browser.session())["ref"] == ref
    back = await browser.visit(
        await browser.consent(await browser.leave("acr_values=passkey&return_to=/")), "cross-site"
    )
    told = (await browser.call("GET", "/bff/session")).json()
    assert told["authenticated"]


@pytest.mark.req("S9", "N98")
async def test_a_route_may_limit_how_often_a_session_calls(
    new_house: Callable[..., House],
) -> None:
    """The fourth call of three a minute; other sessions and other routes are not affected."""
    routes = [
        {**ROUTES[0], "rate_per_minute": 3},
        {"prefix": "/api/me", "upstream": "http://localhost:8720/me"},
    ]
    house = new_house({"routes": routes})
    busy, calm = house.browser(), house.browser()
    await busy.sign_in()
    await calm.sign_in("grace")
    answers = [await busy.call("GET", "/api/leads") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await calm.call("GET", "/api/leads")).status_code == 200
    assert (await busy.call("GET", "/api/me")).status_code == 200
    assert len(house.api.asked) == 5


@pytest.mark.req("S9", "N98")
async def test_refreshing_is_limited_by_client_address_as_well(
    new_house: Callable[..., House],
) -> None:
    """Two sessions behind one address share its limit; being told so costs no session anything."""
    house = new_house({"limits": {"refresh_per_address_per_minute": 2}})
    one, other = house.browser(), house.browser()
    await one.sign_in()
    await other.sign_in("grace")
    answers = [await browser.call("POST", "/bff/refresh") for browser in (one, other, one)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await other.call("POST", "/bff/refresh")).status_code == 429
    assert (await one.call("GET", "/bff/session")).status_code == 200
