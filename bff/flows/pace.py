"""Not all at once, where it can wait."""

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """When this process last began something (Unix seconds), and how many seconds later it begins the next that can wait."""

    apart: float
    last_at: float = 0.0

    def busy(self, now: float) -> bool:
        """Whether the last one has only just begun."""
        return now - self.last_at < self.apart
