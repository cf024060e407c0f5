"""The alert rules: what an event means to somebody on call. Pure; counting is done elsewhere.

A rule turns an event into a signal: which rule, about whom, and how many within how long make an
alert. One signal of most rules is enough.
"""

from collections.abc import Iterator

import msgspec

from bff.audit.record import Record
from bff.audit.rows import Severity

CLOCK_LIMIT_SECONDS = 30.0
MASS_REVOCATION = 20
_FORGED = frozenset({"state", "nonce", "iss", "signature"})
_UNKNOWN = "LoginTransactionNotFound"


class Rule(msgspec.Struct, frozen=True):
    """``threshold`` signals within ``window`` seconds raise an alert."""

    name: str
    title: str
    severity: Severity
    threshold: int = 1
    window: float = 600.0


class Signal(msgspec.Struct, frozen=True):
    """One event, as one rule sees it: ``group`` is what alerts are told apart by."""

    rule: Rule
    group: str
    subject: str | None
    ref: str | None
    evidence: str


RULES = {
    rule.name: rule
    for rule in (
        Rule("refresh_refused", "A renewal was refused, or answered for somebody else", "critical"),
        Rule("refresh_failing", "Renewals keep failing", "warning", 10, 300.0),
        Rule("provider_circuit_open", "The circuit to the provider is open", "warning"),
        Rule("handle_replayed", "A superseded session cookie was used", "critical"),
        Rule("used_after_end", "An ended session's cookie is being used", "warning", 5, 600.0),
        Rule("client_changed", "Browser or network changed inside a session", "warning"),
        Rule("many_sessions", "One user has many sessions", "warning", 10, 86_400.0),
        Rule("csrf_refused", "Cross-site requests are being refused", "warning", 20, 300.0),
        Rule("session_changed_burst", "Pages speak for other sessions", "warning", 10, 300.0),
        Rule("callback_forged", "A sign-in came back with the wrong state, nonce or issuer", "warning", 3, 600.0),
        Rule("sign_in_failing", "Sign-ins keep failing", "warning", 20, 300.0),
        Rule("rate_limited", "A limit is being hit again and again", "warning", 30, 300.0),
        Rule("token_leak", "An API gave away an access token", "critical"),
        Rule("renewal_lost", "Renewed tokens could not be stored", "critical"),
        Rule("mass_revocation", "Many sessions were ended at once", "warning", MASS_REVOCATION, 60.0),
        Rule("clock_off", "The provider's clock differs from ours", "warning"),
        Rule("audit_interrupted", "The audit trail could not be written", "critical"),
        Rule("unexpected_error", "Something failed that nobody expected", "warning"),
        Rule("review_refused", "The console was refused to somebody", "warning", 3, 600.0),
    )
}  # fmt: skip
_BY_EVENT = {
    "authn_token_reuse": "handle_replayed",
    "session_renewal_failed": "refresh_failing",
    "session_renewal_refused": "refresh_refused",
    "session_use_after_expire": "used_after_end",
    "session_client_changed": "client_changed",
    "malicious_csrf": "csrf_refused",
    "session_changed": "session_changed_burst",
    "excess_rate_limit_exceeded": "rate_limited",
    "token_leak_stopped": "token_leak",
    "session_renewal_unsaved": "renewal_lost",
    "provider_clock_off": "clock_off",
    "sys_monitor_disabled": "audit_interrupted",
    "sys_error": "unexpected_error",
    "session_ended_everybody": "mass_revocation",
    "authz_fail": "review_refused",
}
_BY_SESSION = {"handle_replayed", "refresh_refused", "client_changed", "renewal_lost"}
_BY_ADDRESS = {"csrf_refused", "used_after_end", "session_changed_burst", "callback_forged"}


def signals(record: Record, *, sessions_per_user: int) -> Iterator[Signal]:
    """What the rules make of an event."""
    for name in _meant(record):
        rule = RULES[name]
        if name == "many_sessions":
            rule = msgspec.structs.replace(rule, threshold=sessions_per_user + 1)
        elif name == "mass_revocation" and record.event == "session_ended_everybody":
            rule = msgspec.structs.replace(rule, threshold=1)
        yield _signal(rule, record)


def _meant(record: Record) -> Iterator[str]:
    """The rules that an event is for."""
    if name := _BY_EVENT.get(record.event):
        if name != "clock_off" or _seconds(record) > CLOCK_LIMIT_SECONDS:
            yield name
    elif record.event == "session_ended":
        if record.reason == "admin":
            yield "mass_revocation"
    elif record.event == "provider_breaker" and record.reason == "open":
        yield "provider_circuit_open"
    elif record.event == "authn_login_success" and not record.details.get("replaced"):
        yield "many_sessions"
    elif record.event == "authn_login_fail":
        yield "sign_in_failing"
        kind, _, check = (record.reason or "").partition(": ")
        if check in _FORGED or kind == _UNKNOWN:
            yield "callback_forged"


def _signal(rule: Rule, record: Record) -> Signal:
    group, evidence = "", f"event:{record.event}"
    if rule.name in _BY_SESSION and record.ref:
        group, evidence = record.ref, f"ref:{record.ref}"
    elif rule.name == "many_sessions" and record.subject:
        group, evidence = record.subject, f'"subject:{record.subject}" event:{record.event}'
    elif rule.name in _BY_ADDRESS and record.address:
        group, evidence = record.address, f"event:{record.event} ip:{record.address}"
    by_user = rule.name in _BY_SESSION or rule.name == "many_sessions"
    return Signal(
        rule=rule,
        group=group,
        subject=record.subject if by_user else None,
        ref=record.ref if rule.name in _BY_SESSION else None,
        evidence=evidence,
    )


def _seconds(record: Record) -> float:
    seconds = record.details.get("seconds")
    return abs(seconds) if isinstance(seconds, float | int) else 0.0
