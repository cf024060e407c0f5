"""The gauges of sessions by state."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import pytest

from bff.composition.evidence import _count_states
from bff.errors import StoreUnavailable
from tests.app.house import House


class Census:
    """First there is no Redis, then there are three sessions, then one has gone idle."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self) -> Mapping[str, int]:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable
        return {"active": 3, "idle": 0} if self.asked == 2 else {"active": 2, "idle": 1}


@pytest.mark.req("S11")
async def test_states_are_gauges_and_an_outage_ends_no_counting(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state that was left falls; the label has no other values."""
    monkeypatch.setattr("bff.composition.evidence.ROUND_SECONDS", 0.0)
    world, census = new_house().worlds[0], Census()
    counting = asyncio.create_task(_count_states(world, cast("Any", census)))
    async with asyncio.timeout(10):
        while census.asked < 4:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    text, _ = world.metrics.render(shared=False)
    lines = [line for line in text.splitlines() if line.startswith(b"bff_sessions_by_state{")]
    assert lines == [
        b'bff_sessions_by_state{state="active"} 2.0',
        b'bff_sessions_by_state{state="idle"} 1.0',
    ]
