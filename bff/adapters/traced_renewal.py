"""Renewals, the requests that wait for them, and what the provider is asked, as spans."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol, TypeVar

from opentelemetry.trace import SpanKind

from bff.adapters.provider_http import Exchange
from bff.adapters.spans import Spans, fail

_WELL = frozenset({"adopted", "busy", "ended", "renewed", "resting"})
A = TypeVar("A", bound="Attempted")


class Named(Protocol):
    """A member of an enumeration."""

    @property
    def name(self) -> str:
        """As the code calls it."""
        ...

    @property
    def value(self) -> object:
        """As others do."""
        ...


class Sought(Protocol):
    """A renewal as it was asked for; ``waiters`` grows while it is under way."""

    waiters: int

    @property
    def trigger(self) -> Named:
        """Why."""
        ...


class Attempted(Protocol):
    """How it ended."""

    @property
    def outcome(self) -> Named:
        """In one word."""
        ...

    @property
    def reason(self) -> str:
        """From a closed list."""
        ...

    @property
    def unknown(self) -> bool:
        """Whether the provider may have acted."""
        ...


class Meter(Protocol):
    """The port ``RefreshMeter``."""

    def attempted(self, outcome: str, reason: str, trigger: str) -> None:
        """Count one."""
        ...

    def lock_asked(self, seconds: float, *, taken: bool) -> None:
        """Count one."""
        ...

    def waited(self, seconds: float, *, served: bool, behind_lock: bool) -> None:
        """Count one."""
        ...


class TracedMeter:
    """The port ``RefreshMeter``, over another one: who waited has a span of it."""

    def __init__(self, meter: Meter, spans: Spans) -> None:
        """Count with ``meter``."""
        self._spans = spans
        self.attempted = meter.attempted
        self.lock_asked = meter.lock_asked
        self._waited = meter.waited

    def waited(self, seconds: float, *, served: bool, behind_lock: bool) -> None:
        """Count one, and tell of it."""
        self._waited(seconds, served=served, behind_lock=behind_lock)
        attributes = {"bff.refresh.served": served, "bff.refresh.elsewhere": behind_lock}
        self._spans.past("wait for refresh", seconds, attributes)


def traced_renewals(
    spans: Spans,
) -> Callable[[Sought, Callable[[], Awaitable[A]]], Coroutine[object, object, A]]:
    """What puts a span around a renewal: a child of the request that began it, which it may outlive."""

    async def traced(sought: Sought, renew: Callable[[], Awaitable[A]]) -> A:
        with spans.within("refresh", {"bff.refresh.trigger": str(sought.trigger.value)}) as span:
            attempt = await renew()
            outcome = "unknown" if attempt.unknown else attempt.outcome.name.lower()
            span.set_attribute("bff.refresh.outcome", outcome)
            span.set_attribute("bff.refresh.waiters", sought.waiters)
            if attempt.reason:
                span.set_attribute("bff.refresh.reason", attempt.reason)
            if outcome not in _WELL:
                fail(span, attempt.reason or outcome)
            return attempt

    return traced


def traced_provider(spans: Spans) -> Callable[[Exchange], None]:
    """What hears of each exchange with the provider. The provider itself is told of no trace: it is another house."""

    def heard(exchange: Exchange) -> None:
        attributes: dict[str, str | int] = {
            "http.request.method": exchange.method,
            "bff.provider.endpoint": exchange.endpoint,
        }
        if exchange.status:
            attributes["http.response.status_code"] = exchange.status
        spans.past(
            f"{exchange.method} {exchange.endpoint}",
            exchange.seconds,
            attributes,
            failure=None if exchange.outcome == "ok" else exchange.outcome,
            kind=SpanKind.CLIENT,
        )

    return heard
