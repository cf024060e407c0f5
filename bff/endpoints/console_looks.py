"""What the console looks at that is no list: each page a function of the stories and of what was asked."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from bff.audit.acts import Hits, Mutes
from bff.audit.pages import (
    ChainStatus,
    Me,
    Overview,
    Posture,
    RefreshPlots,
    SessionDetail,
    Tile,
    User,
)
from bff.audit.rows import SessionRow
from bff.endpoints.dependencies import ReviewFlows
from bff.errors import RequestMalformed
from bff.flows.review import Reviewer

TOP_ALERTS = 5
VERDICTS = ("pass", "warn", "fail")


class Asked(msgspec.Struct, frozen=True):
    """Who asks, with which query, about what (``subject`` is the last part of the path)."""

    reviewer: Reviewer
    query: Mapping[str, str]
    subject: str = ""


Look = Callable[[ReviewFlows, Asked], Awaitable[object]]


async def with_trends(flows: ReviewFlows, rows: tuple[SessionRow, ...]) -> tuple[SessionRow, ...]:
    """The same rows, each with its last renewals. Raises StoreUnavailable."""
    if flows.trends is None:
        return rows
    trends = await flows.trends([row.ref for row in rows])
    return tuple(
        msgspec.structs.replace(row, trend=trends[row.ref]) if row.ref in trends else row
        for row in rows
    )


async def _me(flows: ReviewFlows, asked: Asked) -> Me:
    return flows.review.me(asked.reviewer)


async def _overview(flows: ReviewFlows, _: Asked) -> Overview:
    live = await flows.review.register.count(flows.review.clock.now())
    figures = await flows.trail.overview(live)
    alerts = await flows.alerts.page({"status": "open"}, None, TOP_ALERTS)
    tile = Tile(id="alerts", value=alerts.total, unit="count", trend=())
    return msgspec.structs.replace(
        figures, alerts=alerts.rows, open_alerts=alerts.total, tiles=(*figures.tiles, tile)
    )


async def _session(flows: ReviewFlows, asked: Asked) -> SessionDetail:
    detail = await flows.pages.session(asked.subject, asked.reviewer)
    if flows.calls is None:
        return detail
    return msgspec.structs.replace(detail, calls=await flows.calls(asked.subject))


async def _plots(flows: ReviewFlows, asked: Asked) -> RefreshPlots:
    return await flows.trail.plots(dict(asked.query))


async def _chain(flows: ReviewFlows, _: Asked) -> ChainStatus:
    return await flows.trail.chain()


async def _mutes(flows: ReviewFlows, _: Asked) -> Mutes:
    return await flows.alerts.mutes()


async def _user(flows: ReviewFlows, asked: Asked) -> User:
    subject = asked.query.get("subject", "")
    if not subject:
        raise RequestMalformed("subject")
    user = await flows.pages.user(subject, asked.reviewer)
    return msgspec.structs.replace(user, sessions=await with_trends(flows, user.sessions))


async def _posture(flows: ReviewFlows, _: Asked) -> Posture:
    rows = flows.posture()
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS}
    return Posture(rows=rows, counts=counts, as_of=flows.review.clock.now())


async def _search(flows: ReviewFlows, asked: Asked) -> Hits:
    return await flows.pages.search(asked.query.get("q", ""), asked.reviewer)


LOOKS: dict[str, Look] = {
    "me": _me,
    "overview": _overview,
    "sessions/{subject:str}": _session,
    "refreshes/plots": _plots,
    "audit/chain": _chain,
    "mutes": _mutes,
    "user": _user,
    "posture": _posture,
    "search": _search,
}
"""By path below the API."""
