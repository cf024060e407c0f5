"""Keeps a provider that is down from being asked by everybody at once.

Closed, open, then one probe at a time.
"""

from collections.abc import Callable
from enum import Enum

from bff.flows.ports import Clock


class BreakerState(Enum):
    """Asked freely, not asked, or asked once to see."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Breaker:
    """Opens after ``threshold`` failures in a row, for ``rest`` seconds, doubling up to ``cap``.

    Then lets one probe through.

    One per issuer and process. A probe that gets no verdict within ``probe_seconds`` makes room for
    the next. ``changed`` hears each change of state.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        threshold: int = 5,
        rest: float = 5.0,
        cap: float = 60.0,
        probe_seconds: float = 75.0,
        changed: Callable[[BreakerState], None] = lambda _state: None,
    ) -> None:
        """Start closed."""
        self._clock = clock
        self._changed = changed
        self.state = BreakerState.CLOSED
        self._threshold = threshold
        self._rest = rest
        self._cap = cap
        self._probe_seconds = probe_seconds
        self._failures = 0
        self._open_until = 0.0
        self._probing_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are being kept back."""
        return self._failures >= self._threshold

    def may_try(self) -> bool:
        """Whether a request may go out now; saying yes while open makes the asker the probe."""
        if not self.is_open:
            return True
        now = self._clock.now()
        if now < self._open_until or now < self._probing_until:
            return False
        self._probing_until = now + self._probe_seconds
        self._become(BreakerState.PROBING)
        return True

    def retry_after(self) -> float:
        """Seconds until it is worth asking again; 0 when closed."""
        return max(0.0, self._open_until - self._clock.now()) if self.is_open else 0.0

    def succeeded(self) -> None:
        """An answer came, of whatever content."""
        self._failures = 0
        self._probing_until = 0.0
        self._become(BreakerState.CLOSED)

    def failed(self) -> None:
        """No usable answer came."""
        self._failures += 1
        self._probing_until = 0.0
        if self.is_open:
            doublings = min(self._failures - self._threshold, 10)
            self._open_until = self._clock.now() + min(self._cap, self._rest * 2**doublings)
            self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        if state is not self.state:
            self.state = state
            self._changed(state)
