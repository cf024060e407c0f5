"""What a page may know and do about its session.

GET /bff/session, POST /bff/session/extend, POST /bff/refresh.
"""

from datetime import UTC, datetime
from typing import Any

from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import Fields, json_answer
from bff.endpoints.dependencies import (
    BrowserCookies,
    Flows,
    Request,
    Surroundings,
    client_address,
    seen,
)
from bff.endpoints.problems import ended_reason
from bff.errors import SessionNotUsable, SessionRequired
from bff.flows.access import Presented
from bff.flows.session_state import SessionState
from bff.session.handle import Handle

AnyRequest = LitestarRequest[Any, Any, Any]


def session_handlers(
    flows: Flows, cookies: BrowserCookies, around: Surroundings
) -> list[HTTPRouteHandler]:
    """The three endpoints."""

    @get("/bff/session")
    async def check_session(request: AnyRequest) -> ASGIResponse:
        """Always 200; slides nothing. How a session ended, and how a sign-in failed, is told once."""
        facts = seen(request)
        note = cookies.note(facts)
        fields: Fields = [(b"set-cookie", cookies.clear_note())] if note else []
        presented = cookies.presented(facts)
        ended: str | None = None
        if presented is not None:
            unpinned = Presented(presented.key, presented.generation, presented.arrived_at)
            try:
                state = await flows.access.state(unpinned)
            except SessionNotUsable as error:
                ended = ended_reason(error)
                fields.append((b"set-cookie", cookies.clear_session()))
            else:
                fields += _renewed_cookie(cookies, facts, state)
                return json_answer(
                    _signed_in(state, flows, around), https=around.https, fields=fields
                )
        error_note = {"code": note[0], "id": note[1]} if note else None
        anonymous = {"authenticated": False, "ended": ended, "login_error": error_note}
        return json_answer(anonymous, https=around.https, fields=fields)

    @post("/bff/session/extend")
    async def extend_session(request: AnyRequest) -> ASGIResponse:
        """Slides the idle limit."""
        facts = seen(request)
        state = await flows.access.extend(_presented(cookies, facts))
        fields = _renewed_cookie(cookies, facts, state)
        return json_answer(_signed_in(state, flows, around), https=around.https, fields=fields)

    @post("/bff/refresh")
    async def refresh_session(request: AnyRequest) -> ASGIResponse:
        """Renews the tokens behind the session now; answers how the session stands, never a token."""
        facts = seen(request)
        presented = _presented(cookies, facts)
        address = client_address(facts, around.trusted_proxies)
        await around.rate_limits.hit("refresh_address", address)
        await around.rate_limits.hit("refresh", presented.key)
        core = (await flows.access.known(presented)).core
        await around.rate_limits.hit("refresh_user", f"{core.issuer} {core.subject}")
        state = await flows.access.refresh_now(presented)
        fields = _renewed_cookie(cookies, facts, state)
        return json_answer(_signed_in(state, flows, around), https=around.https, fields=fields)

    return [check_session, extend_session, refresh_session]


def _presented(cookies: BrowserCookies, request: Request) -> Presented:
    presented = cookies.presented(request)
    if presented is None:
        raise SessionRequired
    return presented


def _renewed_cookie(cookies: BrowserCookies, request: Request, state: SessionState) -> Fields:
    """The cookie, if the browser should hold another: a newer handle, or one signed by a newer key."""
    known = cookies.session(request)
    if known is None or (state.new_generation is None and not known.signed_anew):
        return []
    generation = known.handle.generation if state.new_generation is None else state.new_generation
    handle = Handle(known.handle.session_id, generation)
    return [(b"set-cookie", cookies.set_session(handle, state.absolute_expires_in))]


def _signed_in(state: SessionState, flows: Flows, around: Surroundings) -> dict[str, object]:
    """The body for a signed-in page.

    ``token`` is a word about renewal: ``ok``, ``renewing`` or ``stuck``.
    """
    now = datetime.fromtimestamp(around.clock.now(), UTC)
    return {
        "authenticated": True,
        "ref": state.ref,
        "user": {**state.claims, "sub": state.subject},
        "idle_expires_in": int(state.idle_expires_in),
        "absolute_expires_in": int(state.absolute_expires_in),
        "idle_lifetime": int(flows.access.limits.idle),
        "absolute_lifetime": int(flows.access.limits.absolute),
        "extendable": state.extendable,
        "token": state.renewal,
        "renewals": state.generation,
        "server_time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
