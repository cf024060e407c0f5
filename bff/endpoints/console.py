"""/bff/console/api/...: the review API (docs/security/review-api.md). For reviewers, who are written down."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.audit.acts import AlertDecision, EndRequest, MuteRequest
from bff.audit.rows import Page
from bff.endpoints.console_door import API, Console
from bff.endpoints.console_ends import end_handlers
from bff.endpoints.console_looks import LOOKS, Asked, Look, with_trends
from bff.endpoints.dependencies import BrowserCookies, ReviewFlows, Surroundings
from bff.errors import RequestMalformed, RouteNotFound
from bff.flows.review_reading import SessionFilter

AnyRequest = LitestarRequest[Any, Any, Any]
BODY_BYTES = 65_536
T = TypeVar("T")


def console_handlers(
    flows: ReviewFlows | None, cookies: BrowserCookies, around: Surroundings
) -> list[HTTPRouteHandler]:
    """All of them; none without a configured reviewer: then the console does not exist."""
    if flows is None:
        return []
    console = Console(flows, cookies, around)
    looks = [_look(console, path, look) for path, look in LOOKS.items()]
    return [*looks, *_lists(console), *_acts(console), *end_handlers(console)]


def _look(console: Console, path: str, look: Look) -> HTTPRouteHandler:
    page = path.partition("/{")[0]

    @get(f"{API}/{path}", name=f"review {path}")
    async def answer_look(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, page)
        subject = str(request.path_params.get("subject", ""))
        body = await look(console.flows, Asked(reviewer, query, subject))
        return console.answer(request, reviewer, body)

    return answer_look


def _lists(console: Console) -> list[HTTPRouteHandler]:
    """Tables, page by page or as files."""
    flows = console.flows

    @get(f"{API}/sessions")
    async def list_sessions(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, "sessions")
        wanted = filter_of(query)
        own = reviewer.session.core.ref

        async def rows(cursor: str | None, limit: int) -> Page[Any]:
            page = await flows.review.listing.page(wanted, cursor, limit, own)
            marked = await flows.pages.marked(page.rows)
            return msgspec.structs.replace(page, rows=await with_trends(flows, marked))

        return await console.listed(request, reviewer, query, rows)

    @get(f"{API}/refreshes")
    async def list_refreshes(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, "refreshes")

        async def rows(cursor: str | None, limit: int) -> Page[Any]:
            return await flows.trail.refreshes(query, cursor, limit)

        return await console.listed(request, reviewer, query, rows)

    @get(f"{API}/audit")
    async def list_audit(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, "audit")

        async def rows(cursor: str | None, limit: int) -> Page[Any]:
            return await flows.trail.entries(query.get("q", ""), cursor, limit)

        return await console.listed(request, reviewer, query, rows)

    @get(f"{API}/alerts")
    async def list_alerts(request: AnyRequest) -> ASGIResponse:
        reviewer, query = await console.admit(request, "alerts")

        async def rows(cursor: str | None, limit: int) -> Page[Any]:
            return await flows.alerts.page(query, cursor, limit)

        return await console.listed(request, reviewer, query, rows)

    return [list_sessions, list_refreshes, list_audit, list_alerts]


def _acts(console: Console) -> list[HTTPRouteHandler]:
    """What a reviewer may do."""
    flows = console.flows

    @post(f"{API}/sessions/end", status_code=200)
    async def end_sessions(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "sessions/end")
        asked = await _body(request, EndRequest)
        wanted = None if asked.filter is None else filter_of(_pairs(asked.filter))
        return console.answer(request, reviewer, await flows.review.end(reviewer, asked, wanted))

    @post(f"{API}/alerts/{{alert:str}}", status_code=200)
    async def decide_alert(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "alerts")
        decision = await _body(request, AlertDecision)
        alert = str(request.path_params["alert"])
        decided = await flows.alerts.decide(alert, decision, reviewer.subject)
        if decided is None:
            raise RouteNotFound
        return console.answer(request, reviewer, decided)

    @post(f"{API}/mutes", status_code=200)
    async def mute_rule(request: AnyRequest) -> ASGIResponse:
        reviewer, _ = await console.admit(request, "mutes")
        asked = await _body(request, MuteRequest)
        muted = await flows.alerts.mute(asked, reviewer.subject)
        return console.answer(request, reviewer, muted)

    return [end_sessions, decide_alert, mute_rule]


def filter_of(query: dict[str, str]) -> SessionFilter:
    """The list's filter as its query says it. Raises RequestMalformed."""
    try:
        return SessionFilter(
            q=query.get("q", "")[:200],
            state=query.get("state", ""),
            subject=query.get("subject", ""),
            address=query.get("address", ""),
            agent=query.get("agent", ""),
            client_changed=query.get("client_changed") == "1",
            started_after=_number(query.get("started_after")),
            started_before=_number(query.get("started_before")),
            sort=query.get("sort", "-started"),
        )
    except ValueError as error:
        raise RequestMalformed("query") from error


def _number(text: str | None) -> float | None:
    return None if not text else float(text)


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text.lstrip("?"), max_num_fields=20))


async def _body(request: AnyRequest, kind: type[T]) -> T:
    """The JSON body, of bounded size. Raises RequestMalformed."""
    taken = b""
    async for piece in request.stream():
        taken += piece
        if len(taken) > BODY_BYTES:
            raise RequestMalformed("body")
    try:
        return msgspec.json.decode(taken, type=kind)
    except msgspec.MsgspecError as error:
        raise RequestMalformed("body") from error
