"""Attacks and faults, each as what somebody does: a browser, the provider, an API, Redis.

The docstring of each says what happens; none of them knows what an event is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bff.resource.messages import ApiRequest, ApiResponse
from tests.app.house import ORIGIN, Browser
from tests.app.watched import CONSOLE, Watched
from tests.flows.fakes import ScriptedBody
from upstream_mocks.provider.settings import CLIENT_ID, CLIENT_SECRET

Stage = Callable[[Watched], Awaitable[None]]
SESSION = "__Host-Http-bff"
EXPIRED = 901


async def renewed(browser: Browser) -> None:
    """A renewal that the page asks for."""
    assert (await browser.call("POST", "/bff/refresh")).status_code == 200


async def call(browser: Browser, **headers: str) -> int:
    """One call of an API; the status."""
    return (await browser.call("GET", "/api/leads", headers=headers)).status_code


async def a_cookie_is_stolen(world: Watched) -> None:
    """Grace's cookie is copied, hers is renewed and used; an hour later the thief uses the copy."""
    grace = await world.signed_in()
    thief = world.house.browser()
    thief.cookies = dict(grace.cookies)
    thief.ref = grace.ref
    world.house.pass_time(20)
    await renewed(grace)
    assert await call(grace) == 200
    await world.house.settle()
    world.house.pass_time(3_600)
    assert await call(thief) == 401


async def a_refresh_token_is_stolen(world: Watched) -> None:
    """Somebody spends Grace's refresh token at the provider; her next renewal is reuse."""
    grace = await world.signed_in()
    stolen = next(
        token
        for token, known in world.house.provider.grants.refresh_tokens.items()
        if not known.spent
    )
    form = {"grant_type": "refresh_token", "refresh_token": stolen}
    spent = await world.house.provider_http.post(
        "/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET)
    )
    assert spent.status_code == 200, spent.text
    world.house.pass_time(EXPIRED)
    assert await call(grace) == 401


async def consent_is_withdrawn(world: Watched) -> None:
    """Grace withdraws her consent at the provider; her next renewal is refused."""
    grace = await world.signed_in()
    await world.house.provider_http.post("/__withdraw-consent", json={"sub": "grace"})
    world.house.pass_time(EXPIRED)
    assert await call(grace) == 401


async def the_provider_answers_for_somebody_else(world: Watched) -> None:
    """A renewal brings Alan's ID Token for Grace's session."""
    grace = await world.signed_in()
    await world.fault(fault="override", grant="refresh_token", claims={"sub": "alan"})
    world.house.pass_time(EXPIRED)
    assert await call(grace) == 401


async def the_client_is_revoked(world: Watched) -> None:
    """The provider knows this client no more: ten renewals fail, nobody is signed out."""
    await world.fault(fault="error", grant="refresh_token", error="invalid_client", status=401)
    browsers = [await world.signed_in() for _ in range(10)]
    world.house.pass_time(EXPIRED)
    assert {await call(browser) for browser in browsers} == {503}


async def the_provider_is_down(world: Watched) -> None:
    """Five renewals in a row get a 503 of the gateway before the provider."""
    await world.fault(fault="status", grant="refresh_token", status=503)
    browsers = [await world.signed_in() for _ in range(5)]
    world.house.pass_time(EXPIRED)
    assert {await call(browser) for browser in browsers} == {503}


async def an_ended_cookie_is_used(world: Watched) -> None:
    """Grace signs out; somebody has her cookie and tries it five times."""
    grace = await world.signed_in()
    kept = dict(grace.cookies)
    assert (await grace.call("POST", "/bff/logout")).status_code == 200
    grace.cookies = kept
    assert {await call(grace) for _ in range(5)} == {401}


async def another_browser_has_the_cookie(world: Watched) -> None:
    """Grace's cookie comes from a Safari on another continent, three times."""
    grace = await world.signed_in()
    grace.user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E Safari/604"
    for _ in range(3):
        assert await call(grace, **{"x-forwarded-for": "198.51.100.7"}) == 200
        await world.house.settle()


async def one_user_signs_in_everywhere(world: Watched) -> None:
    """Grace's password is being passed around."""
    for _ in range(4):
        await world.signed_in()


async def other_sites_send_requests(world: Watched) -> None:
    """Twenty requests that no page of ours sent, each refused by another sign in turn."""
    grace = await world.signed_in()
    for turn in range(20):
        headers = [
            {"sec-fetch-site": "cross-site"},
            {"origin": "https://evil.example"},
            {"bff-session": ""},
            {"sec-fetch-site": "same-site"},
        ][turn % 4]
        assert await call(grace, **headers) == 403


async def pages_speak_for_others(world: Watched) -> None:
    """A page of Alan's sends ten requests after Grace signed in in the same browser."""
    alan = await world.signed_in("alan")
    grace = await world.signed_in()
    alan.cookies = dict(grace.cookies)
    assert {await call(alan) for _ in range(10)} == {409}


async def callbacks_are_forged(world: Watched) -> None:
    """Three authorization responses that are not for the sign-in they come to: state, nonce, iss."""
    for forgery in ("state", "nonce", "iss"):
        browser = world.house.browser()
        callback = await browser.consent(await browser.leave(), "grace")
        if forgery == "nonce":
            await world.fault(fault="override", count=1, claims={"nonce": "of-somebody-else"})
            callback = await browser.consent(await browser.leave(), "grace")
        query = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}
        if forgery == "state":
            query["state"] = "A" * 43
        if forgery == "iss":
            query["iss"] = "https://evil.example"
        await browser._send(
            "GET",
            "/bff/callback",
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
            | {"sec-fetch-dest": "document"},
            "cross-site",
            params=query,
        )


async def sign_ins_fail(world: Watched) -> None:
    """Twenty codes that the provider does not know any more: a burst of broken sign-ins."""
    await world.fault(fault="error", grant="authorization_code", count=20)
    for _ in range(20):
        browser = world.house.browser()
        await browser.visit(await browser.consent(await browser.leave(), "grace"), "cross-site")


async def a_limit_is_hit(world: Watched) -> None:
    """Thirty addresses start one sign-in more than they may."""
    for host in range(30):
        browser = world.house.browser()
        fields = {
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
            "x-forwarded-for": f"203.0.113.{host}",
        }
        statuses = [
            (await browser._send("GET", "/bff/login", dict(fields), "same-origin")).status_code
            for _ in range(3)
        ]
        assert statuses == [303, 303, 429]


async def an_api_echoes_the_token(world: Watched) -> None:
    """An API answers with the very token it was sent."""
    grace = await world.signed_in()

    async def echoing(_route: Any, request: ApiRequest, _body: Any) -> ApiResponse:
        sent = dict(request.headers)[b"authorization"].removeprefix(b"Bearer ")
        return ApiResponse(
            200, [(b"content-type", b"text/plain")], ScriptedBody(b"you sent " + sent)
        )

    vars(world.house.api)["send"] = echoing
    assert await call(grace) == 502


async def redis_is_away_when_the_tokens_come(world: Watched) -> None:
    """The provider has rotated, and Redis stays away for longer than tokens are kept in memory."""
    grace = await world.signed_in()
    await world.fault(fault="stall_after_grant", grant="refresh_token", count=1)
    world.house.pass_time(20)
    asking = asyncio.create_task(grace.call("POST", "/bff/refresh"))
    await held(world)
    world.door.shut()
    await world.good_weather()
    assert (await asking).status_code == 503
    world.house.pass_time(601)
    await world.house.settle()
    world.door.open()


async def held(world: Watched) -> None:
    """Until the provider holds a request back."""
    async with asyncio.timeout(30):
        while not (await world.house.stats())["held"]:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.01)


async def sessions_are_ended_by_the_score(world: Watched) -> None:
    """Ada ends all twenty sessions of Grace."""
    for _ in range(20):
        await world.signed_in()
    await world.review("me")
    assert world._ada is not None
    wanted = {"reason": "lost laptop", "subject": "grace", "expected": 20}
    ended = await world._ada.call("POST", f"{CONSOLE}/sessions/end", json=wanted)
    assert ended.json()["ended"] == 20, ended.text


async def the_providers_clock_is_off(world: Watched) -> None:
    """It is 45 seconds behind."""
    await world.fault(fault="clock", seconds=-45.0, count=1)
    await world.signed_in()


async def the_trail_is_cut(world: Watched) -> None:
    """Redis is away while more happens than the buffer holds; then it comes back."""
    grace = await world.signed_in()
    await world.settle()
    world.door.shut()
    for site in ("cross-site", "same-site"):
        for origin in (ORIGIN, "https://evil.example"):
            for host in range(60):
                await call(
                    grace,
                    **{
                        "sec-fetch-site": site,
                        "origin": origin,
                        "x-forwarded-for": f"203.0.{host}.1",
                    },
                )
    world.door.open()


async def something_breaks(world: Watched) -> None:
    """A mistake in our own code."""
    grace = await world.signed_in()

    async def broken(*_request: object) -> ApiResponse:
        raise ZeroDivisionError

    vars(world.house.api)["send"] = broken
    assert await call(grace) == 500


async def somebody_tries_the_console(world: Watched) -> None:
    """Grace, who is no reviewer, asks for three of its lists."""
    grace = await world.signed_in()
    for path in ("sessions", "audit", "alerts"):
        assert (await grace.call("GET", f"{CONSOLE}/{path}")).status_code == 403
