"""How long the calls of each route took, for operators."""

from collections.abc import Callable

import pytest

from tests.app.house import House


@pytest.mark.req("S11")
async def test_every_answer_of_an_api_is_timed_by_route(new_house: Callable[..., House]) -> None:
    """Two calls of one route, none of the others; a refused call is no answer of an API."""
    house = new_house()
    browser = house.browser()
    await browser.sign_in()
    for _ in range(2):
        assert (await browser.call("GET", "/api/leads")).status_code == 200
    assert (await browser.call("TRACE", "/api/leads")).status_code == 405
    times = {name: sum(route.counts) for name, route in house.worlds[0].metrics.hot.routes.items()}
    assert times == {"leads": 2}
    text, _ = house.worlds[0].metrics.render(shared=False)
    assert b'route="leads"' in text
