"""Events and leads, in memory; what the demo shows."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from upstream_mocks.api import seed

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LONGEST_TEXT = 120
LONGEST_NOTE = 2000

Score = Literal["hot", "warm", "cold"]
SCORES: tuple[Score, ...] = ("hot", "warm", "cold")


class Event(msgspec.Struct, kw_only=True):
    """One trade show; ``leads`` is how many were met there."""

    id: str
    name: str
    venue: str
    city: str
    date: str
    capacity: int
    leads: int = 0


class Lead(msgspec.Struct, kw_only=True):
    """Somebody met at an event; ``created_at`` is in Unix seconds."""

    id: str
    event_id: str
    name: str
    company: str
    email: str
    score: Score = "warm"
    note: str = ""
    created_at: float = 0.0
    created_by: str = ""


class Invalid(Exception):
    """``errors`` by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class Records:
    """The API's memory; ids of leads count upwards."""

    def __init__(self, now: float) -> None:
        self._events = {
            event_id: Event(
                id=event_id, name=name, venue=venue, city=city, date=date, capacity=capacity
            )
            for event_id, name, venue, city, date, capacity in seed.EVENTS
        }
        self._leads: dict[str, Lead] = {}
        self._made = 0
        for event_id, name, company, score, note in seed.LEADS:
            given = {"name": name, "company": company, "score": score, "note": note}
            given["email"] = f"{_ascii(name.split()[0])}@{_ascii(company)}.example"
            self.add_lead(event_id, given, now=now, by="grace")

    def events(self) -> list[Event]:
        """By date."""
        return [self._counted(event) for event in self._events.values()]

    def event(self, event_id: str) -> Event | None:
        """One of them."""
        event = self._events.get(event_id)
        return self._counted(event) if event else None

    def _counted(self, event: Event) -> Event:
        return msgspec.structs.replace(event, leads=len(self.leads(event.id)))

    def leads(self, event_id: str | None = None) -> list[Lead]:
        """The newest first."""
        return [
            lead
            for lead in reversed(self._leads.values())
            if event_id is None or lead.event_id == event_id
        ]

    def lead(self, lead_id: str) -> Lead | None:
        """One of them."""
        return self._leads.get(lead_id)

    def add_lead(self, event_id: str, given: Mapping[str, object], *, now: float, by: str) -> Lead:
        """Raises Invalid."""
        if event_id not in self._events:
            raise Invalid({"event_id": "No such event."})
        fields = valid_fields(given, complete=True)
        self._made += 1
        lead = Lead(
            id=f"lead-{self._made}", event_id=event_id, created_at=now, created_by=by, **fields
        )
        self._leads[lead.id] = lead
        return lead

    def change_lead(self, lead: Lead, given: Mapping[str, object]) -> Lead:
        """The fields that are given; raises Invalid."""
        changed = msgspec.structs.replace(lead, **valid_fields(given, complete=False))
        self._leads[lead.id] = changed
        return changed

    def remove_lead(self, lead: Lead) -> None:
        """For good."""
        del self._leads[lead.id]


def valid_fields(given: Mapping[str, object], *, complete: bool) -> dict[str, Any]:
    """The fields a person may set, stripped; raises Invalid with what is wrong with each."""
    fields: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, value in given.items():
        if name not in {"name", "company", "email", "score", "note"}:
            continue
        if not isinstance(value, str):
            errors[name] = "Must be text."
            continue
        fields[name] = value.strip()
        if problem := _problem(name, fields[name]):
            errors[name] = problem
    if complete:
        for name in ("name", "company", "email"):
            if name not in given:
                errors[name] = "Is needed."
    if errors:
        raise Invalid(errors)
    return fields


def _problem(name: str, value: str) -> str | None:
    if name == "score":
        return None if value in SCORES else f"Must be one of {', '.join(SCORES)}."
    if name == "note":
        return None if len(value) <= LONGEST_NOTE else f"At most {LONGEST_NOTE} characters."
    if not value:
        return "Is needed."
    if len(value) > LONGEST_TEXT:
        return f"At most {LONGEST_TEXT} characters."
    if name == "email" and not EMAIL.fullmatch(value):
        return "Is no e-mail address."
    return None


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z]", "", plain) or "mail"
