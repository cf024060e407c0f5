"""One WebSocket: the same route, session and token as a call, then messages both ways.

RFC 6455 sections 4 and 10; ASVS 5.0, 4.4; RFC 10017 section 6.1.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from bff.audit import events
from bff.errors import BffError, RateLimited, SessionRequired, TokenLeaked
from bff.flows.access import Access, AccessFlow, Presented
from bff.flows.client_token import ClientTokenFlow
from bff.flows.ports import AuditTrail, Background, Clock
from bff.flows.session_watch import SessionWatch
from bff.flows.socket_ports import ApiSocket, BrowserSocket, SocketServer
from bff.flows.socket_relay import SocketRelay
from bff.flows.step_up import require_step_up
from bff.flows.user_token import UserTokenFlow
from bff.resource.leak import MessageGuard
from bff.resource.messages import (
    ApiRequest,
    Fields,
    Forwarded,
    challenges_token,
    handshake_headers,
)
from bff.resource.routes import ApiRoute
from bff.resource.sockets import GOING_AWAY, Close, Offer, Refusal

BUSY_SECONDS = 5.0
"""When a page that has too many sockets may try again."""


class SocketCall(msgspec.Struct, frozen=True, kw_only=True):
    """One handshake as the page made it, already matched to its route."""

    route: ApiRoute
    target: bytes
    headers: Fields
    offer: Offer
    forwarded: Forwarded
    presented: Presented | None


@dataclass(frozen=True, slots=True)
class Opened:
    """The API's answer to a handshake, the token it was made with, and the session, if any."""

    api: ApiSocket | Refusal
    token: str | None = None
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class SocketCallFlow:
    """Handshake, then relay. ``per_session`` sockets at a time in this process.

    Without a session, they are counted by the client's address.
    """

    access: AccessFlow
    user_tokens: UserTokenFlow
    client_tokens: ClientTokenFlow
    server: SocketServer
    watch: SessionWatch
    background: Background
    clock: Clock
    trail: AuditTrail
    per_session: int
    open: Counter[str] = field(default_factory=Counter)

    async def run(self, call: SocketCall, browser: BrowserSocket) -> Refusal | Close | BffError:
        """Carry one socket to its end, and return that; a Refusal if the API did not want it.

        The API's end is opened first: a page's handshake is accepted only when there is somebody to
        talk to. Raises what a call raises, before that; RateLimited for one socket too many.
        """
        with self._place(call), self.watch.closing.holding():
            opened = await self._opened(call)
            if isinstance(opened.api, Refusal):
                return opened.api
            try:
                await browser.accept(call.offer.answer(opened.api.subprotocol))
                return await self._relayed(call, browser, opened, opened.api)
            finally:
                await opened.api.close(Close(GOING_AWAY))

    async def _relayed(
        self, call: SocketCall, browser: BrowserSocket, opened: Opened, api: ApiSocket
    ) -> Close | BffError:
        guarded = opened.token is not None and call.route.leak_guard
        guard = MessageGuard((opened.token or "").encode("ascii")) if guarded else None
        relay = SocketRelay(browser, api, guard, self.background)
        key = opened.access.session.key if opened.access is not None else None
        ending = await relay.run(self.watch, key)
        if isinstance(ending, TokenLeaked):
            leak = events.TokenLeakStopped(
                at=self.clock.now(), route=call.route.name, place="socket"
            )
            self.trail.record(leak)
        return ending

    async def _opened(self, call: SocketCall) -> Opened:
        if call.route.token == "none":  # noqa: S105  a token plan
            return Opened(await self._handshake(call, None))
        if call.presented is None:
            raise SessionRequired
        if call.route.token == "user":  # noqa: S105  a token plan
            return await self._as_user(call, call.presented)
        access = await self.access.usable(call.presented)
        require_step_up(call.route, access.session.core, self.clock.now())
        token = await self.client_tokens.token_for(call.route)
        return Opened(await self._handshake(call, token), token, access)

    async def _as_user(self, call: SocketCall, presented: Presented) -> Opened:
        user = await self.user_tokens.for_route(call.route, presented)
        api = await self._handshake(call, user.token)
        if isinstance(api, Refusal) and api.status == 401 and challenges_token(api.headers):  # noqa: PLR2004
            renewed = await self.user_tokens.after_challenge(call.route, presented, user)
            if renewed is not None:
                api, user = await self._handshake(call, renewed.token), renewed
        return Opened(api, user.token, user.access)

    async def _handshake(self, call: SocketCall, token: str | None) -> ApiSocket | Refusal:
        authorization = b"Bearer " + token.encode("ascii") if token is not None else None
        fields = handshake_headers(
            call.headers, call.route, authorization=authorization, forwarded=call.forwarded
        )
        request = ApiRequest("GET", call.target, fields)
        return await self.server.open(call.route, request, call.offer.subprotocols)

    @contextmanager
    def _place(self, call: SocketCall) -> Iterator[None]:
        who = call.presented.key if call.presented is not None else call.forwarded.client
        if self.open[who] >= self.per_session:
            self.trail.record(events.RateLimitHit(at=self.clock.now(), limit="websockets"))
            raise RateLimited(BUSY_SECONDS)
        self.open[who] += 1
        try:
            yield
        finally:
            self.open[who] -= 1
            if not self.open[who]:
                del self.open[who]
