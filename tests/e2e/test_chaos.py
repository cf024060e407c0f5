"""The short form of ``make chaos``: real processes, less of everything, one stack for all of it."""

from collections.abc import Callable, Iterator

import pytest

from tests.chaos import scenarios
from tests.chaos.ground import QUICK_LEASE, Ground, Row, a_ground
from tests.chaos.killing import killed
from tests.chaos.redis_trouble import redis_in_trouble
from tests.e2e.conftest import STACKS
from tests.e2e.processes import Stack
from upstream_mocks.provider.canary import found_in

CASES: dict[str, Callable[[Ground], Row]] = {
    "storm": lambda ground: scenarios.storm(ground, 2, 60, life=6),
    "calls during a renewal": lambda ground: scenarios.soon_is_not_slower(ground, 1, 80, life=9),
    "lost answer": scenarios.lost_answer,
    "killed with the journal written": lambda ground: killed(ground, "journaled"),
    "killed between grant and write": lambda ground: killed(ground, "answered"),
    "killed after the write": lambda ground: killed(ground, "written"),
    "redis paused": lambda ground: redis_in_trouble(ground, "paused"),
    "redis restarted": lambda ground: redis_in_trouble(ground, "restarted"),
    "redis refusing writes": lambda ground: redis_in_trouble(ground, "refusing writes"),
    "sign-out race": lambda ground: scenarios.logout_race(ground, 10, back_channel=False),
    "back-channel race": lambda ground: scenarios.logout_race(ground, 10, back_channel=True),
}


@pytest.fixture(scope="module")
def ground(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Ground]:
    """Two processes, one Redis, the strictest provider."""
    stack = Stack(tmp_path_factory.mktemp("chaos"))
    everywhere = request.config.stash.setdefault(STACKS, [])
    everywhere.append(stack)
    try:
        stack.start()
        with a_ground(stack, 2, QUICK_LEASE) as ready:
            yield ready
    finally:
        stack.end()
        everywhere.remove(stack)


@pytest.fixture(autouse=True)
def _everybody_lives(ground: Ground) -> Iterator[None]:
    """Whatever a case that failed has left dead or stopped."""
    yield
    ground.stack.resume("redis")
    for name in ("redis", "bff0"):
        if not ground.stack.is_running(name):
            ground.stack.restart(name)
    ground.no_faults()


@pytest.mark.req("R1", "R2", "R3", "R5", "R6", "R9", "R10", "N56", "N71", "N72", "S7", "S13")
@pytest.mark.parametrize("case", CASES)
def test_the_promises_hold_with_real_processes(case: str, ground: Ground) -> None:
    """As far as two minutes go; docs/refresh.md has the figures of the long form."""
    row = CASES[case](ground)
    assert row.held, row


@pytest.mark.req("S1", "S2", "S7", "N68")
def test_refreshing_answers_how_the_session_stands_and_nothing_else(ground: Ground) -> None:
    """The body of GET /bff/session; one grant; a new handle; no token in any byte."""
    ground.good_weather()
    browser = ground.browsers()[0]
    handle = dict(browser.cookies)
    before = browser.session()
    answer = browser.send("POST", "/bff/refresh")
    state = browser.session()
    assert answer.status_code == 200
    assert answer.json().keys() == before.keys()
    assert (before["renewals"], answer.json()["renewals"], state["renewals"]) == (0, 1, 1)
    assert {**answer.json(), "server_time": ""} == {**state, "server_time": ""}
    assert ground.grants() == 1
    assert browser.cookies.keys() == handle.keys()
    assert browser.cookies != handle
    assert not found_in(answer.text + str(answer.headers))
    assert answer.headers["cache-control"] == "no-store"
