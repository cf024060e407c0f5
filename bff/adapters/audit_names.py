"""The trail's keys in Redis, and which of them an entry is entered in."""

import hashlib
import hmac

from bff.audit.record import Record, every_event

FIVE_MINUTES = 300
LATENCIES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0)
_RENEWALS = {
    "session_renewed": "renewed",
    "session_renewal_refused": "refused",
    "session_renewal_unsaved": "unknown",
}


class AuditNames:
    """All in one hash slot; sessions and users as keyed hashes."""

    __slots__ = ("_base", "_key")

    def __init__(self, prefix: str, key: bytes) -> None:
        """``key`` is the trail's."""
        self._base = f"{prefix}:{{audit}}"
        self._key = key

    @property
    def trail(self) -> str:
        """The stream itself."""
        return self.plain("trail")

    def plain(self, name: str) -> str:
        """A key of its own."""
        return f"{self._base}:{name}"

    def has(self, field: str, value: str) -> str:
        """The stream of ids whose ``event``, ``outcome`` or ``severity`` is this."""
        return f"{self._base}:is:{field}:{value}"

    def about(self, field: str, value: str) -> str:
        """The sorted set of ids about one session (``ref``) or user (``subject``)."""
        digest = hmac.digest(self._key, f"{field}\0{value}".encode(), hashlib.sha256).hex()[:32]
        return f"{self._base}:of:{digest}"

    def five(self, at: float) -> str:
        """What happened in the five minutes around ``at``."""
        return f"{self._base}:five:{int(at // FIVE_MINUTES)}"

    def streams_of(self, record: Record) -> list[str]:
        """Which streams of ids hold an entry."""
        names = [self.has("event", record.event)]
        if record.outcome != "success":
            names.append(self.has("outcome", record.outcome))
        if record.severity != "info":
            names.append(self.has("severity", record.severity))
        return names

    def every_stream(self) -> list[str]:
        """All streams of ids there can be."""
        return [
            *(self.has("event", event.name) for event in every_event()),
            *(self.has("outcome", outcome) for outcome in ("denied", "error")),
            *(self.has("severity", severity) for severity in ("warning", "critical")),
        ]

    def sets_of(self, record: Record) -> list[str]:
        """Which sorted sets hold an entry."""
        people = {who for who in (record.subject, record.actor) if who}
        sets = [self.about("subject", who) for who in sorted(people)]
        return [*sets, self.about("ref", record.ref)] if record.ref else sets


def counted(record: Record) -> list[tuple[str, int]]:
    """What an entry adds to its five minutes: the event, its reason, a renewal's outcome and latency."""
    adds = [(f"e:{record.event}", 1)]
    if record.event == "session_renewal_failed":
        unknown = bool(record.details.get("unknown"))
        adds.append(("r:unknown" if unknown else "r:failed", 1))
    elif record.event in _RENEWALS:
        adds.append((f"r:{_RENEWALS[record.event]}", 1))
    waiters, latency = record.details.get("waiters"), record.details.get("latency")
    if isinstance(waiters, int) and waiters:
        adds.append(("r:coalesced", waiters))
    if isinstance(latency, float) and record.event == "session_renewed":
        bucket = next((limit for limit in LATENCIES if latency <= limit), LATENCIES[-1])
        adds.append((f"l:{bucket:g}", 1))
    if record.event == "session_ended":
        adds.append((f"x:{record.reason}", 1))
    if record.event == "provider_breaker":
        adds.append((f"b:{record.reason}", 1))
    return adds
