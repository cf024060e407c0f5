"""What Redis is made to do for somebody who has not signed in: nothing."""

from typing import Any

import pytest

from tests.app.house import House

WRITES = (
    "set",
    "hset",
    "zadd",
    "getdel",
    "eval",
    "evalsha",
    "incr",
    "expire",
    "pexpire",
    "del",
    "publish",
)


async def written(house: House) -> dict[str, int]:
    """How often each writing command has run."""
    stats: dict[str, Any] = await house.redis.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
    return {name: count for name, count in counts.items() if name in WRITES}


@pytest.mark.req("S9", "N98", "N36")
async def test_anonymous_traffic_writes_nothing(house: House) -> None:
    """Pages, checks, calls, forged cookies."""
    browser = house.browser()
    await house.redis.config_resetstat()
    for method, path in (
        ("GET", "/bff/session"),
        ("GET", "/bff/sessions"),
        ("POST", "/bff/sessions/end"),
        ("POST", "/bff/refresh"),
        ("POST", "/bff/session/extend"),
        ("POST", "/bff/logout"),
        ("GET", "/api/leads"),
        ("POST", "/api/leads"),
        ("GET", "/api/nowhere"),
        ("GET", "/bff/nothing"),
    ):
        await browser.call(method, path)
    await browser.visit("/")
    await browser.visit("/bff/logout/next")
    browser.cookies = {"__Host-Http-bff": ("A" * 43 + ".0." + "B" * 43, "Strict")}
    for path in ("/bff/session", "/api/leads"):
        await browser.call("GET", path)
    assert await written(house) == {}
    assert await house.redis.dbsize() == 0


@pytest.mark.req("S9")
async def test_a_sign_in_start_writes_its_transaction_and_its_count(house: House) -> None:
    """And both are gone after ten minutes at the latest."""
    await house.browser().leave()
    keys: Any = await house.redis.keys()
    kinds = sorted(key.decode().split(":")[1].lower() for key in keys)
    assert set(kinds) == {"limits", "login"}
    assert kinds.count("login") == 1
    for key in keys:
        assert 0 < await house.redis.pttl(key) <= 600_000


@pytest.mark.req("N36")
async def test_a_well_formed_id_that_was_never_issued_is_nobody(house: House) -> None:
    """A session of another ring of keys: 401, and no key is created for it."""
    browser = house.browser()
    await browser.sign_in()
    other = house.build(**{"keys.lookup": "b3RoZXItbG9va3VwLWtleS1ub3QtZm9yLXByb2R1Y3Q"})
    stranger = house.browser(other)
    stranger.cookies, stranger.ref = dict(browser.cookies), browser.ref
    before = await house.redis.dbsize()
    answer = await stranger.call("GET", "/api/leads")
    assert (answer.status_code, answer.headers["bff-error"]) == (401, "session_required")
    assert await house.redis.dbsize() == before
