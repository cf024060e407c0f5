"""What is written down and counted.

Structured logs, audit events as log lines, Prometheus metrics made of the same events.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from bff.adapters.custody_metrics import CustodyMetrics
from bff.adapters.refresh_metrics import RefreshMetrics
from bff.audit import events

SECRET_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]{8,}|__Host-Http-bff[^=]*=[^;\s]+|Bearer\s+\S+")


def configure_logs(level: str, style: str, stream: TextIO | None = None) -> Any:  # noqa: ANN401  structlog's bound logger
    """Log to standard output, one JSON object a line (or for people, in ``console`` style).

    The logger to use.
    """
    renderer: Any = structlog.processors.JSONRenderer(
        serializer=lambda value, **_: msgspec.json.encode(value, enc_hook=str).decode()
    )
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            without_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()


def without_secrets(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The second line of defence.

    Whatever looks like a token or a cookie of ours goes out as asterisks, in any depth.
    """
    return {name: _masked(value) for name, value in line.items()}


def _masked(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return SECRET_SHAPE.sub("***", value)
    if isinstance(value, dict):
        return {name: _masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value


class LogTrail:
    """The port ``AuditTrail``: each event one line."""

    def __init__(self, log: Any, metrics: "Metrics") -> None:  # noqa: ANN401
        """``metrics`` hears every event."""
        self._log = log
        self._metrics = metrics

    def record(self, event: events.AuditEvent) -> None:
        """Write it down."""
        fields = {name: getattr(event, name) for name in event.__struct_fields__ if name != "at"}
        self._log.info("audit", audit=event.name, **fields)
        self._metrics.observe(event)


class Metrics:
    """Prometheus metrics, all made of audit events but for the gauges.

    Several worker processes share one answer through ``PROMETHEUS_MULTIPROC_DIR``.
    """

    def __init__(self) -> None:
        """Register everything in a registry of its own."""
        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self.signed_in = Counter("bff_sign_ins_total", "Sign-ins by outcome.", ["outcome"], **own)
        self.refresh = RefreshMetrics(self.registry)
        self.custody = CustodyMetrics(self.registry)
        self.ended = Counter(
            "bff_sessions_ended_total", "Sessions ended, by reason.", ["reason"], **own
        )
        self.csrf = Counter(
            "bff_csrf_refused_total",
            "Requests refused as cross-site, by signal.",
            ["signal"],
            **own,
        )
        self.session_cache_vouched = Gauge(
            "bff_session_cache_vouched",
            "1 while Redis vouches for the sessions held in every process.",
            multiprocess_mode="livemin",
            **own,
        )
        self.alarms = Counter("bff_alarms_total", "What should never happen.", ["kind"], **own)

    def observe(self, event: events.AuditEvent) -> None:
        """Count one event."""
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
            case _:
                self.alarms.labels(event.name).inc()

    def render(self, *, shared: bool) -> tuple[bytes, str]:
        """Text and media type; ``shared`` adds up all worker processes."""
        registry = self.registry
        if shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
