"""What must never happen wakes somebody: one log line at level error, and the hooks an embedding application gave us."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bff.audit.events import ALARMING, AuditEvent


class Trail(Protocol):
    """Where every event goes."""

    def record(self, event: AuditEvent) -> None:
        """Write one event down."""
        ...


class AlarmingTrail:
    """The port ``AuditTrail`` over another one; a hook that fails is logged and harms nobody."""

    def __init__(
        self,
        trail: Trail,
        hooks: Sequence[Callable[[AuditEvent], None]],
        log: Any,  # noqa: ANN401  structlog's bound logger
    ) -> None:
        """``hooks`` are called in turn, after the event was written down."""
        self._trail = trail
        self._hooks = hooks
        self._log = log

    def record(self, event: AuditEvent) -> None:
        """Write it down, and wake somebody if it is one of ``ALARMING``."""
        self._trail.record(event)
        if not isinstance(event, ALARMING):
            return
        self._log.error("alarm", kind=event.name, ref=event.ref, subject=event.subject)
        for hook in self._hooks:
            try:
                hook(event)
            except Exception as error:  # noqa: BLE001  somebody else's code
                self._log.error("alarm_hook_failed", kind=event.name, error=type(error).__name__)
