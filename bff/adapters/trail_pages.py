"""The port ``TrailReader``: the audit trail as the console's lists, pictures and figures."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from bff.adapters import trail_figures as figures
from bff.adapters.audit_names import FIVE_MINUTES, HOUR
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.adapters.trail_figures import OUTCOMES
from bff.audit.chain import Verifier
from bff.audit.pages import ChainStatus, Overview, ProviderState, RefreshPlots
from bff.audit.query import AuditQuery, QueryInvalid, parse_moment, parse_query
from bff.audit.record import Entry, Record, row_of
from bff.audit.rows import AuditRow, Page, RefreshRow
from bff.errors import RequestMalformed, StoreUnavailable

T = TypeVar("T")
Counted = Callable[[float, float], Awaitable[figures.Counts]]
DAY, LAST_ROWS = 86_400.0, 10
LONGEST = 8 * DAY
"""So far back five minutes are counted one by one."""
SLICES, EACH = 144, 2
"""Slices are short, so that a sample leaves no gap that would look like trouble."""
VERIFY_AGAIN_SECONDS, VERIFY_WHOLE_SECONDS, SLOW_SECONDS = 60.0, 3_600.0, 1.0
PIECE, PAUSE_SECONDS = 250, 0.005
_CURSOR = re.compile(r"\d{1,16}(-\d{1,10})?")


class TrailPages:
    """Answers for reviewers. Every method raises StoreUnavailable."""

    def __init__(
        self,
        reader: RedisAuditReader,
        key: bytes,
        now: Callable[[], float],
        *,
        budget_seconds: float,
        dropped: Callable[[], int],
    ) -> None:
        """``key`` is the chains'; ``budget_seconds`` is how long the provider may take."""
        self._reader = reader
        self._key = key
        self._now = now
        self._budget_seconds = budget_seconds
        self._dropped = dropped
        self._verified: ChainStatus | None = None
        self._verifying: asyncio.Task[None] | None = None
        self._verifier: Verifier | None = None
        self._whole_at = 0.0
        self._last = ("-", 0)

    async def entries(self, query: str, cursor: str | None, limit: int) -> Page[AuditRow]:
        """The entries that a query means, newest first. Raises RequestMalformed."""
        wanted = self._parsed(query)
        rows = await self._page(wanted, cursor, limit, ("severity", "outcome"))
        return msgspec.structs.replace(rows, rows=tuple(row_of(*one) for one in rows.rows))

    async def refreshes(
        self, filters: dict[str, str], cursor: str | None, limit: int
    ) -> Page[RefreshRow]:
        """The renewals that match, newest first. Raises RequestMalformed."""
        wanted = self._renewals(filters)
        page = await self._page(wanted, cursor, limit, ("outcome",))
        rows = tuple(figures.refresh_row(entry.seq, record) for entry, record in page.rows)
        return msgspec.structs.replace(page, rows=rows)

    async def _page(
        self, wanted: AuditQuery, cursor: str | None, limit: int, fields: tuple[str, ...]
    ) -> Page[Any]:
        """A page of entries; the first one with facets."""
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise RequestMalformed("cursor")
        found = await self._reader.search(wanted, cursor, limit)
        facets = {}
        for field in fields if cursor is None else ():
            closed = "renewal" if "renewal" in wanted.wanted else field
            if counts := await self._reader.tally(_without(wanted, closed), closed):
                facets[field] = counts
        until = found.searched_until
        return Page(
            rows=found.entries,
            next=found.next,
            total=found.total,
            exact=found.exact,
            complete=True,
            as_of=self._now(),
            facets=facets,
            searched_until=None if until is None else int(until.partition("-")[0]) / 1000,
        )

    async def plots(self, filters: dict[str, str]) -> RefreshPlots:
        """The same as pictures. Raises RequestMalformed."""
        now = self._now()
        start = max(self._moment(filters.get("after"), now - DAY), now - LONGEST)
        end = min(self._moment(filters.get("before"), now), now)
        step, counted = _steps(self._reader, end - start)
        if filters.get("ref") or filters.get("subject"):
            counts = await counted(start, end)
            found = await self._reader.search(self._renewals(filters), None, 500)
            points, sampled = list(found.entries), found.next is not None
        else:
            samples = asyncio.gather(*(self._some(outcome, start, end) for outcome in OUTCOMES))
            counts, some = await asyncio.gather(counted(start, end), samples)
            points = [point for each in some for point in each]
            whole = figures.outcomes_over_time([five for five in counts if five[0] >= start])
            sampled = len(points) < sum(map(sum, whole.counts.values()))
        return RefreshPlots(
            start=start,
            end=end,
            points=tuple(_point(record) for _, record in points),
            sampled=sampled,
            outcomes=figures.outcomes_over_time(counts, step),
            latency=figures.latency_over_time(counts, step),
            timeout_seconds=self._budget_seconds,
            summary=figures.summary(counts),
            as_of=now,
        )

    async def _some(self, outcome: str, start: float, end: float) -> list[tuple[Entry, Record]]:
        wanted = AuditQuery(wanted={"renewal": (outcome,)})
        return await self._reader.sample(wanted, (start, end), SLICES, EACH)

    async def chain(self) -> ChainStatus:
        """As last verified; when that is a while ago, verifying begins beside the answer."""
        known, now = self._verified, self._now()
        stale = known is None or now - (known.verified_at or 0.0) > VERIFY_AGAIN_SECONDS
        if stale and (self._verifying is None or self._verifying.done()):
            self._verifying = asyncio.create_task(self._verify(), name="audit verification")
        if known is not None:
            return msgspec.structs.replace(known, as_of=now)
        return ChainStatus(
            verified_at=None,
            verified_to=0,
            entries=0,
            intact=True,
            findings=(),
            dropped=self._dropped(),
            as_of=now,
        )

    async def overview(self, live_sessions: int) -> Overview:
        """The first page's figures; alerts are added by who knows them."""
        now = self._now()
        counts = await self._reader.five_minutes(now - DAY, now)
        last = await self._reader.search(AuditQuery(), None, LAST_ROWS)
        return Overview(
            tiles=figures.tiles(counts, live_sessions),
            refreshes=figures.outcomes_over_time(counts),
            sessions=figures.sessions_over_time(counts),
            outages=figures.outages(counts),
            alerts=(),
            audit=tuple(row_of(entry, record) for entry, record in last.entries),
            provider=await self._provider(counts),
            open_alerts=0,
            as_of=now,
        )

    async def sign_ins(self, subject: str, days: int) -> Sequence[tuple[str, int, int]]:
        """Days with how many sign-ins succeeded and failed, oldest first."""
        counted = await self._reader.days(subject)
        today = datetime.fromtimestamp(self._now(), UTC).date()
        dates = [(today - timedelta(days=back)).isoformat() for back in range(days - 1, -1, -1)]
        return [(d, counted.get(f"{d}:good", 0), counted.get(f"{d}:bad", 0)) for d in dates]

    async def aclose(self) -> None:
        """Stop verifying."""
        if self._verifying is not None:
            self._verifying.cancel()

    async def _verify(self) -> None:
        """What came since last time; now and then the whole trail. Calls go on between the pieces."""
        now = self._now()
        if self._verifier is None or now - self._whole_at > VERIFY_WHOLE_SECONDS:
            self._verifier, self._whole_at, self._last = Verifier(self._key), now, ("-", 0)
        verifier, read = self._verifier, 0
        try:
            verifier.anchor(await self._reader.heads())
            async for entry in self._reader.every(after=self._last[0]):
                verifier.read(entry)
                self._last = (entry.id, entry.seq)
                read += 1
                if read % PIECE == 0:
                    await asyncio.sleep(PAUSE_SECONDS)
        except StoreUnavailable:
            return
        findings = [str(finding) for finding in verifier.findings()]
        self._verified = ChainStatus(
            verified_at=self._now(),
            verified_to=self._last[1],
            entries=verifier.entries,
            intact=not findings,
            findings=tuple(findings[:50]),
            dropped=self._dropped(),
            as_of=self._now(),
        )

    async def _provider(self, counts: figures.Counts) -> ProviderState:
        """As the circuits of all processes said last."""
        breaker = AuditQuery(wanted={"event": ("provider_breaker",)})
        found = await self._reader.search(breaker, None, 1)
        recent = figures.percentile([counted for _, counted in counts[-3:]], 0.95)
        state = found.entries[0][1].reason if found.entries else "closed"
        if state == "open":
            return ProviderState(state="open", until=None, latency_p95=recent)
        slow = recent is not None and recent > SLOW_SECONDS
        return ProviderState(state="slow" if slow else "up", until=None, latency_p95=recent)

    def _renewals(self, filters: dict[str, str]) -> AuditQuery:
        outcome = filters.get("outcome", "")
        if outcome and outcome not in OUTCOMES:
            raise RequestMalformed("outcome")
        asked = self._parsed(filters.get("q", ""))
        wanted = {**asked.wanted, "renewal": (outcome,) if outcome else OUTCOMES}
        for name in ("ref", "subject"):
            if filters.get(name):
                wanted[name] = (filters[name],)
        return msgspec.structs.replace(
            asked,
            wanted=wanted,
            after=self._moment(filters.get("after"), asked.after),
            before=self._moment(filters.get("before"), asked.before),
        )

    def _parsed(self, text: str) -> AuditQuery:
        try:
            return parse_query(text, self._now())
        except QueryInvalid as error:
            raise RequestMalformed("q") from error

    def _moment(self, text: str | None, otherwise: T) -> float | T:
        if not text:
            return otherwise
        try:
            return parse_moment(text, self._now())
        except QueryInvalid as error:
            raise RequestMalformed("query") from error


def _steps(reader: RedisAuditReader, span: float) -> tuple[int, Counted]:
    """Five minutes up to a day, then hours: more points than that no picture shows."""
    return (FIVE_MINUTES, reader.five_minutes) if span <= DAY else (HOUR, reader.hours)


def _point(record: Record) -> tuple[float, float | None, float | None, int | None, str]:
    row = figures.refresh_row(0, record)
    return (row.at, row.seconds_left, row.latency, row.waiters, row.outcome)


def _without(query: AuditQuery, field: str) -> AuditQuery:
    """The same, whatever the field is: what a facet of it counts."""
    wanted = {name: values for name, values in query.wanted.items() if name != field}
    if field == "renewal":
        wanted[field] = OUTCOMES
    return msgspec.structs.replace(query, wanted=wanted)
