"""The port ``AlertDesk``: alerts as the console lists them and decides about them."""

from collections import Counter
from collections.abc import Callable, Sequence

from bff.adapters.observation import SECRET_SHAPE
from bff.adapters.redis_alerts import STATUSES, RedisAlerts
from bff.audit.acts import AlertDecision, MuteRequest, Mutes
from bff.audit.rows import AlertRow, AlertStatus, Mute, Page
from bff.errors import RequestMalformed

OPEN: tuple[AlertStatus, ...] = ("new", "acknowledged")
SEARCHED, NOTE = 1_000, 500
LONGEST_MUTE_SECONDS = 31 * 86_400.0


class AlertDesk:
    """Over the alerts in Redis. Every method raises StoreUnavailable."""

    def __init__(self, alerts: RedisAlerts, now: Callable[[], float]) -> None:
        """``now`` is what silences are counted from."""
        self._alerts = alerts
        self._now = now

    async def page(self, filters: dict[str, str], cursor: str | None, limit: int) -> Page[AlertRow]:
        """The alerts that match, last seen first. Raises RequestMalformed.

        Narrowed ones are looked for among the 1,000 seen last of each status; where there are more,
        the page is not ``exact``.
        """
        statuses = _statuses(filters.get("status") or "open")
        narrow = {name: filters[name] for name in ("rule", "subject", "ref") if filters.get(name)}
        counts, exact = await self._alerts.counts(), True
        if narrow:
            exact = all(counts[status] <= SEARCHED for status in statuses)
            rows = await self._alerts.narrowed(statuses, narrow, SEARCHED)
            total, following = len(rows), None
        else:
            rows, total = await self._alerts.page(statuses, _place(cursor), limit)
            following = f"{rows[-1].last_at}:{rows[-1].id}" if len(rows) == limit else None
        return Page(
            rows=tuple(rows),
            next=following,
            total=total,
            exact=exact,
            complete=True,
            as_of=self._now(),
            facets={"status": {**counts, "open": sum(counts[status] for status in OPEN)}},
        )

    async def decide(self, alert: str, decision: AlertDecision, by: str) -> AlertRow | None:
        """Acknowledge, close or open again; None if there is no such alert."""
        return await self._alerts.decide(alert, decision.status, by, _plain(decision.note))

    async def mutes(self) -> Mutes:
        """All in force."""
        return Mutes(mutes=tuple(await self._alerts.mutes()))

    async def mute(self, request: MuteRequest, by: str) -> Mutes:
        """Silence a rule for a while; for no time at all ends its silence. Raises RequestMalformed."""
        if not 0 <= request.seconds <= LONGEST_MUTE_SECONDS:
            raise RequestMalformed("seconds")
        until = self._now() + request.seconds
        note = _plain(request.note)
        await self._alerts.mute(
            Mute(rule=request.rule, group=request.group, until=until, by=by, note=note)
        )
        return await self.mutes()

    async def counts(self, refs: Sequence[str]) -> dict[str, int]:
        """How many open alerts concern each of these sessions."""
        wanted, counted = set(refs), Counter(await self._alerts.refs(OPEN, SEARCHED))
        return {ref: count for ref, count in counted.items() if ref in wanted}


def _plain(note: str) -> str:
    """A reviewer's words, bounded; what looks like a token or a cookie of ours is not among them."""
    return SECRET_SHAPE.sub("***", note[:NOTE])


def _statuses(text: str) -> tuple[AlertStatus, ...]:
    if text == "open":
        return OPEN
    if text == "all":
        return STATUSES
    if text not in STATUSES:
        raise RequestMalformed("status")
    return (text,)


def _place(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    at, _, name = cursor.partition(":")
    try:
        return float(at), name
    except ValueError as error:
        raise RequestMalformed("cursor") from error
