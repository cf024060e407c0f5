"""The provider's page signs a user out through a frame (OpenID Connect Front-Channel Logout 1.0)."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.app.house import PROVIDER, Browser, House

FRAME = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}


async def framed(browser: Browser, query: str) -> httpx.Response:
    """As the browser asks from within the provider's page: no Strict cookie comes along."""
    return await browser._send(
        "GET", f"/bff/frontchannel-logout?{query}", dict(FRAME), "cross-site"
    )


async def sid_of(house: House, browser: Browser) -> str:
    """The provider session behind a signed-in browser, as the provider counts it."""
    await browser.session()
    (key,) = [key async for key in house.redis.scan_iter("bff:{*}:session")]
    core: Any = await house.redis.hget(key, "core")
    return str(json.loads(core)["provider_sid"])


@pytest.mark.req("N84", "N105")
async def test_a_frame_of_the_providers_ends_the_sessions_it_names(
    new_house: Callable[..., House],
) -> None:
    """By issuer and sid, without a cookie; only the provider may frame the answer."""
    house = new_house({"provider.frontchannel_logout": True})
    browser = house.browser()
    await browser.sign_in()
    sid = await sid_of(house, browser)
    answer = await framed(browser, f"iss={PROVIDER}&sid={sid}")
    assert answer.status_code == 200
    assert f"frame-ancestors {PROVIDER}" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.call("GET", "/api/leads")).status_code == 401


@pytest.mark.parametrize("query", ["", "iss=x", "sid=x", "iss=a&iss=b&sid=c"])
async def test_what_names_nobody_ends_nobody(new_house: Callable[..., House], query: str) -> None:
    """Each parameter exactly once; another issuer's word counts for nothing."""
    house = new_house({"provider.frontchannel_logout": True})
    browser = house.browser()
    await browser.sign_in()
    assert (await framed(browser, query)).status_code == 400
    sid = await sid_of(house, browser)
    assert (await framed(browser, f"iss=https://evil.example&sid={sid}")).status_code == 400
    assert (await browser.call("GET", "/api/leads")).status_code == 200


async def test_it_is_off_unless_the_operator_says_otherwise(
    new_house: Callable[..., House],
) -> None:
    """404, and the session lives."""
    house = new_house()
    browser = house.browser()
    await browser.sign_in()
    sid = await sid_of(house, browser)
    assert (await framed(browser, f"iss={PROVIDER}&sid={sid}")).status_code == 404
    assert (await browser.call("GET", "/api/leads")).status_code == 200
