"""Spans of OpenTelemetry. Imported only where traces are on: it needs the extra ``otel``.

Names and attributes follow the semantic conventions for HTTP and databases, with one exception: no
path, query or address of a browser is ever told, for they may hold whatever a user or a page wrote.
What is told instead is the route's template.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Token

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, Tracer
from opentelemetry.trace.span import TraceState
from opentelemetry.trace.status import Status, StatusCode

from bff.resource.trace_context import TraceContext

Attributes = Mapping[str, str | int | float | bool]
METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
_SERVER_ERROR = 500
_NANO = 1e9
_NOBODY = Context()


class ServedSpan:
    """One request of a browser, from its head to the end of its answer."""

    __slots__ = ("_method", "_span", "_token")

    def __init__(self, span: Span, method: str) -> None:
        """From now on it is the current span."""
        self._span = span
        self._method = method
        self._token: Token[Context] = contexts.attach(trace.set_span_in_context(span, _NOBODY))

    @property
    def recording(self) -> bool:
        """Whether anybody will see what it says."""
        return self._span.is_recording()

    def end(self, status: int, route: str | None, failure: str | None) -> None:
        """It is over. ``status`` 0: nothing was answered; ``failure``: the kind of an error."""
        span = self._span
        if route is not None:
            span.update_name(f"{self._method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": status})
        elif status:
            span.set_attribute("http.response.status_code", status)
        if failure is not None or status >= _SERVER_ERROR:
            span.set_attribute("error.type", failure or str(status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        contexts.detach(self._token)


class Spans:
    """Begins spans; each is a child of the one that the running code belongs to."""

    __slots__ = ("_now", "_tracer")

    def __init__(self, tracer: Tracer, now: Callable[[], float]) -> None:
        """``tracer`` decides what is recorded; ``now`` tells Unix seconds."""
        self._tracer = tracer
        self._now = now

    def serve(
        self,
        method: str,
        attributes: Attributes,
        parent: TraceContext | None,
        linked: TraceContext | None,
    ) -> ServedSpan:
        """A request came. It goes on with ``parent``; of ``linked`` it is only told that there is one."""
        known = method if method in METHODS else "_OTHER"
        context = _NOBODY if parent is None else _remote(parent)
        links = [] if linked is None else [trace.Link(_span_context(linked))]
        span = self._tracer.start_span(
            "HTTP" if known == "_OTHER" else known,
            context,
            SpanKind.SERVER,
            {"http.request.method": known, **attributes},
            links,
        )
        return ServedSpan(span, "HTTP" if known == "_OTHER" else known)

    def calling(self, name: str, attributes: Attributes) -> Span:
        """Somebody else is asked; end it when the answer is there."""
        return self._tracer.start_span(name, None, SpanKind.CLIENT, attributes)

    def within(self, name: str, attributes: Attributes) -> AbstractContextManager[Span]:
        """Work of ours that may outlive whoever began it; spans inside it are its children."""
        return _current(self._tracer.start_span(name, None, SpanKind.INTERNAL, attributes))

    def step(
        self, name: str, attributes: Attributes, kind: SpanKind = SpanKind.INTERNAL
    ) -> AbstractContextManager[Span | None]:
        """The same; None where it belongs to nothing that is recorded."""
        if not trace.get_current_span().is_recording():
            return nullcontext()
        return _current(self._tracer.start_span(name, None, kind, attributes))

    def past(
        self,
        name: str,
        seconds: float,
        attributes: Attributes,
        *,
        failure: str | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> None:
        """What just ended, and took ``seconds``; told only where it belongs to something that is recorded."""
        if not trace.get_current_span().is_recording():
            return
        now = round(self._now() * _NANO)
        began = now - round(seconds * _NANO)
        span = self._tracer.start_span(name, None, kind, attributes, start_time=began)
        if failure is not None:
            fail(span, failure)
        span.end(now)


@contextmanager
def _current(span: Span) -> Iterator[Span]:
    token = contexts.attach(trace.set_span_in_context(span))
    try:
        yield span
    except BaseException as error:
        fail(span, type(error).__name__)
        raise
    finally:
        contexts.detach(token)
        span.end()


def fail(span: Span, kind: str) -> None:
    """What it tells of did not work. Of an error only its kind is told: its text may quote anything."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def context_of(span: Span) -> TraceContext:
    """What the other side is told of ``span``."""
    said = span.get_span_context()
    return TraceContext(said.trace_id, said.span_id, said.trace_flags, said.trace_state.to_header())


def current_trace_id() -> str | None:
    """The trace that the running code belongs to, in 32 hexadecimal digits."""
    said = trace.get_current_span().get_span_context()
    return f"{said.trace_id:032x}" if said.is_valid else None


def _remote(context: TraceContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(_span_context(context)), _NOBODY)


def _span_context(context: TraceContext) -> SpanContext:
    return SpanContext(
        context.trace_id,
        context.parent_id,
        is_remote=True,
        trace_flags=TraceFlags(context.flags),
        trace_state=TraceState.from_header([context.state]),
    )
