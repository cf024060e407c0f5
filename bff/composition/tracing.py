"""Traces, if the settings want any; without them nothing of OpenTelemetry is imported."""

from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from bff.settings.model import Settings
from bff.settings.read import Problem, SettingsInvalid

if TYPE_CHECKING:
    from bff.adapters.traces import Traces


def open_traces(
    settings: Settings,
    log: Any,  # noqa: ANN401  structlog's
    now: Callable[[], float],
) -> "Traces | None":
    """Who begins spans and delivers them. Raises SettingsInvalid if the extra is missing."""
    tracing = settings.tracing
    if tracing.export == "off":
        return None
    try:
        from bff.adapters import span_export, traces  # noqa: PLC0415  an optional extra
    except ModuleNotFoundError:
        expected = 'expected "off", or the extra: pip install "cookie-bff[otel]"'
        raise SettingsInvalid([Problem("tracing.export", expected)]) from None
    authorization = tracing.authorization
    exporter = span_export.otlp_exporter(
        tracing.endpoint, None if authorization is None else authorization.reveal()
    )
    resource = {
        "service.name": tracing.service_name,
        "service.version": version("cookie-bff"),
        "deployment.environment.name": settings.review.environment
        or ("development" if settings.development else "production"),
    }
    delivery = span_export.Delivery(exporter, log)
    return traces.Traces(delivery, resource, tracing.sample_ratio, now)
