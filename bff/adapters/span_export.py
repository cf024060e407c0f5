"""Where spans go: to a collector, by a thread of their own. No request waits for it or fails with it.

Imported only where traces are on: it needs the extra ``otel``. What cannot be delivered is counted, and
told once for each time that the collector falls ill.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from bff.adapters.spans import Spans

AT_ONCE, APART_MILLISECONDS = 128, 1_000
"""How many spans are delivered together, and how long they wait for company: the event loop waits while many are encoded."""
MOST_WAITING = 4_096
"""Spans that may wait for the collector; further ones are dropped, and counted."""
EXPORT_SECONDS = 5.0
"""How long one delivery may take, repetitions included."""
CLOSE_SECONDS = 3.0
"""How long the last spans may take when the process ends."""
_LIBRARY = (
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
)


class Delivery(SpanExporter):
    """Hands spans to ``exporter``, counts what became of them, and says once that it fails.

    Counted: ``exported``, ``failed``, ``dropped``.
    """

    def __init__(self, exporter: SpanExporter, log: Any) -> None:  # noqa: ANN401  structlog's
        self._exporter = exporter
        self._log = log
        self._well = True
        self._counting = threading.Lock()
        self._waiting = 0
        self.exported = self.failed = self.dropped = 0

    def admit(self) -> bool:
        """Whether one more may wait."""
        with self._counting:
            room = self._waiting < MOST_WAITING
            self._waiting += room
            self.dropped += not room
        return room

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by the thread that waits for the collector."""
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001  whatever ails it is the collector's affair
            result = SpanExportResult.FAILURE
        well = result is SpanExportResult.SUCCESS
        with self._counting:
            self._waiting -= len(spans)
            self.exported += len(spans) if well else 0
            self.failed += 0 if well else len(spans)
        if well != self._well:
            self._well = well
            self._tell()
        return result

    def shutdown(self) -> None:
        """No more will come."""
        self._exporter.shutdown()

    def _tell(self) -> None:
        if self._well:
            self._log.info("traces_delivered_again", lost=self.failed + self.dropped)
        else:
            self._log.warning("traces_not_delivered", spans="are lost until the collector answers")


class _Bounded(BatchSpanProcessor):
    """The library's, with a queue whose overflow is counted and not logged span by span."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery, MOST_WAITING, APART_MILLISECONDS, AT_ONCE)
        self._delivery = delivery

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled and self._delivery.admit():
            super().on_end(span)


class Tracing:
    """A process's spans, from their beginning to the collector."""

    def __init__(
        self,
        delivery: Delivery,
        resource: dict[str, str],
        sample_ratio: float,
        now: Callable[[], float],
    ) -> None:
        """``resource`` says who we are, ``sample_ratio`` of the traces that begin here are recorded."""
        self.delivery = delivery
        self._provider = TracerProvider(
            ParentBased(TraceIdRatioBased(sample_ratio)),
            Resource.create(resource),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(_Bounded(delivery))
        self.spans = Spans(self._provider.get_tracer("bff"), now)

    def flush(self) -> None:
        """Deliver what waits, now; blocks."""
        self._provider.force_flush()

    def close(self) -> None:
        """Deliver what can be delivered within ``CLOSE_SECONDS``; blocks that long at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def otlp_exporter(endpoint: str, authorization: str | None) -> SpanExporter:
    """OTLP over HTTP."""
    for name in _LIBRARY:  # it would tell every failed delivery, each time anew
        logging.getLogger(name).addFilter(_silent)
    headers = {} if authorization is None else {"authorization": authorization}
    return OTLPSpanExporter(endpoint, headers=headers, timeout=EXPORT_SECONDS)


def _silent(_record: logging.LogRecord) -> bool:
    return False
