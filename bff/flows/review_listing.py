"""The reviewer's list of sessions: newest first straight from the register, or filtered and sorted.

A filter or another order needs to have seen them all. One reading of the register is kept in the
process for a few seconds, so that a page costs no more than its sorting.
"""

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bff.audit.rows import Page, SessionRow, SessionStatus
from bff.errors import RequestMalformed
from bff.flows.ports import Background, Clock, Detached
from bff.flows.register_ports import SessionRegister
from bff.session.limits import SessionLimits, hard_end
from bff.session.overview import PagePlace, SessionOverview

KEPT_SECONDS = 10.0
READ_AT_ONCE = 500
MOST = 250_000
"""So many sessions are read for filters at most; beyond that the list says that it is not complete."""
WAIT_SECONDS = 5.0
IDLE_AFTER_SECONDS = 900.0
NEWEST = "-started"
_TEXTS = ("subject", "ref", "name", "address", "agent")
_ORDERS: dict[str, Callable[[SessionRow], Any]] = {
    "started": lambda row: row.started_at,
    "seen": lambda row: row.seen_at,
    "subject": lambda row: row.subject,
    "access_left": lambda row: row.access_expires_at,
    "refreshes": lambda row: row.refreshes,
}


class SessionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions, in which order. Empty text and None mean any."""

    q: str = ""
    state: str = ""
    subject: str = ""
    address: str = ""
    agent: str = ""
    client_changed: bool = False
    started_after: float | None = None
    started_before: float | None = None
    sort: str = NEWEST

    @property
    def everything(self) -> bool:
        """Whether no session is left out and the order is that of the register."""
        return msgspec.structs.replace(self, sort=NEWEST) == SessionFilter() and (
            self.sort == NEWEST
        )

    def means(self, row: SessionRow) -> bool:
        """Whether a session is meant."""
        word = self.q.lower()
        return (
            (not self.state or row.state == self.state)
            and (not self.subject or row.subject == self.subject)
            and (not self.address or row.address == self.address)
            and (not self.agent or row.agent == self.agent)
            and (not self.client_changed or row.client_changed)
            and (self.started_after is None or row.started_at >= self.started_after)
            and (self.started_before is None or row.started_at < self.started_before)
            and (not word or any(word in (getattr(row, name) or "").lower() for name in _TEXTS))
        )


@dataclass(slots=True)
class Reading:
    """One reading of the whole register: when it was complete, and what it found."""

    at: float
    rows: tuple[SessionRow, ...]
    complete: bool


@dataclass(slots=True)
class SessionListing:
    """Lists live sessions for a reviewer. Every method raises StoreUnavailable."""

    register: SessionRegister
    background: Background
    clock: Clock
    limits: SessionLimits
    _reading: Reading | None = None
    _under_way: Detached[Reading] | None = field(default=None)

    async def page(
        self, wanted: SessionFilter, cursor: str | None, limit: int, own: str
    ) -> Page[SessionRow]:
        """One page. Raises RequestMalformed for a cursor or an order that is none of ours."""
        if wanted.everything:
            return await self._newest(cursor, limit, own)
        reading = await self._read()
        rows, facets = self._meant(reading, wanted)
        start = _start(rows, wanted.sort, cursor)
        shown = rows[start : start + limit]
        more = start + limit < len(rows)
        return Page(
            rows=tuple(_mark(row, own) for row in shown),
            next=_cursor(wanted.sort, shown[-1]) if more and shown else None,
            total=len(rows),
            exact=reading.complete,
            complete=reading.complete,
            as_of=reading.at,
            facets=facets,
        )

    async def refs(self, wanted: SessionFilter) -> list[str]:
        """The references of all that are meant, read now."""
        reading = await self._read(fresh=True)
        return [row.ref for row in self._meant(reading, wanted)[0]]

    def row(self, overview: SessionOverview, now: float) -> SessionRow:
        """One session as it is listed."""
        core, facts = overview.core, overview.facts
        absolute = hard_end(core.absolute_expires_at, facts.refresh_expires_at)
        return SessionRow(
            ref=core.ref,
            state=state_of(overview, now),
            subject=core.subject,
            name=_name(core.claims),
            started_at=core.created_at,
            seen_at=overview.touched_at,
            idle_expires_at=min(absolute, overview.touched_at + self.limits.idle),
            absolute_expires_at=absolute,
            access_expires_at=facts.expires_at,
            access_lifetime=facts.expires_at - facts.issued_at,
            refreshes=facts.generation,
            address=core.network,
            agent=core.device,
            client_changed=overview.client_changed,
            alerts=0,
            own=False,
        )

    async def _newest(self, cursor: str | None, limit: int, own: str) -> Page[SessionRow]:
        now = self.clock.now()
        total = await self.register.count(now)
        after = _read_cursor(cursor, PagePlace) if cursor else None
        page = await self.register.page(after, limit, now)
        return Page(
            rows=tuple(_mark(self.row(one, now), own) for one in page.sessions),
            next=_write_cursor(page.next) if page.next is not None else None,
            total=total,
            exact=True,
            complete=True,
            as_of=now,
            facets=self._known_facets(),
        )

    def _known_facets(self) -> dict[str, dict[str, int]]:
        """Of the last reading, if there is one; a plain list does not wait for counts."""
        return _facets(self._reading.rows) if self._reading is not None else {}

    def _meant(
        self, reading: Reading, wanted: SessionFilter
    ) -> tuple[list[SessionRow], dict[str, dict[str, int]]]:
        name, _, descending = wanted.sort.removeprefix("-"), "", wanted.sort.startswith("-")
        order = _ORDERS.get(name)
        if order is None:
            raise RequestMalformed("sort")
        without_state = msgspec.structs.replace(wanted, state="")
        near = [row for row in reading.rows if without_state.means(row)]
        meant = [row for row in near if not wanted.state or row.state == wanted.state]
        meant.sort(key=lambda row: (order(row), row.ref), reverse=descending)
        return meant, _facets(near)

    async def _read(self, *, fresh: bool = False) -> Reading:
        """A reading a few seconds old, or a new one; many who ask share it."""
        known = self._reading
        if known is not None and not fresh and self.clock.now() - known.at < KEPT_SECONDS:
            return known
        if self._under_way is None:
            self._under_way = self.background.start("session listing", self._read_all())
        got = await self._under_way.wait(WAIT_SECONDS)
        if got is not None:
            return got
        return known or Reading(self.clock.now(), (), complete=False)

    async def _read_all(self) -> Reading:
        try:
            now = self.clock.now()
            rows: list[SessionRow] = []
            place: PagePlace | None = None
            while True:
                page = await self.register.page(place, READ_AT_ONCE, now)
                rows += [self.row(one, now) for one in page.sessions]
                place = page.next
                if place is None or len(rows) >= MOST:
                    break
            self._reading = Reading(now, tuple(rows), complete=place is None)
            return self._reading
        finally:
            self._under_way = None


def state_of(overview: SessionOverview, now: float) -> SessionStatus:
    """How a live session stands."""
    journal = overview.journal
    if journal is not None:
        return "renewing" if journal.outcome is None else "stuck"
    if now >= overview.facts.expires_at and overview.facts.refresh_fingerprint is None:
        return "stuck"
    return "idle" if now - overview.touched_at > IDLE_AFTER_SECONDS else "active"


def _name(claims: dict[str, object]) -> str | None:
    name = claims.get("name")
    return name[:200] if isinstance(name, str) else None


def _mark(row: SessionRow, own: str) -> SessionRow:
    return msgspec.structs.replace(row, own=True) if row.ref == own else row


def _facets(rows: Sequence[SessionRow]) -> dict[str, dict[str, int]]:
    states: Counter[str] = Counter(row.state for row in rows)
    agents: Counter[str] = Counter(row.agent or "unknown" for row in rows)
    return {"state": dict(states), "agent": dict(agents.most_common(12))}


def _start(rows: list[SessionRow], sort: str, cursor: str | None) -> int:
    """Where the next page begins: after the cursor's place, whatever has come or gone meanwhile."""
    if cursor is None:
        return 0
    value, ref = _read_cursor(cursor, tuple[float | str, str])
    order, descending = _ORDERS[sort.removeprefix("-")], sort.startswith("-")
    for index, row in enumerate(rows):
        place = (order(row), row.ref)
        try:
            past = place < (value, ref) if descending else place > (value, ref)
        except TypeError as error:
            raise RequestMalformed("cursor") from error
        if past:
            return index
    return len(rows)


def _cursor(sort: str, row: SessionRow) -> str:
    return _write_cursor((_ORDERS[sort.removeprefix("-")](row), row.ref))


def _write_cursor(place: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode("ascii").rstrip("=")


def _read_cursor(text: str, kind: Any) -> Any:  # noqa: ANN401  whatever ``kind`` says
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise RequestMalformed("cursor") from error
