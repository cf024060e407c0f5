"""What renewals need beyond the common ports: somebody who counts, and somebody who is woken."""

from typing import Protocol

from bff.audit.events import AuditEvent


class RefreshMeter(Protocol):
    """Counts what happens around renewals. Never waits, never raises."""

    def attempted(self, outcome: str, reason: str, trigger: str) -> None:
        """Count one attempt that ended, whether or not the provider heard of it."""
        ...

    def lock_asked(self, seconds: float, *, taken: bool) -> None:
        """Count one question for a session's lock, answered after ``seconds``."""
        ...

    def waited(self, seconds: float, *, served: bool, behind_lock: bool) -> None:
        """Count how long one request waited for a renewal, and whether it got it.

        ``behind_lock``: at least partly for somebody else's, in another process.
        """
        ...


class AlarmHook(Protocol):
    """Is called with each event that should never happen. Must return at once."""

    def __call__(self, event: AuditEvent) -> None:
        """Wake somebody."""
        ...
