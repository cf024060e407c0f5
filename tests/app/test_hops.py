"""The hops before us and behind us: whose word about the browser counts, and how many connections APIs get."""

import tomllib
from collections.abc import Callable

import pytest
import tomli_w

from bff.composition.world import open_world
from bff.resource.routes import Upstream
from bff.settings.read import load_settings
from tests.app.house import ROOT, House
from upstream_mocks.moved import set_value


async def told(house: House, headers: list[tuple[str, str]]) -> bytes:
    """Whom the API is told of, when a browser's call came with these fields."""
    browser = house.browser()
    await browser.sign_in()
    own = [("bff-session", browser.ref), ("sec-fetch-site", "same-origin")]
    own += [("cookie", "; ".join(f"{name}={value[0]}" for name, value in browser.cookies.items()))]
    answer = await browser.http.get("/api/leads", headers=[*own, *headers])
    assert answer.status_code == 200, answer.text
    return dict(house.api.asked[-1].headers)[b"x-forwarded-for"]


@pytest.mark.req("N97", "S9")
async def test_a_field_in_several_lines_is_one_list(new_house: Callable[..., House]) -> None:
    """Some proxies append a line of their own (RFC 9110, section 5.2)."""
    house = new_house({"server.trusted_proxies": 2})
    lines = [("x-forwarded-for", "6.6.6.6, 203.0.113.9"), ("x-forwarded-for", "10.0.0.2")]
    assert await told(house, lines) == b"203.0.113.9"


@pytest.mark.req("N97", "S9")
async def test_the_standard_field_is_read_where_it_is_trusted(
    new_house: Callable[..., House],
) -> None:
    """And then the elder is a stranger's."""
    fields = [("forwarded", 'for="[2001:db8::7]:443"'), ("x-forwarded-for", "6.6.6.6")]
    house = new_house({"server.trusted_proxies": 1, "server.trusted_field": "forwarded"})
    assert await told(house, fields) == b"2001:db8::7"
    house = new_house({"server.trusted_proxies": 1})
    assert await told(house, fields) == b"6.6.6.6"


@pytest.mark.req("N100")
async def test_the_pool_is_as_large_as_the_file_says() -> None:
    """Connections to each origin, and how long an unused one is kept."""
    raw = tomllib.loads((ROOT / "bff.toml").read_text())
    set_value(raw, "upstreams.max_connections", 3)
    set_value(raw, "upstreams.keep_alive_seconds", 7)
    world = open_world(load_settings(tomli_w.dumps(raw), {}, lambda name: name)[0])
    pool, _ = world.resource_server._open(Upstream("http", "127.0.0.1", 9))
    assert (pool._max, pool._keep_alive) == (3, 7)
    await world.resource_server.aclose()
    await world.provider.aclose()
