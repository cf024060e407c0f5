"""The gauges that are counted in Redis now and then: sessions by state, alerts that nobody has closed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, cast

import pytest

from bff.composition import evidence
from bff.composition.world import World
from bff.errors import StoreUnavailable
from tests.app.house import House


class Counted:
    """First there is no Redis, then there is each of the counts in turn, the last one from then on."""

    def __init__(self, *counts: Mapping[str, int]) -> None:
        self._counts = counts
        self.asked = 0

    async def read(self) -> Mapping[str, int]:
        """As of sessions by state, and of alerts."""
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable
        return self._counts[min(self.asked - 2, len(self._counts) - 1)]

    counts = read


async def shown(
    world: World, count: Callable[[World, Any], Coroutine[object, object, None]], counted: Counted
) -> list[bytes]:
    """What the metrics say once every count was asked for, and told."""
    counting = asyncio.create_task(count(world, cast("Any", counted)))
    async with asyncio.timeout(10):
        while counted.asked < len(counted._counts) + 2:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    text, _ = world.metrics.render(shared=False)
    return text.splitlines()


@pytest.mark.req("S11")
async def test_states_are_gauges_and_an_outage_ends_no_counting(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of three sessions goes idle. A state that was left falls; the label has no other values."""
    monkeypatch.setattr(evidence, "ROUND_SECONDS", 0.0)
    census = Counted({"active": 3, "idle": 0}, {"active": 2, "idle": 1})
    lines = await shown(new_house().worlds[0], evidence._count_states, census)
    assert [line for line in lines if line.startswith(b"bff_sessions_by_state{")] == [
        b'bff_sessions_by_state{state="active"} 2.0',
        b'bff_sessions_by_state{state="idle"} 1.0',
    ]


@pytest.mark.req("S10", "S11")
async def test_open_alerts_are_counted_and_an_outage_ends_no_counting(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """New and acknowledged ones; closed ones are over."""
    monkeypatch.setattr(evidence, "ALERTS_COUNTED_SECONDS", 0.0)
    alerts = Counted({"new": 2, "acknowledged": 1, "closed": 1})
    lines = await shown(new_house().worlds[0], evidence._count_alerts, alerts)
    assert b"bff_alerts_open 3.0" in lines
