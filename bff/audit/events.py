"""Every security-relevant event, typed.

Field values are our own words, numbers, public references, or a subject identifier.

``name`` is the OWASP Logging Vocabulary's word where it has one. No event has a field that could
hold a token, a cookie value, a session id, or text the provider or the browser chose, except the
subject and its issuer.
"""

from typing import ClassVar, TypedDict

import msgspec


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What all events share.

    ``at`` (Unix seconds), ``ref`` (public session reference) and who, when known.
    """

    name: ClassVar[str] = "event"
    at: float
    ref: str | None = None
    issuer: str | None = None
    subject: str | None = None


class Who(TypedDict):
    """The fields every event about a session shares, ready to be passed on."""

    at: float
    ref: str | None
    issuer: str | None
    subject: str | None


class SignedIn(AuditEvent, frozen=True, kw_only=True):
    """A session began; ``replaced`` says whether it ended another one of the same browser."""

    name: ClassVar[str] = "authn_login_success"
    replaced: bool


class SignInFailed(AuditEvent, frozen=True, kw_only=True):
    """A sign-in did not complete.

    ``reason`` is the failed check or the provider's registered error code.
    """

    name: ClassVar[str] = "authn_login_fail"
    reason: str


class SessionRenewed(AuditEvent, frozen=True, kw_only=True):
    """One refresh succeeded.

    ``seconds_left`` is what the old access token had left; ``latency`` in seconds.
    """

    name: ClassVar[str] = "session_renewed"
    trigger: str
    generation: int
    rotated: bool
    seconds_left: float
    latency: float
    waiters: int
    after_unknown: bool
    expires_at: float | None = None


class RefreshFailed(AuditEvent, frozen=True, kw_only=True):
    """One refresh did not succeed and the session is kept.

    ``unknown``: the provider may have acted.
    """

    name: ClassVar[str] = "session_renewal_failed"
    trigger: str
    generation: int
    reason: str
    unknown: bool
    attempts: int
    latency: float
    waiters: int
    error: str | None = None
    seconds_left: float | None = None


class RefreshRefused(AuditEvent, frozen=True, kw_only=True):
    """One refresh ended its session; ``reason`` as in :class:`SessionEnded`, which follows.

    ``unknown``: an earlier attempt's outcome was not known.
    """

    name: ClassVar[str] = "session_renewal_refused"
    trigger: str
    generation: int
    reason: str
    unknown: bool
    latency: float
    waiters: int
    error: str | None = None
    seconds_left: float | None = None


class ProviderBreaker(AuditEvent, frozen=True, kw_only=True):
    """This process stopped asking the provider (``open``), tries once (``probing``), asks again (``closed``)."""

    name: ClassVar[str] = "provider_breaker"
    state: str


class SessionEnded(AuditEvent, frozen=True, kw_only=True):
    """A session ended, for this reason (:class:`bff.session.model.EndReason`)."""

    name: ClassVar[str] = "session_ended"
    reason: str
    generation: int | None = None


class EverybodyEnded(AuditEvent, frozen=True, kw_only=True):
    """An operator ended every session at once: a new epoch began; ``sessions`` is how many lived."""

    name: ClassVar[str] = "session_ended_everybody"
    epoch: int
    sessions: int


class HandleReplayed(AuditEvent, frozen=True, kw_only=True):
    """A superseded session handle was used after its grace: a stolen cookie, one way or the other."""

    name: ClassVar[str] = "authn_token_reuse"
    presented: int
    generation: int


class CsrfRefused(AuditEvent, frozen=True, kw_only=True):
    """A request was refused because it was not shown to be ours; ``signal`` says by which check."""

    name: ClassVar[str] = "malicious_csrf"
    signal: str
    method: str


class RevocationFailed(AuditEvent, frozen=True, kw_only=True):
    """A token could not be revoked at the provider.

    It may live until it expires (RFC 7009, section 2.2.1).
    """

    name: ClassVar[str] = "token_revocation_failed"
    token_kind: str
    reason: str


class TokensRevoked(AuditEvent, frozen=True, kw_only=True):
    """The provider was told that a token is no longer wanted, and agreed.

    ``after`` how many seconds, at which attempt.
    """

    name: ClassVar[str] = "token_revoked"
    token_kind: str
    attempts: int
    after: float


class LogoutTokenRefused(AuditEvent, frozen=True, kw_only=True):
    """A back-channel Logout Token failed a check."""

    name: ClassVar[str] = "backchannel_logout_refused"
    check: str


class RateLimitHit(AuditEvent, frozen=True, kw_only=True):
    """A limit was reached; ``limit`` is its name."""

    name: ClassVar[str] = "excess_rate_limit_exceeded"
    limit: str


class TokenLeakStopped(AuditEvent, frozen=True, kw_only=True):
    """An API's answer carried the very token that was attached; it was cut off."""

    name: ClassVar[str] = "token_leak_stopped"
    route: str
    place: str


class AudienceTokenRefused(AuditEvent, frozen=True, kw_only=True):
    """The provider gives no access token for the ``resource`` of this route.

    ``error`` is its registered code (``invalid_target``) or our own word. A mistake in a
    configuration, here or there; no session suffers.
    """

    name: ClassVar[str] = "audience_token_refused"
    route: str
    error: str


class GenerationConflict(AuditEvent, frozen=True, kw_only=True):
    """A fenced write found another generation than the one read.

    A lease was lost, nothing was overwritten.
    """

    name: ClassVar[str] = "session_generation_conflict"
    generation: int


class TokensUnsaved(AuditEvent, frozen=True, kw_only=True):
    """Renewed tokens could not be written in time: the stored refresh token may be spent."""

    name: ClassVar[str] = "session_renewal_unsaved"
    generation: int
    waited: float


ALARMING = (HandleReplayed, TokenLeakStopped, TokensUnsaved)
"""A stolen handle, an API that gives tokens away, tokens lost: somebody should be woken."""
