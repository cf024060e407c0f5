"""What reached the API, counted: GET /__stats."""

from collections import Counter
from typing import Any

from upstream_mocks.api.bearer import Claims


class Stats:
    """Counters and the last request; tokens are named by fingerprint only."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.fingerprints: Counter[str] = Counter()
        self.subjects: Counter[str] = Counter()
        self.audiences: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self.abandoned = 0
        self.faults_applied = 0
        self.last: dict[str, Any] = {}

    def arrived(self, method: str, path: str, query: str, headers: list[list[str]]) -> None:
        """A request, whatever becomes of it."""
        self.requests[f"{method} {path}"] += 1
        self.last = {"method": method, "path": path, "query": query, "headers": headers}
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def accepted(self, fingerprint: str, claims: Claims) -> None:
        """Its token was good."""
        self.fingerprints[fingerprint] += 1
        self.subjects[claims.sub] += 1
        self.audiences.update(claims.audience)

    def as_dict(self) -> dict[str, Any]:
        """``requests`` by method and path; ``abandoned``: clients that left before the end."""
        return {
            "requests": self.requests,
            "refused": self.refused,
            "fingerprints": self.fingerprints,
            "subjects": self.subjects,
            "audiences": self.audiences,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "abandoned": self.abandoned,
            "faults_applied": self.faults_applied,
            "last": self.last,
        }
