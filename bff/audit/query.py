"""What a reviewer asks the trail: words and qualifiers (docs/security/review-api.md)."""

import re
import shlex
from datetime import UTC, datetime

import msgspec

from bff.audit.kinds import renewal_of
from bff.audit.record import Record, title_of

QUALIFIERS = {
    "event": "event",
    "action": "event",
    "severity": "severity",
    "outcome": "outcome",
    "actor": "actor",
    "subject": "subject",
    "user": "subject",
    "ref": "ref",
    "ip": "address",
    "address": "address",
    "request": "request_id",
    "reason": "reason",
}
_SPAN = re.compile(r"-(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST = 1_000


class QueryInvalid(ValueError):
    """The query cannot be read; the message says which part."""


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """All must hold: one of each field's ``wanted`` values, none of ``unwanted``, every word somewhere."""

    wanted: dict[str, tuple[str, ...]] = {}
    unwanted: dict[str, tuple[str, ...]] = {}
    words: tuple[str, ...] = ()
    after: float | None = None
    before: float | None = None

    def matches(self, record: Record) -> bool:
        """Whether an entry is meant; its time is judged elsewhere."""
        for field, values in self.wanted.items():
            if _text(record, field) not in values:
                return False
        for field, values in self.unwanted.items():
            if _text(record, field) in values:
                return False
        if not self.words:
            return True
        haystack = _haystack(record)
        return all(word in haystack for word in self.words)

    @property
    def everything(self) -> bool:
        """Whether only time limits it."""
        return not (self.wanted or self.unwanted or self.words)


def parse_query(text: str, now: float) -> AuditQuery:
    """Read it. Raises QueryInvalid."""
    if len(text) > LONGEST:
        raise QueryInvalid("the query is too long")
    wanted: dict[str, tuple[str, ...]] = {}
    unwanted: dict[str, tuple[str, ...]] = {}
    words: list[str] = []
    after = before = None
    for part in _parts(text):
        name, colon, value = part.partition(":")
        bare = name.removeprefix("-").lower()
        if colon and bare in {"after", "before"} and not name.startswith("-"):
            moment = parse_moment(value, now)
            after, before = (moment, before) if bare == "after" else (after, moment)
        elif colon and bare in QUALIFIERS and value:
            chosen = unwanted if name.startswith("-") else wanted
            field = QUALIFIERS[bare]
            chosen[field] = (*chosen.get(field, ()), value)
        else:
            words.append(part.lower())
    return AuditQuery(
        wanted=wanted, unwanted=unwanted, words=tuple(words), after=after, before=before
    )


def parse_moment(text: str, now: float) -> float:
    """A date, a moment in UTC, Unix seconds, or a span before now such as ``-2h``. Raises QueryInvalid."""
    if match := _SPAN.fullmatch(text):
        return now - int(match[1]) * _SECONDS[match[2]]
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        msg = "after: and before: take a date, a moment in UTC, or a span such as -2h"
        raise QueryInvalid(msg) from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _parts(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise QueryInvalid("a quotation mark is not closed") from None


def _text(record: Record, field: str) -> str | None:
    if field == "actor":
        return record.actor or record.subject
    if field == "renewal":
        return renewal_of(record)
    found: str | None = getattr(record, field)
    return found


def _haystack(record: Record) -> str:
    fields = (
        record.event,
        title_of(record.event),
        record.subject,
        record.actor,
        record.ref,
        record.address,
        record.reason,
        record.request_id,
    )
    return "\n".join(field for field in fields if field).lower()
