"""The trail's keys in Redis, and which of them an entry is entered in."""

import hashlib
import hmac
from datetime import UTC, datetime

from bff.audit.record import Record

FIVE_MINUTES, HOUR = 300, 3_600
LATENCIES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0)
_RENEWALS = {
    "session_renewed": "renewed",
    "session_renewal_refused": "refused",
    "session_renewal_unsaved": "unknown",
}
_SIGN_INS = {"authn_login_success": "good", "authn_login_fail": "bad"}


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

    def kind(self, name: str) -> str:
        """The stream of ids of one kind of entry."""
        return f"{self._base}:kind:{name}"

    def about(self, field: str, value: str) -> str:
        """The sorted set of ids about one session (``ref``), network (``address``) or user.

        A user is ``self`` where nobody else acted, else ``subject`` or ``actor``.
        """
        return f"{self._base}:of:{self._digest(field, value)}"

    def calendar(self, subject: str) -> str:
        """How many of a user's sign-ins succeeded and failed on each day."""
        return f"{self._base}:days:{self._digest('subject', subject)}"

    def request(self, request_id: str) -> tuple[str, str]:
        """The sorted set in which a request's entries are, among others', and how theirs begin.

        Sets of a few members are small in Redis; one for each request would not be.
        """
        digest = hashlib.blake2b(request_id.encode(), digest_size=6).hexdigest()
        return f"{self._base}:requests:{digest[:4]}", digest[4:]

    def five(self, at: float) -> str:
        """What happened in the five minutes around ``at``."""
        return f"{self._base}:five:{int(at // FIVE_MINUTES)}"

    def sets_of(self, record: Record) -> list[str]:
        """Which sorted sets hold an entry."""
        found = []
        if record.actor:
            found.append(self.about("actor", record.actor))
            if record.subject:
                found.append(self.about("subject", record.subject))
        elif record.subject:
            found.append(self.about("self", record.subject))
        if record.ref:
            found.append(self.about("ref", record.ref))
        if record.address:
            found.append(self.about("address", record.address))
        return found

    def sets_where(self, field: str, value: str) -> list[str]:
        """The sorted sets that hold the entries whose ``field`` is ``value``, each in one of them."""
        if field in {"subject", "actor"}:
            return [self.about("self", value), self.about(field, value)]
        return [self.about(field, value)]

    def _digest(self, field: str, value: str) -> str:
        content = f"{field}\0{value}".encode()
        return hmac.digest(self._key, content, hashlib.sha256).hex()[:32]


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


def day_counted(record: Record) -> str:
    """The calendar's field that an entry adds to: ``YYYY-MM-DD:`` and good or bad; empty for none."""
    mark = _SIGN_INS.get(record.event)
    if mark is None or not record.subject:
        return ""
    return f"{datetime.fromtimestamp(record.at, UTC).date().isoformat()}:{mark}"
