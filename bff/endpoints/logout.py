"""Signing out: POST /bff/logout, GET /bff/logout/next, POST /bff/backchannel-logout."""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import Fields, json_answer, redirect
from bff.endpoints.dependencies import (
    BrowserCookies,
    Flows,
    Surroundings,
    client_address,
    seen,
)
from bff.errors import BffError, ContentTooLarge, RateLimited, SessionNotUsable

AnyRequest = LitestarRequest[Any, Any, Any]
LOGOUT_TOKEN_BODY_BYTES = 16_384
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
        location = await flows.logout.way_out(ticket) if ticket else flows.logout.home
        return redirect(location, https=around.https)

    @post("/bff/backchannel-logout")
    async def backchannel_logout(request: AnyRequest) -> ASGIResponse:
        """OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8: 200 or 400, never stored."""
        facts = seen(request)
        try:
            await around.rate_limits.hit(
                "backchannel", client_address(facts, around.trusted_proxies)
            )
            await flows.logout.end_named_by(await _logout_token(request))
        except RateLimited:
            raise
        except BffError:
            return json_answer({"error": "invalid_request"}, https=around.https, status=400)
        return json_answer({}, https=around.https)

    return [logout, logout_next, backchannel_logout]


async def _logout_token(request: AnyRequest) -> str:
    """The form's ``logout_token``; empty, and so refused, if there is not exactly one.

    Raises ContentTooLarge.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LOGOUT_TOKEN_BODY_BYTES:
            raise ContentTooLarge(LOGOUT_TOKEN_BODY_BYTES)
    values = parse_qs(body.decode("latin-1")).get("logout_token", [])
    return values[0] if len(values) == 1 else ""
