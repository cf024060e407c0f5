"""A stretch of the trail in figures: what a report tells. Memory is bounded, whatever its length."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from bff.audit.kinds import renewal_of
from bff.audit.record import Entry, Record

MOST = 100
"""So many single events are told one by one of each kind; the others are counted."""
STEPS = 84
_decode = msgspec.json.Decoder(Record).decode
_BY_REASON = {
    "authn_login_fail": "sign_in_failures",
    "malicious_csrf": "csrf",
    "excess_rate_limit_exceeded": "limits",
    "session_ended": "ends",
    "authz_fail": "refused_reviewers",
}
NOTABLE = {
    "sys_startup": "processes",
    "sys_shutdown": "processes",
    "sys_error": "gaps",
    "sys_monitor_disabled": "gaps",
    "audit_suppressed": "gaps",
    "authz_admin": "acts",
    "session_ended_everybody": "acts",
    "authn_token_reuse": "replays",
    "token_leak_stopped": "replays",
}
"""Which events are told one by one, and under which heading."""


class Told(msgspec.Struct, frozen=True):
    """One event, told by itself."""

    seq: int
    at: float
    event: str
    who: str
    about: str
    words: str


@dataclass(slots=True)
class Tally:
    """Counts what it reads between two moments (Unix seconds)."""

    since: float
    until: float
    events: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    renewals: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: dict[str, list[int]] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=dict)
    keys: Counter[tuple[str, str]] = field(default_factory=Counter)
    entries: int = 0
    first: int = 0
    last: int = 0
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, entry: Entry) -> None:
        """The next entry, if it is of this time."""
        record = _decode(entry.body)
        if not self.since <= record.at < self.until:
            return
        self.entries += 1
        self.first, self.last = self.first or entry.seq, entry.seq
        self._digest.update(entry.mac)
        self.events[record.event] += 1
        if name := _BY_REASON.get(record.event):
            self.reasons.setdefault(name, Counter())[record.reason or "unknown"] += 1
        if outcome := renewal_of(record):
            self.renewals[(outcome, record.reason or "")] += 1
            self._step(f"renewal {outcome}", record.at)
        self._step(record.event, record.at)
        if heading := NOTABLE.get(record.event):
            self._tell(heading, entry, record)

    @property
    def digest(self) -> str:
        """SHA-256 of the MACs of all entries counted, in their order."""
        return self._digest.hexdigest()

    def over_time(self, name: str) -> list[int]:
        """How often in each of ``STEPS`` equal steps."""
        return self.steps.get(name, [0] * STEPS)

    def _step(self, name: str, at: float) -> None:
        number = int((at - self.since) / (self.until - self.since) * STEPS)
        self.steps.setdefault(name, [0] * STEPS)[min(number, STEPS - 1)] += 1

    def _tell(self, heading: str, entry: Entry, record: Record) -> None:
        if record.event == "sys_startup":
            for ring in ("signing_keys", "sealing_keys"):
                self.keys[(ring, str(record.details.get(ring, "")))] += 1
        kept = self.told.setdefault(heading, [])
        kept.append(
            Told(
                entry.seq,
                record.at,
                record.event,
                record.actor or record.subject or "",
                record.ref or record.subject or "",
                _words(record),
            )
        )
        del kept[:-MOST]


def _words(record: Record) -> str:
    """What the event says of itself."""
    said = {
        name: value
        for name, value in record.details.items()
        if not isinstance(value, dict) and value not in ("", None)
    }
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in said.items())[:300]
