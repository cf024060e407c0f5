"""The provider's clock, held against ours: tokens of a clock that is off are refused or outlive their time."""

from collections.abc import Callable

from bff.adapters.provider_http import Exchange
from bff.oidc.clock import seconds_apart

BOUND_SECONDS = 10.0
AGAIN_SECONDS = 600.0
NEVER_CACHED = frozenset({"token", "revocation", "userinfo"})


class ProviderClock:
    """Hears every exchange; ``told`` hears how many seconds the clocks are apart.

    Beyond ``BOUND_SECONDS``, and again after ten minutes, or when the difference changes by as much.
    Documents are not looked at: a cache may have kept their ``Date``.
    """

    def __init__(self, now: Callable[[], float], told: Callable[[float], None]) -> None:
        """``now``: Unix seconds by our clock."""
        self._now = now
        self._told = told
        self._told_at = float("-inf")
        self._last = 0.0

    def __call__(self, exchange: Exchange) -> None:
        """Look at one answer."""
        if exchange.date is None or exchange.endpoint not in NEVER_CACHED:
            return
        now = self._now()
        seconds = seconds_apart(exchange.date, now - exchange.seconds, now)
        if seconds is not None:
            self.apart(seconds)

    def apart(self, seconds: float) -> None:
        """One measurement of the difference, positive if the provider's clock is ahead."""
        if abs(seconds) <= BOUND_SECONDS:
            return
        now = self._now()
        if now - self._told_at >= AGAIN_SECONDS or abs(seconds - self._last) > BOUND_SECONDS:
            self._told_at, self._last = now, seconds
            self._told(round(seconds, 1))
