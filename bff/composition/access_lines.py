"""A line for each request, if the settings want one."""

from collections.abc import Callable
from typing import Any

from bff.adapters.access_log import AccessLog
from bff.composition.world import World
from bff.endpoints.call_ends import AccessLine, no_line

TraceId = Callable[[], str | None]


def access_line(world: World) -> AccessLine:
    """What the gate calls at the end of each request."""
    logging = world.settings.logging
    if logging.access == "off" or logging.level in {"warning", "error"}:
        return no_line
    traces, log = world.traces, world.access_log
    if log is None:
        return _for_people(world.log, None if traces is None else traces.trace_id)
    return log.write if traces is None else _with_trace(log, traces.trace_id)


def _with_trace(log: AccessLog, trace_id: TraceId) -> AccessLine:
    def write(request_id: str, method: str, path: str, status: int, seconds: float) -> None:
        log.write(request_id, method, path, status, seconds, trace_id())

    return write


def _for_people(log: Any, trace_id: TraceId | None) -> AccessLine:  # noqa: ANN401  structlog's
    def write(request_id: str, method: str, path: str, status: int, seconds: float) -> None:
        milliseconds = round(seconds * 1000, 1)
        log.info(
            "request",
            request_id=request_id,
            method=method,
            path=path,
            status=status,
            ms=milliseconds,
            **({} if trace_id is None else {"trace_id": trace_id()}),
        )

    return write
