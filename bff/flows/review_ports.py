"""What the reviewer's stories ask of the audit trail and of the alerts."""

from collections.abc import Sequence
from typing import Protocol

from bff.audit.acts import AlertDecision, MuteRequest, Mutes
from bff.audit.pages import ChainStatus, Overview, RefreshPlots
from bff.audit.rows import AlertRow, AuditRow, Page, RefreshRow


class TrailReader(Protocol):
    """The audit trail, read. Every method raises StoreUnavailable."""

    async def entries(self, query: str, cursor: str | None, limit: int) -> Page[AuditRow]:
        """The entries that a query means, newest first. Raises RequestMalformed."""
        ...

    async def refreshes(
        self, filters: dict[str, str], cursor: str | None, limit: int
    ) -> Page[RefreshRow]:
        """The renewals that match, newest first. Raises RequestMalformed."""
        ...

    async def plots(self, filters: dict[str, str]) -> RefreshPlots:
        """The same as pictures. Raises RequestMalformed."""
        ...

    async def chain(self) -> ChainStatus:
        """Whether the trail is as it was written, as last verified."""
        ...

    async def overview(self, live_sessions: int) -> Overview:
        """The first page's figures."""
        ...

    async def sign_ins(self, subject: str, days: int) -> Sequence[tuple[str, int, int]]:
        """Days (``2026-11-25``) with how many sign-ins succeeded and failed, oldest first."""
        ...


class AlertDesk(Protocol):
    """The alerts and what reviewers decided about them. Every method raises StoreUnavailable."""

    async def page(self, filters: dict[str, str], cursor: str | None, limit: int) -> Page[AlertRow]:
        """The alerts that match, newest first."""
        ...

    async def decide(self, alert: str, decision: AlertDecision, by: str) -> AlertRow | None:
        """Acknowledge or close; None if there is no such alert."""
        ...

    async def mutes(self) -> Mutes:
        """The rules that stay silent."""
        ...

    async def mute(self, request: MuteRequest, by: str) -> Mutes:
        """Silence a rule for a while; for no time at all ends its silence."""
        ...

    async def counts(self, refs: Sequence[str]) -> dict[str, int]:
        """How many alerts concern each of these sessions; those without are left out."""
        ...
