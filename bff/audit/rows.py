"""What a reviewer is told, one row at a time: the lists of the review API.

Times are Unix seconds, spans are seconds (docs/security/review-api.md). Nothing here can hold a
token, a cookie value or a session id: tokens appear as times, scopes and fingerprints (8 hex digits
of a keyed hash).
"""

from typing import Generic, Literal, TypeVar

import msgspec

Row = TypeVar("Row")
SessionStatus = Literal["active", "idle", "renewing", "stuck", "ended"]
Severity = Literal["info", "warning", "critical"]
Outcome = Literal["success", "denied", "error"]
RefreshOutcome = Literal["renewed", "failed", "unknown", "refused"]
AlertStatus = Literal["new", "acknowledged", "closed"]
Verdict = Literal["pass", "warn", "fail"]


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A body of the wire."""


class Page(Body, Generic[Row], frozen=True, kw_only=True):
    """One page of a list, newest first unless ``sort`` said otherwise.

    ``next`` is the cursor of the following page. ``total`` is exact if ``exact``; otherwise the
    search stopped at its bound and there are at least so many. ``complete`` is False while the
    server is still reading what it lists; ``facets`` count the whole result by field and value.
    ``searched_until`` is the time of the last thing looked at by a search that stopped at its bound:
    ``next`` goes on from there, even if this page has no rows.
    """

    rows: tuple[Row, ...]
    next: str | None
    total: int
    exact: bool
    complete: bool
    as_of: float
    facets: dict[str, dict[str, int]] = {}
    searched_until: float | None = None


class AuditRow(Body, frozen=True, kw_only=True):
    """One event as the trail has it. ``seq`` orders the whole trail; ``id`` names the entry.

    ``details`` are the event's own fields; ``chain`` and ``number`` its place in a hash chain.
    """

    seq: int
    id: str
    at: float
    severity: Severity
    event: str
    title: str
    actor: str | None
    subject: str | None
    ref: str | None
    address: str | None
    agent: str | None
    outcome: Outcome
    reason: str | None
    request_id: str | None
    chain: str
    number: int
    details: dict[str, str | int | float | bool | None]


class AlertRow(Body, frozen=True, kw_only=True):
    """One alert, however often its rule fired: ``count`` times between ``first_at`` and ``last_at``.

    ``evidence`` is a query for the audit list that shows the events behind it; ``runbook`` the
    address of what its rule means and what to do.
    """

    id: str
    rule: str
    title: str
    severity: Severity
    group: str
    subject: str | None
    ref: str | None
    first_at: float
    last_at: float
    count: int
    status: AlertStatus
    by: str | None
    note: str | None
    decided_at: float | None
    muted_until: float | None
    evidence: str
    runbook: str = ""


class Mute(Body, frozen=True, kw_only=True):
    """A rule that stays silent until then, for one ``group`` or for all (empty)."""

    rule: str
    group: str
    until: float
    by: str
    note: str


class SessionRow(Body, frozen=True, kw_only=True, gc=False):
    """One session in the list. Of a hundred thousand the garbage collector need not look at one.

    ``agent`` is a browser family with its system, from a closed list. ``own``: the reviewer's.
    ``trend``: seconds left at each of the last twelve renewals, oldest first; 0 for one that failed.
    """

    ref: str
    state: SessionStatus
    subject: str
    name: str | None
    started_at: float
    seen_at: float
    idle_expires_at: float
    absolute_expires_at: float
    access_expires_at: float
    access_lifetime: float
    refreshes: int
    address: str | None
    agent: str | None
    client_changed: bool
    alerts: int
    own: bool
    trend: tuple[int, ...] = ()


class RefreshRow(Body, frozen=True, kw_only=True):
    """One refresh. ``outcome``: renewed, failed (session kept), unknown or refused (session ended).

    ``error``: the provider's own code (RFC 6749, section 5.2), null when it sent none.
    ``expires_at``: until when the access token that came is valid.
    """

    seq: int
    at: float
    subject: str | None
    ref: str | None
    trigger: str | None
    outcome: RefreshOutcome
    reason: str | None
    waiters: int | None
    attempts: int | None
    latency: float | None
    seconds_left: float | None
    rotated: bool | None
    generation: int | None
    request_id: str | None
    error: str | None = None
    expires_at: float | None = None


class PostureRow(Body, frozen=True, kw_only=True):
    """One thing a reviewer checks; ``reference`` names the clause it answers to."""

    id: str
    area: str
    title: str
    value: str
    verdict: Verdict
    reason: str
    reference: str


def posture_row(
    area: str, title: str, value: str, verdict: Verdict, reason: str, reference: str
) -> PostureRow:
    """One of them, named by its area and its title."""
    return PostureRow(
        id=f"{area}.{title}".lower().replace(" ", "_"),
        area=area,
        title=title,
        value=value,
        verdict=verdict,
        reason=reason,
        reference=reference,
    )
