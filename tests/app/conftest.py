"""What the tests of the whole application share."""

from tests.app.doorstep import new_doorstep
from tests.app.house import house, new_house
from tests.ports.conftest import redis_port

__all__ = ["house", "new_doorstep", "new_house", "redis_port"]
