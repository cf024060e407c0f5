"""What is counted: Prometheus metrics, made of audit events and of plain numbers read when asked for."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from bff.adapters.custody_metrics import CustodyMetrics
from bff.adapters.hot_counters import LIMITS, HotCounters
from bff.adapters.provider_metrics import ProviderMetrics
from bff.adapters.refresh_metrics import RefreshMetrics
from bff.audit import events
from bff.audit.record import outcome_of, severity_of

Reading = tuple[tuple[str, ...], float]


class TrailMeter(Protocol):
    """How the audit trail is doing."""

    written: int
    dropped: int
    failed_writes: int
    buffered: int


class CacheMeter(Protocol):
    """How often a session was at hand."""

    hits: int
    misses: int


class TripMeter(Protocol):
    """How often Redis was asked, by the kind of request."""

    @property
    def trips(self) -> Mapping[str, int]:
        """Of each kind."""
        ...


class SpanMeter(Protocol):
    """What became of spans."""

    exported: int
    failed: int
    dropped: int


class Tally:
    """A counter fed from plain numbers: each reading adds what is new."""

    def __init__(self, counter: Counter, read: Callable[[], Iterator[Reading]]) -> None:
        """``read`` tells label values and totals."""
        self._counter = counter
        self._read = read
        self._told: dict[tuple[str, ...], float] = {}

    def bring(self) -> None:
        """Add what is new."""
        for labels, total in self._read():
            new = total - self._told.get(labels, 0.0)
            if new > 0:
                (self._counter.labels(*labels) if labels else self._counter).inc(new)
                self._told[labels] = total


class Metrics:
    """Prometheus metrics. Every label's values come from a closed list: events, reasons, routes.

    Several worker processes share one answer through ``PROMETHEUS_MULTIPROC_DIR``.
    """

    def __init__(self) -> None:
        """Register everything in a registry of its own."""
        self.registry = CollectorRegistry()
        self.hot = HotCounters()
        self._tallies: list[Tally] = []
        self._meter: TrailMeter | None = None
        self.refresh = RefreshMetrics(self.registry)
        self.custody = CustodyMetrics(self.registry)
        self.provider = ProviderMetrics(self.registry)
        self.events = self._counter(
            "bff_events_total",
            "Audit events by name, outcome and severity.",
            "event",
            "outcome",
            "severity",
        )
        self.signed_in = self._counter("bff_sign_ins_total", "Sign-ins by outcome.", "outcome")
        self.ended = self._counter(
            "bff_sessions_ended_total", "Sessions ended, by reason.", "reason"
        )
        self.csrf = self._counter(
            "bff_csrf_refused_total", "Requests refused as cross-site, by signal.", "signal"
        )
        self.limited = self._counter(
            "bff_rate_limited_total", "Requests refused by a limit, by its name.", "limit"
        )
        self.alarms = self._counter("bff_alarms_total", "What should never happen.", "kind")
        self.alerts = self._counter(
            "bff_alerts_total", "Alerts raised, by rule and severity.", "rule", "severity"
        )
        self.deliveries = self._counter(
            "bff_alert_deliveries_total", "Calls of the alert webhook, by outcome.", "outcome"
        )
        self.sessions = self._gauge("bff_sessions", "Live sessions, in the whole fleet.")
        self.sessions_by_state = Gauge(
            "bff_sessions_by_state",
            "Live sessions in the whole fleet, as the console tells them apart.",
            ["state"],
            multiprocess_mode="livemax",
            registry=self.registry,
        )
        self.session_cache_vouched = self._gauge(
            "bff_session_cache_vouched",
            "1 while Redis vouches for the sessions held in every process.",
            mode="livemin",
        )
        self.alerts_open = self._gauge("bff_alerts_open", "Alerts that nobody has closed.")
        self.trail_buffered = self._gauge(
            "bff_audit_buffered", "Audit events not yet written to Redis.", mode="livesum"
        )
        self._watch_hot_path()

    def observe(self, event: events.AuditEvent) -> None:
        """Count one event."""
        severity = severity_of(event)
        self.events.labels(event.name, outcome_of(event), severity).inc()
        if severity == "critical" or isinstance(event, events.GenerationConflict):
            self.alarms.labels(event.name).inc()
        if self.refresh.observe(event) or self.custody.observe(event):
            return
        match event:
            case events.SignedIn():
                self.signed_in.labels("success").inc()
            case events.SignInFailed():
                self.signed_in.labels("failure").inc()
            case events.SessionEnded():
                self.ended.labels(event.reason).inc()
            case events.CsrfRefused():
                self.csrf.labels(event.signal).inc()
            case events.RateLimitHit():
                self.limited.labels(event.limit).inc()
            case _:
                pass

    def watch_trail(self, meter: TrailMeter) -> None:
        """The audit trail's own numbers: what it cannot write must not go unseen."""
        for name, about in (
            ("written", "Audit events written to Redis."),
            ("dropped", "Audit events that found the buffer full: they are only in the log."),
            ("failed_writes", "Writes to the audit trail that failed, and were tried again."),
        ):
            counter = self._counter(f"bff_audit_{name}_total", about)
            self._tallies.append(Tally(counter, _one(meter, name)))
        self._meter = meter

    def watch_cache(self, cache: CacheMeter) -> None:
        """Where sessions are found: in this process, or in Redis."""
        reads = self._counter(
            "bff_session_reads_total", "Sessions looked up, by where.", "found_in"
        )

        def read() -> Iterator[Reading]:
            yield ("process",), cache.hits
            yield ("redis",), cache.misses

        self._tallies.append(Tally(reads, read))

    def watch_redis(self, pool: TripMeter) -> None:
        """How often Redis is asked; held against the calls it tells what a call costs."""
        trips = self._counter(
            "bff_redis_round_trips_total",
            "Commands, scripts and pipelines sent to Redis, by kind of request: api, session, sign_in, "
            "console, other; background is what no request began.",
            "kind",
        )

        def read() -> Iterator[Reading]:
            for kind, count in list(pool.trips.items()):
                yield (kind,), count

        self._tallies.append(Tally(trips, read))

    def watch_spans(self, delivery: SpanMeter) -> None:
        """Whether the collector takes what it is sent."""
        spans = self._counter(
            "bff_spans_total", "Spans by what became of them: exported, failed, dropped.", "outcome"
        )

        def read() -> Iterator[Reading]:
            for outcome in ("exported", "failed", "dropped"):
                yield (outcome,), getattr(delivery, outcome)

        self._tallies.append(Tally(spans, read))

    def bring(self) -> None:
        """Take over what the hot path counted; once a second where several processes answer together."""
        for tally in self._tallies:
            tally.bring()
        if self._meter is not None:
            self.trail_buffered.set(self._meter.buffered)

    def render(self, *, shared: bool) -> tuple[bytes, str]:
        """Text and media type; ``shared`` adds up all worker processes."""
        self.bring()
        registry = self.registry
        if shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _watch_hot_path(self) -> None:
        calls = self._counter(
            "bff_proxy_calls_total",
            "Proxied calls by route and by the time they took at most (le, seconds).",
            "route",
            "le",
        )
        self._tallies.append(Tally(calls, self._calls))
        seconds = self._counter(
            "bff_proxy_seconds_total",
            "Seconds that proxied calls took together, by route.",
            "route",
        )
        self._tallies.append(Tally(seconds, self._seconds))
        errors = self._counter(
            "bff_proxy_errors_total", "Proxied calls answered with a 5xx, by route.", "route"
        )
        self._tallies.append(Tally(errors, self._errors))

    def _calls(self) -> Iterator[Reading]:
        bounds = [*(f"{limit:g}" for limit in LIMITS), "+Inf"]
        for name, times in self.hot.routes.items():
            for bound, total in zip(bounds, itertools.accumulate(times.counts), strict=True):
                yield (name, bound), total

    def _seconds(self) -> Iterator[Reading]:
        for name, times in self.hot.routes.items():
            yield (name,), times.seconds

    def _errors(self) -> Iterator[Reading]:
        for name, times in self.hot.routes.items():
            yield (name,), times.errors

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *, mode: Any = "livemax") -> Gauge:  # noqa: ANN401  a literal
        return Gauge(name, about, multiprocess_mode=mode, registry=self.registry)


def _one(source: object, name: str) -> Callable[[], Iterator[Reading]]:
    def read() -> Iterator[Reading]:
        yield (), getattr(source, name)

    return read
