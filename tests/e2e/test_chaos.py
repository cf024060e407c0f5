"""The short form of ``make chaos``: real processes, less of everything."""

from collections.abc import Callable

import pytest

from tests.chaos import scenarios
from tests.chaos.scenarios import Field, Row
from tests.e2e.processes import Stack

QUICK_LEASE: dict[str, object] = {"refresh.budget_seconds": 5, "refresh.lease_seconds": 6}
CASES: dict[str, tuple[dict[str, object], Callable[[Field], Row]]] = {
    "storm": ({}, lambda ground: scenarios.storm(ground, 2, 60)),
    "lost answer": ({}, scenarios.lost_answer),
    "killed before the provider acts": (
        QUICK_LEASE,
        lambda ground: scenarios.killed(ground, "before", 0.5, "survived", fault="drop_before"),
    ),
    "killed between grant and write": (
        QUICK_LEASE,
        lambda ground: scenarios.killed(
            ground, "between", 0.5, "ended: reauth_required", fault="stall_after_grant", seconds=3
        ),
    ),
    "redis paused": ({}, lambda ground: scenarios.redis_hurt(ground, "paused")),
    "redis restarted": ({}, lambda ground: scenarios.redis_hurt(ground, "restarted")),
    "redis refusing writes": (
        {},
        lambda ground: scenarios.redis_hurt(ground, "refusing writes"),
    ),
    "sign-out race": ({}, lambda ground: scenarios.logout_race(ground, 15, back_channel=False)),
    "back-channel race": ({}, lambda ground: scenarios.logout_race(ground, 15, back_channel=True)),
}


@pytest.mark.req("R1", "R2", "R5", "R6", "R9", "R10", "N56", "N71", "N72")
@pytest.mark.parametrize("case", CASES)
def test_the_promises_hold_with_real_processes(case: str, new_stack: Callable[..., Stack]) -> None:
    """Two processes, one Redis, the strictest provider."""
    settings, scenario = CASES[case]
    with scenarios.a_field(new_stack, 2, **settings) as ground:
        row = scenario(ground)
    assert row.held, row
