"""A house whose trail is written and whose alerts are evaluated, and Ada, who reviews it in her console.

Nothing here makes an event: what happens is staged by browsers, the mock provider, the API and Redis.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bff.composition.evidence import Evidence, open_evidence
from tests.app.house import Browser, House
from tests.app.redis_door import RedisDoor, redis_door

Row = dict[str, Any]
CONSOLE = "/bff/console/api"
SETTINGS: dict[str, object] = {
    "server.trusted_proxies": 1,
    "redis.timeout_seconds": 0.25,
    "limits.sign_in_per_minute": 1_000,
    "limits.callback_per_minute": 1_000,
}


class Watched:
    """The house, and what stands behind its trail."""

    def __init__(self, house: House, evidence: list[Evidence], door: RedisDoor) -> None:
        self.house = house
        self.door = door
        self.evidence = evidence
        self._ada: Browser | None = None

    async def fault(self, **fault: object) -> None:
        """A bad day at the provider."""
        answer = await self.house.provider_http.post("/__faults", json=fault)
        assert answer.status_code == 200, answer.text

    async def good_weather(self) -> None:
        """The provider's faults are over."""
        await self.house.provider_http.delete("/__faults")

    async def signed_in(self, user: str = "grace", **query: str) -> Browser:
        """Somebody's browser."""
        browser = self.house.browser()
        await browser.sign_in(user, "&".join(f"{k}={v}" for k, v in query.items()) or "return_to=/")
        assert browser.ref != "anon"
        return browser

    async def settle(self) -> None:
        """Until everything that happened is written, evaluated, and itself written."""
        await self.house.settle()
        for one in self.evidence:
            assert await one.log.flush(20) == 0
        alerts = self.evidence[0].alerts
        await alerts.prepare()
        while await alerts.evaluate():
            pass
        for one in self.evidence:
            assert await one.log.flush(20) == 0

    async def review(self, path: str) -> Row:
        """What the console shows Ada."""
        if self._ada is None:
            self._ada = self.house.browser()
            await self._ada.sign_in("ada")
        answer = await self._ada.call("GET", f"{CONSOLE}/{path}")
        assert answer.status_code == 200, answer.text
        body: Row = answer.json()
        return body

    async def rows(self, path: str) -> list[Row]:
        """The rows of a list."""
        return list((await self.review(path))["rows"])


@asynccontextmanager
async def _writing(evidence: list[Evidence]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.log.run()) for one in evidence]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def watch(
    redis_port: int, new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Opens a watched house, with further settings by dotted path; it is closed afterwards."""
    evidence: list[Evidence] = []

    def opened(world: Any) -> Evidence:
        evidence.append(open_evidence(world))
        return evidence[-1]

    monkeypatch.setattr("bff.app.open_evidence", opened)

    @asynccontextmanager
    async def made(**values: object) -> AsyncIterator[Watched]:
        dotted = {name.replace("__", "."): value for name, value in values.items()}
        async with redis_door(redis_port) as door:
            way = {"redis.url": f"redis://127.0.0.1:{door.port}"}
            house = new_house({**SETTINGS, **way, **dotted})
            async with _writing(evidence):
                yield Watched(house, evidence, door)

    return made
