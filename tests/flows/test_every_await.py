"""One renewal, and a mishap at each of its awaits in turn: nothing is left to chance.

The fleet, the strict provider and the promises are those of under_fire.py.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from bff.session.model import EndReason
from tests.flows.strict_provider import Fault
from tests.flows.under_fire import UnderFire

EARLY, EXPIRED = -95.0, -2.0
MOMENTS = {"soon": EARLY, "now": EXPIRED}
Mishap = Callable[[UnderFire], None]


def a_machine(moment: float) -> UnderFire:
    """The token is due, and one request has just arrived at the first process."""
    machine = UnderFire()
    machine.begin("none", 0)
    stored = machine.memory.sessions[machine.session.key]
    machine.world.run_until(stored.tokens.expires_at + moment)
    machine._call("p1", 0, by_thief=False, lost=False)
    return machine


def awaits_of_a_renewal(moment: float) -> int:
    """How many things happen until the renewal is stored and its lock released."""
    machine, ticks = a_machine(moment), 0
    while not machine.memory.sessions[machine.session.key].generation or machine.memory.locks:
        machine.world.tick(1)
        ticks += 1
    machine.teardown()
    return ticks


def stopped(seconds: float) -> Mishap:
    """The process sleeps, and wakes believing what it believed."""

    def mishap(machine: UnderFire) -> None:
        name = machine._name("p1")
        machine.disturbances += 1
        machine.world.stopped_until[name] = machine.world.now() + seconds

    return mishap


def redis_away(seconds: float) -> Mishap:
    """Redis answers nobody."""
    return lambda machine: machine.redis_goes_down(seconds)


def slow_then_killed(machine: UnderFire) -> None:
    """Killed; the next answer of the provider is slow, so that others meet a renewal under way."""
    machine.crash("p1")
    machine.provider.faults.append(Fault(after=3))


MISHAPS: dict[str, Mishap] = {
    "killed": lambda machine: machine.crash("p1"),
    "killed, then a slow provider": slow_then_killed,
    "stopped for less than the lease": stopped(60.0),
    "stopped for longer than the lease": stopped(100.0),
    "stopped for long": stopped(400.0),
    "redis away for a second": redis_away(1.0),
    "redis away for longer than the lease": redis_away(100.0),
}
COSTS_A_SESSION = {
    "killed",
    "killed, then a slow provider",
    "stopped for longer than the lease",
    "stopped for long",
}
"""Only where the one process that was sent the answer could not store it within the lease."""


def befallen(mishap: Mishap, moment: float, ticks: int) -> tuple[UnderFire, bool]:
    """The machine after the weather cleared, and whether only this process could have stored the new tokens."""
    machine = a_machine(moment)
    machine.world.tick(ticks)
    stored = machine.memory.sessions[machine.session.key]
    in_one_hand = machine.provider.counts["requests"] == 1 and stored.generation == 0
    mishap(machine)
    for _ in range(40):
        for process in ("p2", "p3"):
            machine._call(process, machine.held, by_thief=False, lost=False)
        machine.world.settle(5.0)
        machine.promises_hold()
    machine.teardown()
    return machine, in_one_hand


@pytest.mark.req("R4", "R5", "R9", "R10", "N72", "N71")
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("mishap", MISHAPS)
def test_a_mishap_at_each_await_of_a_renewal(mishap: str, moment: str) -> None:
    """The session survives, unless the answer died, or slept past the lease, with the only process it was sent to.

    Then it ends once, and says that the answer was lost.
    """
    ends: Counter[str] = Counter()
    awaits = awaits_of_a_renewal(MOMENTS[moment]) + 1
    assert awaits > 20
    for ticks in range(awaits):
        machine, in_one_hand = befallen(MISHAPS[mishap], MOMENTS[moment], ticks)
        ended = machine.memory.ended.get(machine.session.key)
        ends["survived" if ended is None else ended.reason.value] += 1
        if ended is not None:
            assert in_one_hand, f"lost after {ticks} awaits, and need not have been"
            assert ended.reason is EndReason.REFRESH_OUTCOME_LOST
        elif mishap.startswith("killed"):
            assert not in_one_hand, f"survived after {ticks} awaits; how?"
    assert ends["survived"] / awaits > 3 / 4
    lost = ends[EndReason.REFRESH_OUTCOME_LOST.value]
    assert (lost > 0) == (mishap in COSTS_A_SESSION), ends
