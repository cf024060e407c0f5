"""A time-out that moves with every byte."""

import asyncio
from collections.abc import Callable

_NEVER = float("inf")


class Deadline:
    """Calls ``expired`` when its time has come. Moving it later costs an assignment, no timer."""

    __slots__ = ("_at", "_expired", "_loop", "_timer", "_timer_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._at = self._timer_at = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Expire ``seconds`` from now."""
        self._at = at = self._loop.time() + seconds
        if at < self._timer_at:
            self._start(at)

    def clear(self) -> None:
        """Do not expire."""
        self._at = _NEVER

    def stop(self) -> None:
        """As :meth:`clear`, and leave nothing behind in the event loop."""
        self.clear()
        self._timer_at = _NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        if self._at == _NEVER:
            return
        if self._loop.time() < self._at:
            self._start(self._at)
        else:
            self._expired()
