"""What a session called, as its page in the console shows it; kept when the session is over."""

from collections.abc import Callable

import pytest

from tests.app.house import House


@pytest.mark.req("S11")
async def test_a_sessions_page_says_what_it_called_and_its_end_takes_nothing_away(
    new_house: Callable[..., House],
) -> None:
    """Two calls of one route; what other sessions called is not among them."""
    house = new_house()
    grace, ada = house.browser(), house.browser()
    await grace.sign_in("grace")
    await ada.sign_in("ada")
    for _ in range(2):
        assert (await grace.call("GET", "/api/leads")).status_code == 200
    await ada.call("GET", "/api/leads")
    calls = house.worlds[0].session_calls
    assert calls is not None
    await calls.tell()

    async def seen() -> tuple[int, list[tuple[str, int, dict[str, int]]]]:
        answer = await ada.call("GET", f"/bff/console/api/sessions/{grace.ref}")
        use = answer.json()["calls"]
        routes = [(row["route"], row["total"], row["statuses"]) for row in use["routes"]]
        return sum(count for _, count in use["slots"]), routes

    assert await seen() == (2, [("leads", 2, {"2xx": 2})])
    ended = await ada.call(
        "POST", "/bff/console/api/sessions/end", json={"reason": "test", "refs": [grace.ref]}
    )
    assert ended.json()["ended"] == 1
    assert [row.total for row in (await calls.of(grace.ref)).routes] == [2]


@pytest.mark.req("S11")
async def test_a_row_shows_the_last_renewals_of_its_session(
    new_house: Callable[..., House],
) -> None:
    """In the list and on the user's page; a session that was never renewed has none."""
    house = new_house({"redis.session_cache": "off"})
    grace, ada = house.browser(), house.browser()
    await grace.sign_in("grace")
    house.pass_time(700)
    assert (await grace.call("GET", "/api/leads")).status_code == 200
    await house.settle()
    await ada.sign_in("ada")
    trend = house.worlds[0].renewal_trend
    assert trend is not None
    await trend.tell()
    listed = (await ada.call("GET", "/bff/console/api/sessions")).json()["rows"]
    trends = {row["ref"]: row["trend"] for row in listed}
    assert trends[ada.ref] == []
    (left,) = trends[grace.ref]
    assert 150 < left <= 200
    user = (await ada.call("GET", "/bff/console/api/user?subject=grace")).json()
    assert [row["trend"] for row in user["sessions"]] == [[left]]


@pytest.mark.req("S11")
async def test_without_reviewers_nothing_is_counted(new_house: Callable[..., House]) -> None:
    """Nobody could look at it."""
    house = new_house({"review.reviewers": [], "review.admins": []})
    assert house.worlds[0].session_calls is None
