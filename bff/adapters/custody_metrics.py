"""Metrics of what we hold for others: keys by age, tokens that are still to be revoked."""

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from bff.audit import events


class CustodyMetrics:
    """Counts revocations, shows the queue and the age of keys."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register in ``registry``."""
        own: Any = {"registry": registry}
        shared: Any = {"multiprocess_mode": "livemax", **own}
        self.revocations = Counter(
            "bff_revocations_total", "Attempts to revoke a token, by outcome.", ["outcome"], **own
        )
        self.waiting = Gauge(
            "bff_revocations_waiting", "Revocations that are to be tried again.", **shared
        )
        self.keys_created = Gauge(
            "bff_key_created_timestamp_seconds",
            "When a key of a ring was made, where the settings tell.",
            ["ring", "id"],
            **shared,
        )

    def observe(self, event: events.AuditEvent) -> bool:
        """Count one event; whether it was one of ours."""
        match event:
            case events.TokensRevoked():
                self.revocations.labels("revoked").inc()
            case events.RevocationFailed():
                self.revocations.labels("failed").inc()
            case _:
                return False
        return True

    def keys(self, made: Iterable[tuple[str, str, float]]) -> None:
        """Ring, id and Unix seconds of each key whose age is known."""
        for ring, key_id, at in made:
            self.keys_created.labels(ring, key_id).set(at)
