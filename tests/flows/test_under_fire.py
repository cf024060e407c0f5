"""Refresh under fire, simulated.

Promises 1 to 5 and 7 under any weather, and five planted bugs that must be found.
"""

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bff.session.limits import record_expires_at
from bff.session.model import EndedSession, Replaced, Session, SessionCore, SessionKey, TokenSet
from bff.session.refresh import RefreshPolicy
from tests.flows.fakes import MemorySessionStore
from tests.flows.under_fire import UnderFire, planted

EXAMPLES = 300
WEATHER = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
HUNT = settings(WEATHER, max_examples=2_000, phases=[Phase.generate], report_multiple_bugs=False)


@pytest.mark.req(
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "N71", "N72", "N74", "S7", "S8"
)
def test_the_promises_hold_in_any_weather() -> None:
    """Three processes, one browser, one thief.

    Requests, faults, outages, lost writes, kills and stops in any order.
    """
    run_state_machine_as_test(UnderFire, settings=WEATHER)


class WithoutFence(MemorySessionStore):
    """Bug: tokens are written whatever the generation."""

    async def replace_tokens(
        self, key: SessionKey, read_generation: int, tokens: TokenSet, core: SessionCore
    ) -> Replaced:
        """Use the stored generation instead of the one that was read."""
        stored = self.memory.live(key)
        current = stored.generation if stored else read_generation
        return await super().replace_tokens(key, current, tokens, core)


class WithoutReRead(MemorySessionStore):
    """Bug: the holder of the lock trusts what was read before."""

    first: Session | None = None

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """The first session ever read."""
        loaded = await super().load(key)
        if self.first is None and isinstance(loaded, Session):
            self.first = loaded
        return self.first or loaded


class ReleasingAnybody(MemorySessionStore):
    """Bug: the lock is released without looking whose it is."""

    async def release_lock(self, key: SessionKey, owner: str) -> None:
        """Delete it."""
        await super().release_lock(key, self.memory.locks.get(key, (owner, 0.0))[0])


class WithoutTombstoneCheck(MemorySessionStore):
    """Bug: a write brings back what has ended."""

    async def replace_tokens(
        self, key: SessionKey, read_generation: int, tokens: TokenSet, core: SessionCore
    ) -> Replaced:
        """Write the whole session, as a plain SET would."""
        before = self.memory.live(key)
        replaced = await super().replace_tokens(key, read_generation, tokens, core)
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

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """Remember what was read."""
        loaded = await super().load(key)
        if isinstance(loaded, Session):
            self.last = loaded
        return loaded


class WithoutRenewal(MemorySessionStore):
    """Bug: the lease is not renewed."""

    async def renew_lock(self, _key: SessionKey, _owner: str, _lease_seconds: float) -> bool:
        """Say yes, do nothing."""
        return True


BUGS: dict[str, dict[str, object]] = {
    "no fence": {"store": WithoutFence},
    "no re-read": {"renewal_store": WithoutReRead},
    "releases anybody's lock": {"store": ReleasingAnybody},
    "lease shorter than the provider's time": {
        "store": WithoutRenewal,
        "policy": RefreshPolicy(jitter=0.0, budget=5.0, lease=6.0),
    },
    "no tombstone check": {"store": WithoutTombstoneCheck},
}


@pytest.mark.req("R3", "R6", "R8", "N71")
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """The same machine, with one safeguard taken out, must fail."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(planted(BUGS[bug]), settings=HUNT)
