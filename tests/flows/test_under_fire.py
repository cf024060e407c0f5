"""Refresh under fire, simulated.

Promises 1 to 5 and 7 under any weather, and five planted bugs that must be found.
"""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bff.session.limits import record_expires_at
from bff.session.model import Locked, Replaced, Session, SessionCore, SessionKey, TokenSet
from bff.session.refresh import RefreshPolicy
from tests.flows.fakes import MemorySessionStore
from tests.flows.strict_provider import Fault
from tests.flows.under_fire import UnderFire, planted
from tests.flows.walks import broken_by, first_broken, shrunk, told

EXAMPLES = 100
WALKS = 1_500
WEATHER = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # walks.py shrinks shorter, and faster
    suppress_health_check=list(HealthCheck),
)
HUNT = range(3_000)


def search(machine_type: type[UnderFire]) -> None:
    """Let Hypothesis choose the weather. Raises AssertionError with the moves that break a promise, and which."""
    try:
        run_state_machine_as_test(machine_type, settings=WEATHER)
    except AssertionError as broken:
        walk = shrunk(machine_type, machine_type.latest.moves)
        because = broken_by(machine_type, walk)
        raise AssertionError(f"{told(walk)}\n=> {because}") from broken


@pytest.mark.req(
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "N71", "N72", "N74", "S7", "S8"
)
def test_the_promises_hold_in_any_weather() -> None:
    """Three processes, one browser, one thief.

    Requests, faults, outages, lost writes, kills and stops in any order.
    """
    search(UnderFire)


@pytest.mark.req(
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "N71", "N72", "N74", "S7", "S8"
)
def test_the_promises_hold_on_any_walk() -> None:
    """The same weather, many more ways through it; a broken promise is told as the moves that broke it."""
    walk = first_broken(UnderFire, range(WALKS))
    assert walk is None, told(walk) + f"\n=> {broken_by(UnderFire, walk)}"


class WithoutFence(MemorySessionStore):
    """Bug: tokens are written whatever the generation."""

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """Go by the generation that is stored when the write arrives."""

        def action() -> Replaced:
            stored = self.memory.live(key)
            if stored is None:
                return Replaced.ENDED
            self.memory.sessions[key] = msgspec.structs.replace(
                stored, tokens=tokens, core=core, generation=stored.generation + 1, journal=None
            )
            self._let_go(key, owner)
            return Replaced.WRITTEN

        return await self.do("replace_tokens", action)


class WithoutReRead(MemorySessionStore):
    """Bug: the holder of the lock trusts what was read before."""

    first: Locked | None = None

    async def try_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> Locked | None:
        """The first session ever read."""
        locked = await super().try_lock(key, owner, lease_seconds)
        if self.first is None and locked is not None and isinstance(locked.found, Session):
            self.first = locked
        return locked and (self.first or locked)


class ReleasingAnybody(MemorySessionStore):
    """Bug: the lock is released without looking whose it is."""

    def _let_go(self, key: SessionKey, owner: str) -> None:
        """Delete it."""
        self.memory.granted.pop(owner, None)
        self.memory.locks.pop(key, None)


class WithoutTombstoneCheck(MemorySessionStore):
    """Bug: a write brings back what has ended."""

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """Write the whole session, as a plain SET would."""
        before = self.memory.live(key)
        replaced = await super().replace_tokens(key, read_generation, tokens, core, owner)
        if replaced is Replaced.ENDED and before is None and self.last is not None:
            session = msgspec.structs.replace(
                self.last, tokens=tokens, generation=read_generation + 1
            )
            self.memory.sessions[key] = session
            self.memory.expires_at[key] = record_expires_at(
                session, session.touched_at, self.memory.limits
            )
            return Replaced.WRITTEN
        return replaced

    last: Session | None = None

    async def try_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> Locked | None:
        """Remember what was read."""
        locked = await super().try_lock(key, owner, lease_seconds)
        if locked is not None and isinstance(locked.found, Session):
            self.last = locked.found
        return locked


class WithoutRenewal(MemorySessionStore):
    """Bug: the lease is not renewed."""

    async def renew_lock(self, _key: SessionKey, _owner: str, _lease_seconds: float) -> bool:
        """Say yes, do nothing."""
        return True


BUGS: dict[str, dict[str, object]] = {
    "no fence": {"store": WithoutFence},
    "no re-read": {"store": WithoutReRead},
    "releases anybody's lock": {"store": ReleasingAnybody},
    "lease shorter than the provider's time": {
        "store": WithoutRenewal,
        "policy": RefreshPolicy(jitter=0.0, budget=5.0, lease=6.0),
    },
    "no tombstone check": {"store": WithoutTombstoneCheck},
}


def a_lock_is_released_late(machine: UnderFire) -> None:
    """The first holder fails and is stopped before it lets go; when it wakes, another holds the lock."""
    machine.bad_answer(Fault(fails="status 502"))
    machine.ambush("release_lock", "there", 400.0)
    machine.renewal_is_due(-95.0, ["p1", "p2", "p3"], 2.0)
    machine.world.settle(385.0)
    machine.bad_answer(Fault(before=60))
    for process in ("p1", "p2", "p3"):
        machine.request(process, 1, lost=False)
    machine.world.settle(30.0)
    machine.promises_hold()


def a_write_is_repeated_late(machine: UnderFire) -> None:
    """Its answer was lost; before it is tried again its process is stopped, and others renew."""
    machine.ambush("replace_tokens", "back", "lost")
    machine.renewal_is_due(-95.0, ["p1", "p2", "p3"], 0.08)
    machine.ambush("replace_tokens", "there", 400.0)
    machine.let_pass(1.0)
    machine.renewal_is_due(-95.0, ["p1", "p2", "p3"], 2.0)
    machine.renewal_is_due(-95.0, ["p2", "p3", "p1"], 2.0)
    machine.let_pass(100.0)
    machine.let_pass(100.0)
    machine.renewal_is_due(-95.0, ["p2", "p3", "p1"], 2.0)
    machine.renewal_is_due(-95.0, ["p3", "p1", "p2"], 2.0)
    machine.promises_hold()


# Too rare for chance to find in seconds: the weather that shows them, step by step.
TRACES: dict[str, Callable[[UnderFire], None]] = {
    "no fence": a_write_is_repeated_late,
    "releases anybody's lock": a_lock_is_released_late,
}


def play(machine_type: type[UnderFire], trace: Callable[[UnderFire], None]) -> None:
    """One prepared weather, from the first step to the last check."""
    machine = machine_type()
    machine.begin("none", 0)
    try:
        trace(machine)
    finally:
        machine.teardown()


@pytest.mark.req("R3", "R5", "R7", "N71")
@pytest.mark.parametrize("bug", TRACES)
def test_a_planted_bug_is_found_by_its_trace(bug: str) -> None:
    """The same steps are harmless with the safeguard in place and a broken promise without it."""
    play(UnderFire, TRACES[bug])
    with pytest.raises(AssertionError):
        play(planted(BUGS[bug]), TRACES[bug])


@pytest.mark.req("R3", "R6", "R8", "N71")
@pytest.mark.parametrize("bug", sorted(BUGS.keys() - {"no fence"}))
def test_a_planted_bug_is_found_by_chance_and_told_in_a_few_lines(bug: str) -> None:
    """With one safeguard taken out a walk breaks a promise, and shrinks to a handful of moves.

    The same moves are harmless with the safeguard in place.
    """
    walk = first_broken(planted(BUGS[bug]), HUNT)
    assert walk is not None
    assert len(told(walk).splitlines()) <= 10, told(walk)
    assert broken_by(planted(BUGS[bug]), walk)
    assert broken_by(UnderFire, walk) is None


@pytest.mark.req("R8", "N71")
def test_what_hypothesis_finds_is_told_in_a_few_lines() -> None:
    """A few calls of rules, in the order in which they break the promise."""
    with pytest.raises(AssertionError) as broken:
        search(planted(BUGS["no re-read"]))
    first, *_, last = str(broken.value).splitlines()
    assert first.startswith("begin(")
    assert last.startswith("=> ")
    assert len(str(broken.value).splitlines()) <= 8, broken.value
