"""Virtual worlds end with their test."""

from collections.abc import Iterator

import pytest

from tests.flows.virtual_time import OPEN


@pytest.fixture(autouse=True)
def no_world_outlives_its_test() -> Iterator[None]:
    """Close what a test left open, so that nothing of it is collected later, in another test."""
    yield
    for world in list(OPEN):
        world.close()
