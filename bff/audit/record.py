"""An event as it is written down: who, what, where from, how it went (ASVS 5.0, 16.2.1)."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from bff.audit import events, operations
from bff.audit.rows import AuditRow, Outcome, Severity

Plain = str | int | float | bool | None
_SHARED = frozenset({"at", "ref", "issuer", "subject", "actor"})
_REASONS = (
    "reason",
    "signal",
    "check",
    "limit",
    "cause",
    "state",
    "place",
    "what",
    "kind",
    "rule",
    "error",
)
NOTE_LENGTH = 200


class Origin(msgspec.Struct, frozen=True):
    """Where the request came from that an event belongs to.

    ``address`` is cut as the settings say, ``agent`` a family from a closed list; ``trace_id`` is there
    where traces are on.
    """

    request_id: str
    address: str | None
    agent: str | None
    trace_id: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the trail."""

    event: str
    at: float
    severity: Severity = "info"
    outcome: Outcome = "success"
    actor: str | None = None
    subject: str | None = None
    issuer: str | None = None
    ref: str | None = None
    reason: str | None = None
    request_id: str | None = None
    address: str | None = None
    agent: str | None = None
    trace_id: str | None = None
    details: dict[str, Plain | dict[str, int | str]] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A record in its place: the stream's id, the trail's sequence number, the chain's number."""

    id: str
    seq: int
    chain: str
    number: int
    mac: bytes
    body: bytes


CRITICAL: tuple[type[events.AuditEvent], ...] = (
    events.HandleReplayed,
    events.TokenLeakStopped,
    events.TokensUnsaved,
    operations.AuditGap,
    operations.UnexpectedError,
)
WARNING: tuple[type[events.AuditEvent], ...] = (
    events.SignInFailed,
    events.RefreshFailed,
    events.RefreshRefused,
    events.CsrfRefused,
    events.RevocationFailed,
    events.AudienceTokenRefused,
    events.LogoutTokenRefused,
    events.RateLimitHit,
    events.GenerationConflict,
    operations.ReviewRefused,
    operations.AlertRaised,
    operations.WebhookFailed,
    operations.ClientChanged,
    operations.Suppressed,
    operations.UsedAfterEnd,
    operations.PinMismatch,
    operations.ProviderClockOff,
)
DENIED: tuple[type[events.AuditEvent], ...] = (
    events.SignInFailed,
    events.RefreshRefused,
    events.CsrfRefused,
    events.LogoutTokenRefused,
    events.RateLimitHit,
    events.HandleReplayed,
    events.TokenLeakStopped,
    operations.ReviewRefused,
    operations.UsedAfterEnd,
    operations.PinMismatch,
)
ERROR: tuple[type[events.AuditEvent], ...] = (
    events.RefreshFailed,
    events.RevocationFailed,
    events.AudienceTokenRefused,
    events.TokensUnsaved,
    events.GenerationConflict,
    operations.AuditGap,
    operations.UnexpectedError,
    operations.WebhookFailed,
    operations.ProviderClockOff,
)
_ALARMING_ENDS = frozenset({"handle_replayed", "refresh_rejected", "refresh_outcome_lost"})


def severity_of(event: events.AuditEvent) -> Severity:
    """How much it matters."""
    if isinstance(event, CRITICAL):
        return "critical"
    if isinstance(event, WARNING):
        return "warning"
    if isinstance(event, events.ProviderBreaker) and event.state == "open":
        return "warning"
    if isinstance(event, events.SessionEnded) and event.reason in _ALARMING_ENDS:
        return "warning"
    return "info"


def outcome_of(event: events.AuditEvent) -> Outcome:
    """How it went: success, denied (we said no), error (something did not work)."""
    if isinstance(event, DENIED):
        return "denied"
    return "error" if isinstance(event, ERROR) else "success"


def record_of(event: events.AuditEvent, origin: Origin | None) -> Record:
    """The event, as it is written down."""
    details = {
        name: getattr(event, name) for name in event.__struct_fields__ if name not in _SHARED
    }
    reason = next((str(details[name]) for name in _REASONS if name in details), None)
    return Record(
        event=event.name,
        at=round(event.at, 3),
        severity=severity_of(event),
        outcome=outcome_of(event),
        actor=getattr(event, "actor", None),
        subject=event.subject,
        issuer=event.issuer,
        ref=event.ref,
        reason=reason,
        request_id=origin.request_id if origin else None,
        address=origin.address if origin else None,
        agent=origin.agent if origin else None,
        trace_id=origin.trace_id if origin else None,
        details=details,
    )


def row_of(entry: Entry, record: Record) -> AuditRow:
    """As a reviewer sees it."""
    return AuditRow(
        seq=entry.seq,
        id=entry.id,
        at=record.at,
        severity=record.severity,
        event=record.event,
        title=title_of(record.event),
        actor=record.actor or record.subject,
        subject=record.subject,
        ref=record.ref,
        address=record.address,
        agent=record.agent,
        outcome=record.outcome,
        reason=record.reason,
        request_id=record.request_id,
        chain=entry.chain,
        number=entry.number,
        details={
            name: value if not isinstance(value, dict) else f"{len(value)} chains"
            for name, value in record.details.items()
        },
    )


def every_event() -> Iterator[type[events.AuditEvent]]:
    """The whole vocabulary, in the order of the files."""
    yield from sorted(
        events.AuditEvent.__subclasses__(), key=lambda kind: (kind.__module__, kind.__name__)
    )


def title_of(name: str) -> str:
    """The event in a few plain words."""
    return TITLES.get(name, name.replace("_", " "))


Means = Literal["console", "cli"]
TITLES = {
    "authn_login_success": "Signed in",
    "authn_login_fail": "Sign-in failed",
    "session_renewed": "Access token renewed",
    "session_renewal_failed": "Renewal failed, session kept",
    "session_renewal_refused": "Renewal refused by the provider",
    "session_renewal_unsaved": "Renewed tokens could not be stored",
    "session_generation_conflict": "Renewal lost its lease",
    "provider_breaker": "Circuit to the provider",
    "session_ended": "Session ended",
    "session_ended_everybody": "Every session ended",
    "authn_token_reuse": "Superseded cookie used",
    "malicious_csrf": "Cross-site request refused",
    "token_revocation_failed": "Revocation at the provider failed",
    "token_revoked": "Tokens revoked at the provider",
    "audience_token_refused": "Token for one API refused",
    "backchannel_logout_refused": "Logout Token refused",
    "excess_rate_limit_exceeded": "Rate limit reached",
    "token_leak_stopped": "API answer carried the access token",
    "sys_startup": "Process started",
    "sys_shutdown": "Process stopped",
    "sys_error": "Unexpected error",
    "sys_monitor_disabled": "Audit trail interrupted",
    "audit_anchor": "Audit anchor",
    "audit_trimmed": "Audit retention",
    "audit_suppressed": "More of the same refused",
    "sensitive_read": "Reviewer looked",
    "authz_fail": "Review refused",
    "authz_admin": "Reviewer acted",
    "alert_raised": "Alert raised",
    "alert_delivery_failed": "Alert not delivered",
    "session_client_changed": "Browser or network changed",
    "session_use_after_expire": "Ended session's cookie used",
    "session_changed": "Page pinned to another session",
    "provider_clock_off": "Provider's clock differs",
}
