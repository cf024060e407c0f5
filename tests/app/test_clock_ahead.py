"""A provider whose ID Tokens are ahead of our clock, through the whole house."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.house import MovableClock
from tests.app.staging import EXPIRED, call
from tests.app.watched import watch

__all__ = ["watch"]
AHEAD = 120


@pytest.mark.req("N73", "S10")
async def test_nobody_is_signed_out_and_a_reviewer_sees_why(watch: Callable[..., Any]) -> None:
    """The call goes through with the new token; one event for two renewals, and its alert."""
    async with watch() as world:
        browsers = [await world.signed_in() for _ in range(2)]
        world.house.pass_time(EXPIRED)
        begins = int(MovableClock().now()) + AHEAD
        claims = {"iat": begins, "exp": begins + 300}
        await world.fault(fault="override", grant="refresh_token", claims=claims)
        assert [await call(browser) for browser in browsers] == [200, 200]
        await world.settle()
        (told,) = await world.rows("audit?q=event:provider_clock_off")
        assert told["details"]["seconds"] == pytest.approx(AHEAD, abs=10)
        assert await world.rows("audit?q=event:session_ended") == []
        assert len(await world.rows("audit?q=event:session_renewed")) == len(browsers)
        assert "clock_off" in {row["rule"] for row in await world.rows("alerts")}
