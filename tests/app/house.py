"""The whole application in process, with everything it needs.

A real Redis, the mock provider, an API that always answers, and browsers that keep cookies by the
rules of SameSite. One clock for all of them but Redis; a test moves it.
"""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import tomli_w
from redis.asyncio import Redis

from bff.app import create_app
from bff.composition.world import World, open_world
from bff.resource.messages import ApiRequest, ApiResponse
from bff.resource.routes import ApiRoute
from bff.settings.model import Settings
from bff.settings.read import load_settings
from tests.flows.fakes import ScriptedBody
from upstream_mocks.moved import set_value
from upstream_mocks.provider.app import create_provider

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost:8700"
PROVIDER = "http://localhost:8710"


class MovableClock:
    """Wall time, and what a test adds to it."""

    offset = 0.0

    def now(self) -> float:
        return time.time() + MovableClock.offset


class WillingApi:
    """The port ResourceServer: answers everything with 200 and remembers it."""

    def __init__(self) -> None:
        self.asked: list[ApiRequest] = []

    async def send(
        self, _route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        self.asked.append(request)
        return ApiResponse(200, [(b"content-type", b"application/json")], ScriptedBody(), b"{}")

    async def aclose(self) -> None:
        """Nothing is open."""


class House:
    """The app, and the parties around it."""

    def __init__(
        self, redis: Redis, port: int, provider: Any, api: WillingApi, **values: object
    ) -> None:
        self.redis = redis
        self.port = port
        self.api = api
        self.provider = provider.state.provider
        self.provider_http = httpx.AsyncClient(
            transport=httpx.ASGITransport(provider), base_url=PROVIDER
        )
        self.values = values
        self.worlds: list[World] = []
        self.app = self.build()
        self.browsers: list[Browser] = []

    def build(self, **values: object) -> Any:
        """A process of the app; ``values`` by dotted path."""
        raw = tomllib.loads((ROOT / "bff.toml").read_text())
        raw["redis"]["url"] = f"redis://127.0.0.1:{self.port}"
        for path, value in {**self.values, **values}.items():
            set_value(raw, path, value)
        settings, _ = load_settings(tomli_w.dumps(raw), {}, lambda name: name)
        return create_app(settings)

    def browser(self, app: Any = None) -> "Browser":
        """A browser without cookies."""
        made = Browser(self, app or self.app)
        self.browsers.append(made)
        return made

    async def settle(self) -> None:
        """Until nothing is under way in the background."""
        async with asyncio.timeout(10):
            while any(world.background._tasks for world in self.worlds):  # noqa: ASYNC110  no event tells
                await asyncio.sleep(0.005)

    def pass_time(self, seconds: float) -> None:
        """Everybody's clock goes on, but for Redis's."""
        MovableClock.offset += seconds

    async def stats(self) -> dict[str, Any]:
        """What the provider has seen."""
        answer = await self.provider_http.get("/__stats")
        return dict(answer.json())


class Browser:
    """Keeps cookies; sends Strict ones only where SameSite lets it."""

    def __init__(self, house: House, app: Any) -> None:
        self.house = house
        self.enter(app)
        self.cookies: dict[str, tuple[str, str]] = {}
        self.ref = "anon"
        self.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

    def enter(self, app: Any) -> None:
        """From now on another process answers."""
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One same-origin fetch."""
        headers = {
            "bff-session": self.ref,
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "cors",
            "sec-fetch-dest": "empty",
            "origin": ORIGIN,
            **options.pop("headers", {}),
        }
        return await self._send(method, path, headers, "same-origin", **options)

    async def visit(self, path: str, site: str = "same-origin") -> httpx.Response:
        """One top-level navigation."""
        headers = {
            "sec-fetch-site": site,
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        }
        return await self._send("GET", path, headers, site)

    async def come_back(self, callback: str) -> httpx.Response:
        """Follow a callback from the provider's site, through a page of our own that asks again."""
        answer = await self.visit(callback, "cross-site")
        if answer.headers.get("location", "").startswith("/bff/login/again"):
            asked = await self.visit(answer.headers["location"], "cross-site")
            assert asked.status_code == 200
            answer = await self.visit(asked.text.split("url=")[1].split('"')[0])
        return answer

    async def leave(self, query: str = "return_to=/leads") -> str:
        """Start a sign-in; where it leads."""
        left = await self.visit(f"/bff/login?{query}")
        assert left.status_code == 303, left.text
        return left.headers["location"]

    async def consent(self, location: str, user: str = "ada") -> str:
        """Be somebody at the provider; the callback's address."""
        self.house.provider_http.cookies.clear()  # nobody is signed in there yet
        answer = await self.house.provider_http.get(f"{location}&mock_user={user}")
        assert answer.status_code in {302, 303}, answer.text
        return urljoin(PROVIDER, answer.headers["location"])

    async def sign_in(self, user: str = "ada", query: str = "return_to=/leads") -> httpx.Response:
        """Out and back; the callback's answer."""
        callback = await self.consent(await self.leave(query), user)
        back = await self.visit(callback, "cross-site")
        await self.session()
        return back

    async def session(self) -> dict[str, Any]:
        """What GET /bff/session says."""
        body: dict[str, Any] = (await self.call("GET", "/bff/session")).json()
        self.ref = body.get("ref", "anon")
        return body

    @property
    def cookie_header_length(self) -> int:
        """Octets that every request carries."""
        return sum(len(name) + len(value) + 3 for name, (value, _) in self.cookies.items())

    async def _send(
        self, method: str, path: str, headers: dict[str, str], site: str, **options: Any
    ) -> httpx.Response:
        sent = {
            name: value
            for name, (value, same_site) in self.cookies.items()
            if site != "cross-site" or same_site != "Strict"
        }
        if sent:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
        headers["user-agent"] = self.user_agent
        self.http.cookies.clear()
        answer = await self.http.request(method, path, headers=headers, **options)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = (morsel.value, morsel["samesite"])
        return answer


@pytest.fixture
async def new_house(
    redis_port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., House]]:
    """Makes houses over an empty Redis; settings by dotted path. They are closed afterwards."""
    provider: Any = create_provider(clock=MovableClock().now)
    api = WillingApi()
    transport = httpx.ASGITransport(provider)
    monkeypatch.setattr(MovableClock, "offset", 0.0)
    world = "bff.composition.world"
    monkeypatch.setattr(f"{world}.SystemClock", MovableClock)
    monkeypatch.setattr(f"{world}.HttpResourceServer", lambda **_options: api)
    monkeypatch.setattr(f"{world}.ProviderTransport", lambda **_options: transport)
    made: list[House] = []
    worlds: list[World] = []

    def opened(settings: Settings) -> World:
        worlds.append(open_world(settings))
        return worlds[-1]

    monkeypatch.setattr("bff.app.open_world", opened)
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()

        def make(values: dict[str, object] | None = None) -> House:
            house = House(redis, redis_port, provider, api, **(values or {}))
            house.worlds = worlds
            made.append(house)
            return house

        yield make
        for house in made:
            for browser in house.browsers:
                await browser.http.aclose()
            await house.provider_http.aclose()
    for one in worlds:
        await one.background.drain(5)
        await one.provider.aclose()
        await one.redis.aclose()
        await one.redis.connection_pool.disconnect()


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    """One with the demo's settings."""
    return new_house()
