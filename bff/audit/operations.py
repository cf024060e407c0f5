"""Events about the house itself: starting, configuration, the trail, alerts, reviewers.

Typed as :mod:`bff.audit.events` has it. A reviewer's own words (``note``) are bounded, and never a
secret's shape.
"""

from typing import ClassVar

from bff.audit.events import AuditEvent


class Started(AuditEvent, frozen=True, kw_only=True):
    """A process began; ``settings_fingerprint`` changes with any setting but never tells one."""

    name: ClassVar[str] = "sys_startup"
    version: str
    settings_fingerprint: str
    signing_keys: str
    sealing_keys: str
    development: bool


class Stopped(AuditEvent, frozen=True, kw_only=True):
    """A process ended in order; ``cut_off`` pieces of work did not finish."""

    name: ClassVar[str] = "sys_shutdown"
    cut_off: int


class UnexpectedError(AuditEvent, frozen=True, kw_only=True):
    """Something went wrong that no code expected: ``kind`` is the exception's class."""

    name: ClassVar[str] = "sys_error"
    kind: str


class AuditAnchor(AuditEvent, frozen=True, kw_only=True):
    """How far every chain has come, told inside another one: an end cut off is then missed."""

    name: ClassVar[str] = "audit_anchor"
    heads: dict[str, int]


class AuditTrimmed(AuditEvent, frozen=True, kw_only=True):
    """Old entries left the trail by its own retention.

    ``floors``: for each chain the last entry that went, as ``number:mac``.
    """

    name: ClassVar[str] = "audit_trimmed"
    entries: int
    floors: dict[str, str]


class AuditGap(AuditEvent, frozen=True, kw_only=True):
    """The trail could not be written: ``dropped`` events since ``since`` are only in the log.

    ``cause``: ``buffer_full``, or ``history_lost`` when Redis no longer knows this chain.
    """

    name: ClassVar[str] = "sys_monitor_disabled"
    dropped: int
    since: float
    cause: str


class Suppressed(AuditEvent, frozen=True, kw_only=True):
    """More refusals than the trail keeps of one kind from one place in a minute: ``count`` more."""

    name: ClassVar[str] = "audit_suppressed"
    of: str
    count: int


class Looked(AuditEvent, frozen=True, kw_only=True):
    """A reviewer looked: at which ``page``, by what means (``console``, ``cli``), exporting or not."""

    name: ClassVar[str] = "sensitive_read"
    actor: str
    page: str
    query: str = ""
    export: str = ""


class ReviewRefused(AuditEvent, frozen=True, kw_only=True):
    """Somebody without the role, or without a recent sign-in, asked for the console."""

    name: ClassVar[str] = "authz_fail"
    page: str
    reason: str


class Acted(AuditEvent, frozen=True, kw_only=True):
    """A reviewer did something: ``action`` to ``count`` things, for a ``note`` of their own."""

    name: ClassVar[str] = "authz_admin"
    actor: str
    action: str
    count: int
    note: str = ""


class AlertRaised(AuditEvent, frozen=True, kw_only=True):
    """A rule fired for the first time since its last alert was closed."""

    name: ClassVar[str] = "alert_raised"
    rule: str
    group: str
    alert: str


class WebhookFailed(AuditEvent, frozen=True, kw_only=True):
    """An alert could not be delivered; it stays in the list."""

    name: ClassVar[str] = "alert_delivery_failed"
    alert: str
    reason: str
    attempts: int


class ClientChanged(AuditEvent, frozen=True, kw_only=True):
    """A session came from another network or browser than it began with: ``what`` says which."""

    name: ClassVar[str] = "session_client_changed"
    what: str


class UsedAfterEnd(AuditEvent, frozen=True, kw_only=True):
    """The cookie of an ended session was shown again; ``reason`` is why it had ended."""

    name: ClassVar[str] = "session_use_after_expire"
    reason: str


class PinMismatch(AuditEvent, frozen=True, kw_only=True):
    """A page spoke for another session than the one signed in."""

    name: ClassVar[str] = "session_changed"


class ProviderClockOff(AuditEvent, frozen=True, kw_only=True):
    """The provider's clock and ours are ``seconds`` apart."""

    name: ClassVar[str] = "provider_clock_off"
    seconds: float
