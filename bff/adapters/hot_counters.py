"""Numbers that the hot path counts in plain integers; Prometheus hears of them when it asks.

One event loop, one thread: ``counts[place] += 1`` needs no lock and costs a few dozen nanoseconds.
"""

from bisect import bisect_left

LIMITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RouteTimes:
    """How long the calls of one route took: a count for each limit, and one beyond."""

    __slots__ = ("counts", "errors", "seconds")

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts = [0] * (len(LIMITS) + 1)
        self.errors = 0
        self.seconds = 0.0

    def took(self, seconds: float, status: int) -> None:
        """Count one call."""
        self.counts[bisect_left(LIMITS, seconds)] += 1
        self.seconds += seconds
        if status >= 500:  # noqa: PLR2004  RFC 9110, section 15.6
            self.errors += 1


class HotCounters:
    """What happens too often to be an event."""

    __slots__ = ("routes",)

    def __init__(self) -> None:
        """Nothing yet."""
        self.routes: dict[str, RouteTimes] = {}

    def route(self, name: str) -> RouteTimes:
        """The times of one route of the table; ask once and keep it."""
        times = self.routes.get(name)
        if times is None:
            self.routes[name] = times = RouteTimes()
        return times
