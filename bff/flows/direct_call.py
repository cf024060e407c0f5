"""A proxied call about which nothing needs to be decided, awaited or begun.

As a held session can only say yes (:mod:`bff.flows.held_sessions`), so can this way: whatever it is
not sure of it leaves to :class:`bff.flows.api_call.ApiCallFlow`, which then decides, and takes over
the exchange with the API if one was begun.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bff.errors import ResourceServerError, TokenLeaked
from bff.flows.access import Presented
from bff.flows.direct_ports import Exchange, ReadyResourceServer
from bff.flows.held_sessions import QuietSessions
from bff.resource.leak import check_answer
from bff.resource.messages import ApiRequest, ApiResponse, challenges_token, returning_headers
from bff.resource.routes import ApiRoute
from bff.session.limits import SessionLimits, absolute_deadline
from bff.session.model import Session


class DirectCall(msgspec.Struct, frozen=True):
    """A call that was sent: for which session, with which token."""

    route: ApiRoute
    session: Session
    token: str
    exchange: Exchange
    idle_from: float
    """Unix seconds of the use from which the idle limit counts."""

    def __repr__(self) -> str:
        """The route."""
        return f"DirectCall({self.route.name})"


class DirectAnswer(msgspec.Struct, frozen=True):
    """What the browser may have, the body complete; and when its session ends (Unix seconds), if unused and at the latest."""

    response: ApiResponse
    body: bytes
    idle_ends: float
    absolute_ends: float


@dataclass(frozen=True, slots=True)
class DirectCallFlow:
    """Send at once, or not at all."""

    sessions: QuietSessions
    resource_server: ReadyResourceServer
    limits: SessionLimits

    def begin(
        self,
        route: ApiRoute,
        request: ApiRequest,
        lines: bytes,
        presented: Presented,
        heard: Callable[[], None],
        *,
        background: bool,
    ) -> DirectCall | None:
        """Send ``request``, whose method is safe, with the session's token; None: this is not the way.

        Args:
            route: one that :func:`is_plain`.
            request: of its fields only those that differ from call to call.
            lines: the others, as they are written.
            presented: what the browser shows.
            heard: called once, when :meth:`answer` can tell more.
            background: such use does not slide the idle limit.

        Raises:
            RequestMalformed: a field contains a line end.
        """
        now = presented.arrived_at
        session = self.sessions.at(
            now, presented.key, presented.generation, presented.pinned_ref, background=background
        )
        if session is None:
            return None
        tokens = session.tokens
        if route.scopes and not set(route.scopes) <= set(tokens.scope):
            return None
        token = tokens.access_token
        request.headers.append((b"authorization", b"Bearer " + token.encode("ascii")))
        exchange = self.resource_server.send_now(route, request, lines, heard)
        if exchange is None:
            return None
        idle_from = session.touched_at if background else now
        return DirectCall(route, session, token, exchange, idle_from)

    def answer(self, call: DirectCall) -> DirectAnswer | None:
        """What came back, if it is all here and fit for the browser as it is; None: it needs a closer look."""
        route = call.route
        try:
            response = call.exchange.answer()
            if response is None or response.complete is None:
                return None
            fields = response.headers
            if response.status == 401 and challenges_token(fields):  # noqa: PLR2004
                return None
            if route.leak_guard:
                check_answer(call.token.encode("ascii"), fields, response.complete)
        except (ResourceServerError, TokenLeaked):
            return None
        absolute = absolute_deadline(call.session)
        return DirectAnswer(
            ApiResponse(response.status, returning_headers(fields, route), response.body),
            response.complete,
            min(call.idle_from + self.limits.idle, absolute),
            absolute,
        )


def is_plain(route: ApiRoute) -> bool:
    """Whether a route asks for nothing but a session and its own token."""
    return (
        route.token == "user"  # noqa: S105  a token plan
        and route.resource is None
        and route.rate_per_minute is None
        and route.max_age is None
        and not route.acr
    )
