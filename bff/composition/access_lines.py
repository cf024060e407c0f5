"""A line for each request, if the settings want one."""

from typing import Any

from bff.composition.world import World
from bff.endpoints.call_ends import AccessLine, no_line


def access_line(world: World) -> AccessLine:
    """What the gate calls at the end of each request."""
    logging = world.settings.logging
    if logging.access == "off" or logging.level in {"warning", "error"}:
        return no_line
    if world.access_log is None:
        return _for_people(world.log)
    return world.access_log.write


def _for_people(log: Any) -> AccessLine:  # noqa: ANN401  structlog's
    def write(request_id: str, method: str, path: str, status: int, seconds: float) -> None:
        milliseconds = round(seconds * 1000, 1)
        log.info(
            "request",
            request_id=request_id,
            method=method,
            path=path,
            status=status,
            ms=milliseconds,
        )

    return write
