"""Nobody may push history out of the trail by being refused a thousand times a second."""

from collections.abc import Iterator

from bff.audit.record import Record

MOST_A_MINUTE, WINDOW_SECONDS, MOST_SOURCES = 60, 60.0, 4_096


class Damper:
    """Lets through so many refusals a minute of one kind from one place; counts the rest."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        """Nothing seen yet."""
        self._most = most
        self._began = 0.0
        self._seen: dict[tuple[str, str | None, str | None], int] = {}

    def passes(self, record: Record) -> bool:
        """Whether this one is kept. What succeeded, and whatever is critical, always is."""
        if record.outcome != "denied" or record.severity == "critical":
            return True
        source = (record.event, record.address, record.reason)
        if source not in self._seen and len(self._seen) >= MOST_SOURCES:
            source = (record.event, None, None)
        count = self._seen[source] = self._seen.get(source, 0) + 1
        return count <= self._most

    def due(self, now: float) -> bool:
        """Whether a minute is over."""
        return now - self._began >= WINDOW_SECONDS

    def turn(self, now: float) -> Iterator[tuple[str, str | None, int]]:
        """Begin the next minute; for each source how many were not kept: event, address, count."""
        seen, self._seen, self._began = self._seen, {}, now
        for (event, address, _), count in seen.items():
            if count > self._most:
                yield event, address, count - self._most
