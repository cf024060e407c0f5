"""docs/security/log-inventory.md: every event, from the types themselves (ASVS 5.0, 16.1.1)."""

import inspect

import msgspec

from bff.audit import record
from bff.audit.events import AuditEvent
from bff.audit.rules import RULES

HEAD = """# Log inventory

Written by `make generated` from `bff/audit`. Do not edit.

What is recorded, under which name (the OWASP Logging Vocabulary's where it has one), how severe it is, how it ended,
and what it carries. Every record also has its time (UTC), the session's public reference, the user's subject and
issuer, the request id, the client's network and its browser's family, each where known. None can hold a token, a cookie
value, a session id, or text that the provider or a browser chose, but for the subject, its issuer, and a reviewer's own
note.

Where: one JSON line each on standard output (`"event":"audit"`, name in `audit`), and one entry each in the Redis
stream `<prefix>:{audit}:trail`, kept as `[audit]` says, chained by HMAC. Who may read: whoever may read the log;
reviewers in the console; whoever has the settings file, with `bff audit`. Refusals of one kind from one network are
kept sixty times a minute; how many more there were is an event of its own.

| name | what it means | severity | outcome | carries |
|---|---|---|---|---|
"""
RULES_HEAD = """
## Alert rules

| rule | what it says | severity | fires at |
|---|---|---|---|
"""
OWN = {"at", "ref", "issuer", "subject"}


def render() -> str:
    """The whole page."""
    lines = [_line(event) for event in record.every_event()]
    rules = [
        f"| `{rule.name}` | {rule.title} | {rule.severity} | {rule.threshold} within {rule.window:g} s |"
        for rule in RULES.values()
    ]
    return HEAD + "\n".join(lines) + "\n" + RULES_HEAD + "\n".join(rules) + "\n"


def _line(event: type[AuditEvent]) -> str:
    about = (inspect.getdoc(event) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    fields = [f for f in msgspec.structs.fields(event) if f.name not in OWN]
    carried = ", ".join(f"`{field.name}`" for field in fields) or "nothing more"
    return f"| `{event.name}` | {about} | {_severity(event)} | {_outcome(event)} | {carried} |"


def _severity(event: type[AuditEvent]) -> str:
    if issubclass(event, record.CRITICAL):
        return "critical"
    if issubclass(event, record.WARNING):
        return "warning"
    return (
        "info, or warning by its reason"
        if event.name in {"provider_breaker", "session_ended"}
        else "info"
    )


def _outcome(event: type[AuditEvent]) -> str:
    if issubclass(event, record.DENIED):
        return "denied"
    return "error" if issubclass(event, record.ERROR) else "success"
