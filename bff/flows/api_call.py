"""One proxied call: the right token for the route, the honest headers, one answer.

RFC 10017 section 6.1; RFC 6750; RFC 9110 section 7.6.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from bff.audit import events
from bff.errors import SessionRequired, TokenLeaked
from bff.flows.access import Access, AccessFlow, Presented
from bff.flows.client_token import ClientTokenFlow
from bff.flows.direct_call import DirectCall
from bff.flows.event_stream import EventStream, is_event_stream
from bff.flows.leak_watch import WatchedBody
from bff.flows.ports import AuditTrail, Background, Clock, ResourceServer
from bff.flows.session_watch import SessionWatch
from bff.flows.step_up import require_step_up
from bff.flows.user_token import UserTokenFlow
from bff.resource.leak import LeakGuard, check_answer, readable
from bff.resource.messages import (
    ApiRequest,
    ApiResponse,
    Body,
    Fields,
    Forwarded,
    challenges_token,
    outgoing_headers,
)
from bff.resource.returned import returning_headers
from bff.resource.routes import ApiRoute

REPLAYABLE_BODY_BYTES = 65_536
"""Request bodies up to this length are held, so that the request can be repeated once after an ``invalid_token`` challenge."""


class ApiCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call as the browser made it, already matched to its route.

    ``background`` use does not slide the idle limit. ``begun`` is the same call as far as it went
    on the direct way, if it was there.
    """

    route: ApiRoute
    method: str
    target: bytes
    headers: Fields
    body: AsyncIterator[bytes] | None
    body_length: int | None
    forwarded: Forwarded
    presented: Presented | None
    background: bool
    begun: DirectCall | None = None


class ApiAnswer(msgspec.Struct, frozen=True):
    """What goes back.

    Status, fields fit for a browser, the body, and the session that made the call, if one did.
    """

    response: ApiResponse
    access: Access | None


@dataclass(frozen=True, slots=True)
class ApiCallFlow:
    """Route in hand: access, send, believe."""

    access: AccessFlow
    user_tokens: UserTokenFlow
    client_tokens: ClientTokenFlow
    resource_server: ResourceServer
    clock: Clock
    trail: AuditTrail
    watch: SessionWatch
    background: Background

    async def call(self, call: ApiCall) -> ApiAnswer:
        """Make the call.

        Raises SessionNotUsable leaves, SessionChanged, InsufficientScope, StepUpRequired, RefreshInProgress,
        ProviderUnavailable, StoreUnavailable and ResourceServerError leaves; an answer of the API
        is never an exception.
        """
        answer = await self._answered(call)
        if answer.access is None or answer.response.complete is not None:
            return answer
        return self._for_the_session(answer, answer.access)

    def _for_the_session(self, answer: ApiAnswer, access: Access) -> ApiAnswer:
        """``answer``; if it is a stream of events, it ends with the session."""
        response = answer.response
        if not is_event_stream(response.headers):
            return answer
        bounded = EventStream(response.body, access.session.key, self.watch, self.background)
        return ApiAnswer(msgspec.structs.replace(response, body=bounded), access)

    async def _answered(self, call: ApiCall) -> ApiAnswer:
        if call.route.token == "none":  # noqa: S105  a token plan
            return ApiAnswer(await self._send(call, None, call.body), None)
        if call.presented is None:
            raise SessionRequired
        if call.route.token == "user":  # noqa: S105  a token plan
            return await self._as_user(call, call.presented)
        access = await self.access.usable(call.presented, background=call.background)
        require_step_up(call.route, access.session.core, self.clock.now())
        token = await self.client_tokens.token_for(call.route)
        return ApiAnswer(await self._send(call, token, call.body), access)

    async def _as_user(self, call: ApiCall, presented: Presented) -> ApiAnswer:
        user = await self.user_tokens.for_route(call.route, presented, background=call.background)
        held = b"" if call.body is None else await _held(call, call.body)
        body = call.body if held is None else _once(held)
        response = await self._send(call, user.token, body, call.begun)
        if response.status != 401 or held is None or not challenges_token(response.headers):  # noqa: PLR2004
            return ApiAnswer(response, user.access)
        renewed = await self.user_tokens.after_challenge(call.route, presented, user)
        if renewed is None:
            return ApiAnswer(response, user.access)
        await response.body.aclose()
        again = await self._send(call, renewed.token, _once(held))
        return ApiAnswer(again, renewed.access)

    async def _send(
        self,
        call: ApiCall,
        token: str | None,
        body: AsyncIterator[bytes] | None,
        begun: DirectCall | None = None,
    ) -> ApiResponse:
        response = None if begun is None else _begun(begun, token)
        if response is None:
            authorization = b"Bearer " + token.encode("ascii") if token is not None else None
            fields = outgoing_headers(
                call.headers, call.route, authorization=authorization, forwarded=call.forwarded
            )
            request = ApiRequest(call.method, call.target, fields)
            response = await self.resource_server.send(call.route, request, body)
        watched = response.body
        if token is not None and call.route.leak_guard:
            try:
                watched = self._watched(call, response, token)
            except TokenLeaked:
                self._leaked(call, "response")
                await response.body.aclose()
                raise
        fields = returning_headers(response.headers, call.route)
        return ApiResponse(response.status, fields, watched, response.complete)

    def _watched(self, call: ApiCall, response: ApiResponse, token: str) -> Body:
        """The body as it may be passed on. Raises TokenLeaked for what is here already."""
        if response.complete is not None:
            check_answer(token.encode("ascii"), response.headers, response.complete)
            return response.body
        guard = LeakGuard(token.encode("ascii"))
        guard.check_headers(response.headers)
        if not readable(response.headers):
            return response.body
        return WatchedBody(response.body, guard, lambda: self._leaked(call, "body"))

    def _leaked(self, call: ApiCall, place: str) -> None:
        self.trail.record(
            events.TokenLeakStopped(at=self.clock.now(), route=call.route.name, place=place)
        )


def _begun(begun: DirectCall, token: str | None) -> ApiResponse | None:
    """What the direct way has of the answer; None if it is to be asked for anew.

    A request that went out with another token than the session has by now was overtaken.
    """
    if begun.token == token:
        return begun.exchange.answer()
    begun.exchange.give_up()
    return None


async def _held(call: ApiCall, body: AsyncIterator[bytes]) -> bytes | None:
    """The whole request body if it is short enough to be sent twice; None if it must be streamed."""
    if call.body_length is None or call.body_length > REPLAYABLE_BODY_BYTES:
        return None
    return b"".join([piece async for piece in body])


def _once(held: bytes) -> AsyncIterator[bytes] | None:
    if not held:
        return None

    async def pieces() -> AsyncIterator[bytes]:
        yield held

    return pieces()
