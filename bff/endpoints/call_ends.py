"""Who is told when a call is over."""

from collections.abc import Callable

AccessLine = Callable[[str, str, str, int, float], None]
"""Writes down one request: its id, method, path without query, status, and seconds."""


def no_line(request_id: str, method: str, path: str, status: int, seconds: float) -> None:
    """Nothing is written down."""
    del request_id, method, path, status, seconds


RouteTook = Callable[[str, float, int, str | None], None]
"""Told of each answer of an API: the route's name, seconds since the request came, the status, and the session's reference."""


def not_counted(_route: str, _seconds: float, _status: int, _ref: str | None) -> None:
    """Nobody counts."""
