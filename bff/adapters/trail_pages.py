"""The port ``TrailReader``: the audit trail as the console's lists, pictures and figures."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from bff.adapters import trail_figures as figures
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.audit.chain import Verifier
from bff.audit.pages import ChainStatus, Overview, ProviderState, RefreshPlots
from bff.audit.query import AuditQuery, QueryInvalid, parse_moment, parse_query
from bff.audit.record import Record, row_of
from bff.audit.rows import AuditRow, Page, RefreshRow
from bff.errors import RequestMalformed, StoreUnavailable

T = TypeVar("T")
DAY, LAST_ROWS = 86_400.0, 10
RENEWALS = ("session_renewed", "session_renewal_failed", "session_renewal_refused")
SLICES, EACH = 48, 12
VERIFY_AGAIN_SECONDS, SLOW_SECONDS = 60.0, 1.0
SIGN_INS = 500
"""So many of a user's sign-ins make up their calendar at most."""


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

    async def entries(self, query: str, cursor: str | None, limit: int) -> Page[AuditRow]:
        """The entries that a query means, newest first. Raises RequestMalformed."""
        try:
            wanted = parse_query(query, self._now())
        except QueryInvalid as error:
            raise RequestMalformed("q") from error
        found = await self._reader.search(wanted, cursor, limit)
        return Page(
            rows=tuple(row_of(entry, record) for entry, record in found.entries),
            next=found.next,
            total=found.total,
            exact=found.exact,
            complete=True,
            as_of=self._now(),
        )

    async def refreshes(
        self, filters: dict[str, str], cursor: str | None, limit: int
    ) -> Page[RefreshRow]:
        """The renewals that match, newest first. Raises RequestMalformed."""
        found = await self._reader.search(self._renewals(filters), cursor, limit)
        rows = [figures.refresh_row(entry.seq, record) for entry, record in found.entries]
        wanted = filters.get("outcome", "")
        kept = tuple(row for row in rows if not wanted or row.outcome == wanted)
        return Page(
            rows=kept,
            next=found.next,
            total=found.total,
            exact=found.exact and len(kept) == len(rows),
            complete=True,
            as_of=self._now(),
        )

    async def plots(self, filters: dict[str, str]) -> RefreshPlots:
        """The same as pictures. Raises RequestMalformed."""
        now = self._now()
        start = self._moment(filters.get("after"), now - DAY)
        end = self._moment(filters.get("before"), now)
        counts = await self._reader.five_minutes(start, end)
        if filters.get("ref") or filters.get("subject"):
            found = await self._reader.search(self._renewals(filters), None, 500)
            points, sampled = list(found.entries), found.next is not None
        else:
            points = []
            for event in RENEWALS:
                points += await self._reader.sample(event, start, end, SLICES, EACH)
            sampled = len(points) >= SLICES * EACH
        return RefreshPlots(
            start=start,
            end=end,
            points=tuple(_point(record) for _, record in points),
            sampled=sampled,
            outcomes=figures.outcomes_over_time(counts),
            latency=figures.latency_over_time(counts),
            timeout_seconds=self._budget_seconds,
            summary=figures.summary(counts),
            as_of=now,
        )

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
        now = self._now()
        wanted = AuditQuery(wanted={"subject": (subject,)}, after=now - days * DAY)
        good: Counter[str] = Counter()
        bad: Counter[str] = Counter()
        cursor: str | None = None
        for _ in range(SIGN_INS // 100):
            found = await self._reader.search(wanted, cursor, 100)
            for _, record in found.entries:
                day = datetime.fromtimestamp(record.at, UTC).date().isoformat()
                good[day] += record.event == "authn_login_success"
                bad[day] += record.event == "authn_login_fail"
            cursor = found.next
            if cursor is None:
                break
        today = datetime.fromtimestamp(now, UTC).date()
        dates = [(today - timedelta(days=back)).isoformat() for back in range(days - 1, -1, -1)]
        return [(date, good[date], bad[date]) for date in dates]

    async def aclose(self) -> None:
        """Stop verifying."""
        if self._verifying is not None:
            self._verifying.cancel()

    async def _verify(self) -> None:
        """The whole trail, a piece at a time, so that calls go on between the pieces."""
        verifier, last = Verifier(self._key), 0
        try:
            async for entry in self._reader.every():
                verifier.read(entry)
                last = max(last, entry.seq)
            verifier.anchor(await self._reader.heads())
        except StoreUnavailable:
            return
        findings = [str(finding) for finding in verifier.findings()]
        self._verified = ChainStatus(
            verified_at=self._now(),
            verified_to=last,
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
        events = {"renewed": RENEWALS[:1], "refused": RENEWALS[2:]}.get(
            filters.get("outcome", ""), RENEWALS
        )
        if filters.get("outcome") in {"failed", "unknown"}:
            events = RENEWALS[1:2]
        wanted: dict[str, tuple[str, ...]] = {"event": events}
        for name in ("ref", "subject"):
            if filters.get(name):
                wanted[name] = (filters[name],)
        return AuditQuery(
            wanted=wanted,
            after=self._moment(filters.get("after"), None),
            before=self._moment(filters.get("before"), None),
        )

    def _moment(self, text: str | None, otherwise: T) -> float | T:
        if not text:
            return otherwise
        try:
            return parse_moment(text, self._now())
        except QueryInvalid as error:
            raise RequestMalformed("query") from error


def _point(record: Record) -> tuple[float, float | None, float | None, int | None, str]:
    row = figures.refresh_row(0, record)
    return (row.at, row.seconds_left, row.latency, row.waiters, row.outcome)
