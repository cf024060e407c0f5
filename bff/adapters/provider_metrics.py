"""How long the provider takes, by endpoint and outcome."""

from prometheus_client import CollectorRegistry, Histogram

from bff.adapters.provider_http import Exchange

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 90)


class ProviderMetrics:
    """Hears every exchange. Both labels come from closed lists (:class:`Exchange`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register in ``registry``."""
        self._seconds = Histogram(
            "bff_provider_seconds",
            "From sending a request to the provider to its whole answer, by endpoint and outcome.",
            ["endpoint", "outcome"],
            buckets=_BUCKETS,
            registry=registry,
        )

    def heard(self, exchange: Exchange) -> None:
        """Count one."""
        self._seconds.labels(exchange.endpoint, exchange.outcome).observe(exchange.seconds)
