"""How renewal is doing, in Prometheus metrics (the port ``RefreshMeter``, and renewal's audit events)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bff.audit import events

_LOCK_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 2.0)
_PROVIDER_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 90, 600)
_BREAKER_STATES = ("closed", "open", "probing")
_LEFT_BUCKETS = (-60, 0, 10, 30, 60, 120, 180, 240, 270, 300)


class RefreshMetrics:
    """Outcomes, latency, waiters, locks, conflicts, the breaker, and how early renewals come."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register everything in ``registry``."""
        self._attempts = Counter(
            "bff_refresh_total",
            "Attempts at a renewal by outcome, typed reason and trigger; most that are adopted, "
            "busy or resting never reach the provider.",
            ["outcome", "reason", "trigger"],
            registry=registry,
        )
        self._latency = Histogram(
            "bff_refresh_seconds",
            "From the journal entry to the stored answer, by outcome.",
            ["outcome"],
            buckets=_PROVIDER_BUCKETS,
            registry=registry,
        )
        self._left = Histogram(
            "bff_refresh_seconds_left",
            "Seconds the old access token had left when the new one came.",
            buckets=_LEFT_BUCKETS,
            registry=registry,
        )
        self._waiters = Histogram(
            "bff_refresh_waiters",
            "Requests that waited for one renewal in the process that made it.",
            buckets=(0, 1, 2, 5, 10, 50, 200),
            registry=registry,
        )
        self._waits = Histogram(
            "bff_refresh_wait_seconds",
            "How long requests waited for a renewal, and for whose.",
            ["outcome", "behind"],
            registry=registry,
        )
        self._locks = Histogram(
            "bff_refresh_lock_seconds",
            "How long asking for a session's lock took, and whether it was free.",
            ["outcome"],
            buckets=_LOCK_BUCKETS,
            registry=registry,
        )
        self._conflicts = Counter(
            "bff_refresh_generation_conflicts_total",
            "Fenced writes that found another generation: a lease was lost, nothing overwritten.",
            registry=registry,
        )
        self._unsaved = Counter(
            "bff_refresh_tokens_unsaved_total",
            "Renewed tokens that could not be stored in time.",
            registry=registry,
        )
        self._breaker = Gauge(
            "bff_provider_breaker_state",
            "Processes whose breaker is in this state.",
            ["state"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.breaker_is("closed")

    def attempted(self, outcome: str, reason: str, trigger: str) -> None:
        """Count one attempt."""
        self._attempts.labels(outcome, reason, trigger).inc()

    def lock_asked(self, seconds: float, *, taken: bool) -> None:
        """Count one."""
        self._locks.labels("taken" if taken else "busy").observe(seconds)

    def waited(self, seconds: float, *, served: bool, behind_lock: bool) -> None:
        """Count one wait."""
        outcome = "served" if served else "sent away"
        self._waits.labels(outcome, "another process" if behind_lock else "own").observe(seconds)

    def breaker_is(self, state: str) -> None:
        """One of the three is 1."""
        for each in _BREAKER_STATES:
            self._breaker.labels(each).set(float(each == state))

    def observe(self, event: events.AuditEvent) -> bool:
        """Count one event; whether that is all there is to count of it."""
        match event:
            case events.SessionRenewed():
                self._latency.labels("renewed").observe(event.latency)
                self._left.observe(event.seconds_left)
                self._waiters.observe(event.waiters)
            case events.RefreshFailed():
                self._latency.labels("unknown" if event.unknown else "failed").observe(
                    event.latency
                )
            case events.RefreshRefused():
                self._latency.labels("ended").observe(event.latency)
            case events.GenerationConflict():
                self._conflicts.inc()
                return False
            case events.TokensUnsaved():
                self._unsaved.inc()
                return False
            case events.ProviderBreaker():
                self.breaker_is(event.state)
            case _:
                return False
        return True
