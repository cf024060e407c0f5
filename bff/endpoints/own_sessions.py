"""A user's own sessions: GET /bff/sessions, POST /bff/sessions/end."""

from typing import Any

import msgspec
from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import json_answer
from bff.endpoints.bodies import body_of
from bff.endpoints.dependencies import BrowserCookies, Flows, Request, Surroundings, seen
from bff.errors import RequestMalformed, SessionRequired
from bff.flows.access import Presented
from bff.session.model import Ref

AnyRequest = LitestarRequest[Any, Any, Any]
BODY_BYTES = 1024


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which to end: the one with a reference, or all ``others`` than this one."""

    ref: str | None = None
    others: bool = False


def own_sessions_handlers(
    flows: Flows, cookies: BrowserCookies, around: Surroundings
) -> list[HTTPRouteHandler]:
    """The two endpoints."""

    @get("/bff/sessions")
    async def own_sessions(request: AnyRequest) -> ASGIResponse:
        """Where the user is signed in; the caller's own session is marked ``current``."""
        found = await flows.own_sessions.all(_presented(cookies, seen(request)))
        return json_answer({"sessions": found}, https=around.https)

    @post("/bff/sessions/end")
    async def end_own_sessions(request: AnyRequest) -> ASGIResponse:
        """``{"ref": "s_..."}`` ends one of them, ``{"others": true}`` all but the caller's; how many ended.

        A reference that is not the user's own ends nothing, and is told apart from none by nothing.
        """
        presented = _presented(cookies, seen(request))
        wanted = await _ending(request)
        if wanted.ref is not None:
            ended = await flows.own_sessions.end(presented, Ref(wanted.ref))
        else:
            ended = await flows.own_sessions.end_others(presented)
        return json_answer({"ended": ended}, https=around.https)

    return [own_sessions, end_own_sessions]


def _presented(cookies: BrowserCookies, request: Request) -> Presented:
    presented = cookies.presented(request)
    if presented is None:
        raise SessionRequired
    return presented


async def _ending(request: AnyRequest) -> Ending:
    """Raises RequestMalformed unless exactly one thing is asked for."""
    try:
        wanted = msgspec.json.decode(await body_of(request, BODY_BYTES), type=Ending)
    except msgspec.DecodeError:
        raise RequestMalformed("body") from None
    if (wanted.ref is not None) == wanted.others:
        raise RequestMalformed("body")
    return wanted
