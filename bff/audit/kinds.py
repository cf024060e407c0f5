"""What an entry of the trail is by closed vocabularies alone: its kind.

Entries of one kind differ in who, where and when. Kinds are few, so that one index of each answers
any question about event, severity, outcome and reason together, and counts exactly.
"""

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

import msgspec

from bff.audit.record import Record
from bff.audit.rows import Outcome, RefreshOutcome, Severity

CLOSED = ("event", "severity", "outcome", "reason", "renewal")
_RENEWALS: dict[str, RefreshOutcome] = {
    "session_renewed": "renewed",
    "session_renewal_refused": "refused",
}


class Kind(msgspec.Struct, frozen=True, array_like=True):
    """One kind. ``renewal`` is how a renewal went; None for what is none."""

    event: str
    severity: Severity
    outcome: Outcome
    reason: str | None = None
    renewal: RefreshOutcome | None = None


def kind_of(record: Record) -> Kind:
    """What an entry is."""
    return Kind(record.event, record.severity, record.outcome, record.reason, renewal_of(record))


def renewal_of(record: Record) -> RefreshOutcome | None:
    """How a renewal went; None for what is none."""
    if record.event == "session_renewal_failed":
        return "unknown" if record.details.get("unknown") else "failed"
    return _RENEWALS.get(record.event)


@lru_cache(maxsize=4096)
def kind_name(kind: Kind) -> str:
    """Six characters that stand for it wherever entries are indexed."""
    digest = hashlib.blake2b(msgspec.json.encode(kind), digest_size=4).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def kinds_meant(
    kinds: Mapping[str, Kind],
    wanted: Mapping[str, Collection[str]],
    unwanted: Mapping[str, Collection[str]],
) -> list[str]:
    """The names of those kinds that a query means, as far as its closed fields go."""
    must = [(field, values) for field, values in wanted.items() if field in CLOSED]
    never = [(field, values) for field, values in unwanted.items() if field in CLOSED]
    return [
        name
        for name, kind in kinds.items()
        if all(getattr(kind, field) in values for field, values in must)
        and not any(getattr(kind, field) in values for field, values in never)
    ]


def open_fields(fields: Iterable[str]) -> list[str]:
    """Those of ``fields`` that a kind does not tell."""
    return [field for field in fields if field not in CLOSED]
