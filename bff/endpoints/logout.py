"""Signing out: POST /bff/logout, GET /bff/logout/next."""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import Fields, form_post, json_answer, redirect
from bff.endpoints.dependencies import (
    BrowserCookies,
    Flows,
    Surroundings,
    seen,
)
from bff.errors import SessionNotUsable

AnyRequest = LitestarRequest[Any, Any, Any]
CLEAR_SITE_DATA: tuple[bytes, bytes] = (b"clear-site-data", b'"cache"')


def logout_handlers(
    flows: Flows, cookies: BrowserCookies, around: Surroundings
) -> list[HTTPRouteHandler]:
    """The endpoints of a sign-out."""

    @post("/bff/logout")
    async def logout(request: AnyRequest) -> ASGIResponse:
        """Ends the session here; says where to go to end it at the provider.

        ``?everywhere=1`` ends all of the user's.
        """
        facts = seen(request)
        presented = cookies.presented(facts)
        if presented is not None:
            try:
                await flows.access.state(presented)
            except SessionNotUsable:
                presented = None
        everywhere = request.scope["query_string"] == b"everywhere=1"
        ticket = await flows.logout.end(presented.key if presented else None, everywhere=everywhere)
        home = "/"
        redirect_to = home if ticket is None else f"/bff/logout/next?ticket={ticket}"
        fields: Fields = [(b"set-cookie", cookies.clear_session()), CLEAR_SITE_DATA]
        return json_answer({"redirect_to": redirect_to}, https=around.https, fields=fields)

    @get("/bff/logout/next")
    async def logout_next(request: AnyRequest) -> ASGIResponse:
        """On to the provider's end_session endpoint, once; home with a ticket that is spent."""
        ticket = parse_qs(request.scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        if not ticket:
            return redirect(flows.logout.home, https=around.https)
        out = await flows.logout.way_out(ticket)
        if out.fields:
            return form_post(out.address, out.fields, https=around.https)
        return redirect(out.address, https=around.https)

    return [logout, logout_next]
