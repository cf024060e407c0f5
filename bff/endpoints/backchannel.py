"""The provider signs somebody out: POST /bff/backchannel-logout, GET /bff/frontchannel-logout."""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request as LitestarRequest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.endpoints.answers import frame, json_answer
from bff.endpoints.bodies import body_of
from bff.endpoints.dependencies import Flows, Surroundings, client_address, seen
from bff.errors import BffError, RateLimited, RequestMalformed, RouteNotFound

AnyRequest = LitestarRequest[Any, Any, Any]
LOGOUT_TOKEN_BODY_BYTES = 16_384


def backchannel_handlers(flows: Flows, around: Surroundings) -> list[HTTPRouteHandler]:
    """The two endpoints; no cookie and no header of ours comes with their requests."""

    @post("/bff/backchannel-logout")
    async def backchannel_logout(request: AnyRequest) -> ASGIResponse:
        """OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8: 200 or 400, never stored."""
        address = client_address(seen(request), around.trusted_proxies)
        try:
            await around.rate_limits.hit("backchannel", address)
            await flows.backchannel.end_named_by(await _logout_token(request))
        except RateLimited:
            raise
        except BffError:
            return json_answer({"error": "invalid_request"}, https=around.https, status=400)
        return json_answer({}, https=around.https)

    @get("/bff/frontchannel-logout")
    async def frontchannel_logout(request: AnyRequest) -> ASGIResponse:
        """OpenID Connect Front-Channel Logout 1.0, section 2: in a frame of the provider's page.

        Our cookie is SameSite=Strict and does not come along, so ``sid`` says whom it is about.
        Only where the operator has switched it on; what ended, if anything, is told to nobody.
        """
        if around.frontchannel_from is None:
            raise RouteNotFound
        address = client_address(seen(request), around.trusted_proxies)
        await around.rate_limits.hit("frontchannel", address)
        issuer, sid = _front_channel(request.scope["query_string"])
        await flows.backchannel.end_provider_session(issuer, sid)
        return frame(https=around.https, framed_by=around.frontchannel_from)

    return [backchannel_logout, frontchannel_logout]


async def _logout_token(request: AnyRequest) -> str:
    """The form's ``logout_token``; empty, and so refused, if there is not exactly one.

    Raises ContentTooLarge.
    """
    body = await body_of(request, LOGOUT_TOKEN_BODY_BYTES)
    values = parse_qs(body.decode("latin-1")).get("logout_token", [])
    return values[0] if len(values) == 1 else ""


def _front_channel(query_string: bytes) -> tuple[str, str]:
    """``iss`` and ``sid``, each exactly once. Raises RequestMalformed."""
    parameters = parse_qs(query_string.decode("latin-1"))
    issuers, sids = parameters.get("iss", []), parameters.get("sid", [])
    if len(issuers) != 1 or len(sids) != 1:
        raise RequestMalformed("query")
    return issuers[0], sids[0]
