"""The gauge of alerts that nobody has closed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest

from bff.composition.evidence import _count_alerts
from bff.errors import StoreUnavailable
from tests.app.house import House


class Counted:
    """First there is no Redis, then there are three open alerts and one that is closed."""

    def __init__(self) -> None:
        self.asked = 0

    async def counts(self) -> dict[str, int]:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailable
        return {"new": 2, "acknowledged": 1, "closed": 1}


@pytest.mark.req("S10", "S11")
async def test_open_alerts_are_counted_and_an_outage_ends_no_counting(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """New and acknowledged ones; closed ones are over."""
    monkeypatch.setattr("bff.composition.evidence.ALERTS_COUNTED_SECONDS", 0.0)
    world, alerts = new_house().worlds[0], Counted()
    counting = asyncio.create_task(_count_alerts(world, cast("Any", alerts)))
    async with asyncio.timeout(10):
        while alerts.asked < 3:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0)
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    text, _ = world.metrics.render(shared=False)
    assert b"bff_alerts_open 3.0" in text
