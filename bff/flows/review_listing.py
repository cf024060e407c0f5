"""The reviewer's list of sessions: newest first straight from the register, or filtered and sorted.

A filter or another order needs to have seen them all. One reading of the register is kept in the
process for a minute at most, and made anew behind the answer, so that a page costs no more than
looking through it. Whoever asks first gets what has been read so far, and is told that it is not all.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec

from bff.audit.rows import Page, SessionRow, SessionStatus
from bff.errors import RequestMalformed, StoreUnavailable
from bff.flows.ports import Background, Clock, Detached
from bff.flows.register_ports import SessionRegister
from bff.flows.review_reading import FIELDS, Reading, SessionFilter
from bff.session.limits import SessionLimits, hard_end
from bff.session.overview import PagePlace, SessionOverview

KEPT_SECONDS, STALE_SECONDS = 20.0, 60.0
FIRST_SECONDS = 0.1
"""So long a first page waits for the reading; the next ask, some seconds later, has more of it."""
READ_AT_ONCE = 100
GLANCE = 5_000
"""So many of the newest sessions are looked through while not all have been read."""
MOST = 250_000
"""So many sessions are read for filters at most; beyond that the list says that it is not complete."""
FRESH_SECONDS = 60.0
IDLE_AFTER_SECONDS = 900.0


@dataclass(slots=True)
class SessionListing:
    """Lists live sessions for a reviewer. Every method raises StoreUnavailable."""

    register: SessionRegister
    background: Background
    clock: Clock
    limits: SessionLimits
    _reading: Reading | None = None
    _under_way: Detached[Reading] | None = field(default=None)
    _so_far: list[SessionRow] = field(default_factory=list)

    async def page(
        self, wanted: SessionFilter, cursor: str | None, limit: int, own: str
    ) -> Page[SessionRow]:
        """One page. Raises RequestMalformed for a cursor or an order that is none of ours."""
        if wanted.everything:
            return await self._newest(cursor, limit, own)
        reading = await self._read()
        if wanted.sort.removeprefix("-") not in FIELDS:
            raise RequestMalformed("sort")
        look = reading.look(wanted)
        shown = _after(look.rows, wanted.sort, cursor, limit + 1)
        more = len(shown) > limit
        return Page(
            rows=tuple(_mark(row, own) for row in shown[:limit]),
            next=_cursor(wanted.sort, shown[limit - 1]) if more else None,
            total=len(look.rows),
            exact=reading.complete,
            complete=reading.complete,
            as_of=reading.at,
            facets=dict(look.facets),
        )

    async def refs(self, wanted: SessionFilter) -> list[str]:
        """The references of all that are meant, read now."""
        reading = await self._read(fresh=True)
        return [row.ref for row in reading.look(wanted).rows]

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
        return dict(self._reading.look(SessionFilter()).facets) if self._reading is not None else {}

    async def _read(self, *, fresh: bool = False) -> Reading:
        """A reading not long old, or what there is of a new one; many who ask share it.

        A ``fresh`` one begins after this call and is complete, or StoreUnavailable is raised.
        """
        if fresh:
            if self._under_way is not None:
                await self._under_way.wait(FRESH_SECONDS)
            got = await self._begun().wait(FRESH_SECONDS)
            if got is None or not got.complete:
                raise StoreUnavailable
            return got
        known, now = self._reading, self.clock.now()
        if known is not None and now - known.at < KEPT_SECONDS:
            return known
        begun = self._begun()
        if known is not None and now - known.at < STALE_SECONDS:
            return known
        got = await begun.wait(FIRST_SECONDS)
        return got or Reading(now, self._so_far[:GLANCE], complete=False)

    def _begun(self) -> Detached[Reading]:
        """The reading under way, or one that begins."""
        if self._under_way is None:
            self._so_far = []
            self._under_way = self.background.start("session listing", self._read_all())
        return self._under_way

    async def _read_all(self) -> Reading:
        try:
            now = self.clock.now()
            rows, texts = self._so_far, dict[str | None, str | None]()
            place: PagePlace | None = None
            while True:
                page = await self.register.page(place, READ_AT_ONCE, now)
                rows += [_shared(self.row(one, now), texts) for one in page.sessions]
                place = page.next
                if place is None or len(rows) >= MOST:
                    break
            self._reading = Reading(now, rows, complete=place is None)
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


def _shared(row: SessionRow, texts: dict[str | None, str | None]) -> SessionRow:
    """The same, with texts that many rows have kept once."""
    return msgspec.structs.replace(
        row,
        address=texts.setdefault(row.address, row.address),
        agent=texts.setdefault(row.agent, row.agent),
        name=texts.setdefault(row.name, row.name),
    )


def _after(
    rows: Sequence[SessionRow], sort: str, cursor: str | None, most: int
) -> Sequence[SessionRow]:
    """The next rows in this order after the cursor's place, whatever has come or gone meanwhile."""
    if cursor is None:
        return rows[:most]
    place, descending = _read_cursor(cursor, tuple[float | str, str]), sort.startswith("-")
    by = attrgetter(FIELDS[sort.removeprefix("-")], "ref")
    try:
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            here = by(rows[middle])
            if here >= place if descending else here <= place:
                low = middle + 1
            else:
                high = middle
    except TypeError as error:
        raise RequestMalformed("cursor") from error
    return rows[low : low + most]


def _cursor(sort: str, row: SessionRow) -> str:
    return _write_cursor(attrgetter(FIELDS[sort.removeprefix("-")], "ref")(row))


def _write_cursor(place: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode("ascii").rstrip("=")


def _read_cursor(text: str, kind: Any) -> Any:  # noqa: ANN401  whatever ``kind`` says
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise RequestMalformed("cursor") from error
