"""A real socket between the adapter and an API that does what a test says, on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from bff.adapters.resource_server import HttpResourceServer
from tests.ports.resource_server.scripted_api import ScriptedApi, Serve


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Transports differ between the two; what we promise does not."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def api() -> AsyncIterator[Serve]:
    """Start a scripted API; all of them stop at the end, and their scripts' failures show."""
    started: list[ScriptedApi] = []

    async def serve(*args: object, **kwargs: object) -> ScriptedApi:
        scripted = ScriptedApi(*args, **kwargs)  # type: ignore[arg-type]
        started.append(scripted)
        await scripted.start()
        return scripted

    yield serve
    for scripted in started:
        await scripted.stop()


@pytest.fixture
async def client() -> AsyncIterator[HttpResourceServer]:
    """The adapter, closed at the end."""
    server = HttpResourceServer()
    yield server
    await server.aclose()
