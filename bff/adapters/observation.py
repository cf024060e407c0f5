"""What is written down: structured logs, and audit events as lines of it."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

from bff.adapters.metrics import Metrics
from bff.audit import events
from bff.audit.damper import Damper
from bff.audit.operations import Suppressed
from bff.audit.record import Origin, Record, record_of

# Without local variables: a frame of ours may hold a token or a cookie in the clear.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
SECRET_SHAPE = re.compile(r"eyJ[A-Za-z0-9_.-]{8,}|__Host-Http-bff[^=]*=[^;\s]+|Bearer\s+\S+")


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
            _TRACEBACKS,
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
    """The port ``AuditTrail``: each event one line of the log, one entry of the trail, and counted."""

    def __init__(
        self,
        log: Any,  # noqa: ANN401  structlog's
        metrics: Metrics,
        *,
        origin: Callable[[], Origin | None] = lambda: None,
        sink: Callable[[Record], None] = lambda _record: None,
    ) -> None:
        """``metrics`` hears every event; ``origin`` knows the current request; ``sink`` keeps records."""
        self._log = log
        self._metrics = metrics
        self._origin = origin
        self._sink = sink
        self._damper = Damper()

    def record(self, event: events.AuditEvent) -> None:
        """Write it down."""
        origin = self._origin()
        record = record_of(event, origin)
        self._metrics.observe(event)
        if self._damper.due(event.at):
            for name, address, count in self._damper.turn(event.at):
                more = Suppressed(at=event.at, of=name, count=count)
                self._write(record_of(more, Origin("", address, None)))
        if self._damper.passes(record):
            self._write(record)

    def _write(self, record: Record) -> None:
        details = _masked(record.details)  # a reviewer may paste anything into a search or a note
        record = msgspec.structs.replace(record, details=details)
        line = msgspec.structs.asdict(record)
        del line["details"]
        name = line.pop("event")
        del line["at"]
        if record.trace_id is None:
            del line["trace_id"]
        self._log.info("audit", audit=name, **{**line, **details})
        self._sink(record)
