"""The breaker of a provider that is down."""

import pytest

from bff.flows.breaker import Breaker, BreakerState
from tests.flows.virtual_time import World


def a_broken(world: World) -> Breaker:
    """Five failures in a row."""
    breaker = Breaker(world)
    for _ in range(5):
        assert breaker.may_try()
        breaker.failed()
    return breaker


def test_it_opens_after_five_failures_in_a_row_and_says_for_how_long() -> None:
    """Four are bad luck; any answer in between starts the count anew."""
    world = World()
    breaker = Breaker(world)
    for _ in range(4):
        breaker.failed()
    breaker.succeeded()
    for _ in range(4):
        breaker.failed()
    assert breaker.may_try()
    assert breaker.retry_after() == 0
    breaker.failed()
    assert not breaker.may_try()
    assert breaker.retry_after() == 5


def test_after_its_rest_one_probe_goes_out() -> None:
    """Its success closes the breaker."""
    world = World()
    breaker = a_broken(world)
    world.settle(5)
    assert breaker.may_try()
    assert not breaker.may_try()
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.may_try()


def test_failed_probes_double_the_rest_up_to_a_minute() -> None:
    """5, 10, 20, 40, 60, 60."""
    world = World()
    breaker = a_broken(world)
    rests = [breaker.retry_after()]
    for _ in range(5):
        world.settle(breaker.retry_after())
        assert breaker.may_try()
        breaker.failed()
        rests.append(breaker.retry_after())
    assert rests == [5, 10, 20, 40, 60, 60]


def test_a_probe_that_never_reports_makes_room_for_another() -> None:
    """Its process may have died."""
    world = World()
    breaker = a_broken(world)
    world.settle(5)
    assert breaker.may_try()
    world.settle(75)
    assert breaker.may_try()


@pytest.mark.req("S9", "S11")
def test_each_change_of_state_is_told_once() -> None:
    """What the operator's gauge and the audit trail are made of."""
    world = World()
    told: list[str] = []

    def changed(state: BreakerState) -> None:
        told.append(state.value)

    breaker = Breaker(world, changed=changed)
    breaker.succeeded()
    for _ in range(7):
        breaker.failed()
    world.settle(breaker.retry_after())
    breaker.may_try()
    breaker.failed()
    world.settle(breaker.retry_after())
    breaker.may_try()
    breaker.succeeded()
    breaker.succeeded()
    assert told == ["open", "probing", "open", "probing", "closed"]
