"""A proxied call about which nothing needs to be decided or awaited.

As a held session can only say yes (:mod:`bff.flows.held_sessions`), so can this way: whatever it is
not sure of it leaves to :class:`bff.flows.api_call.ApiCallFlow`, which then decides, and takes over
the exchange with the API if one was begun.
"""

from collections.abc import Callable

import msgspec

from bff.errors import RequestMalformed
from bff.flows.access import Presented
from bff.flows.direct_ports import Exchange, ReadyResourceServer
from bff.flows.held_sessions import QuietSessions
from bff.resource.leak import leaks
from bff.resource.messages import challenges_token
from bff.resource.returned import ReturningLines
from bff.resource.routes import ApiRoute
from bff.session.held import Quiet
from bff.session.limits import SessionLimits
from bff.session.model import Session

Attend = Callable[[Presented, Session, bool], None]
"""Told what use of a held session leaves something to do, and whether it does not slide the idle limit
(:meth:`bff.flows.access.AccessFlow.attend`)."""


class DirectCall:
    """A call that was sent: for which session, with which token."""

    __slots__ = ("exchange", "idle_from", "new_generation", "quiet", "route")

    def __init__(
        self,
        route: ApiRoute,
        quiet: Quiet,
        exchange: Exchange,
        idle_from: float,
        new_generation: int | None,
    ) -> None:
        """``idle_from``: Unix seconds of the use from which the idle limit counts.

        ``new_generation`` is that of the handle the browser should hold now, if it holds an older one.
        """
        self.route = route
        self.quiet = quiet
        self.exchange = exchange
        self.idle_from = idle_from
        self.new_generation = new_generation

    @property
    def token(self) -> str:
        """With which it was sent."""
        return self.quiet.session.tokens.access_token


class DirectAnswer(msgspec.Struct, frozen=True):
    """What the browser may have, the body complete; and when its session ends (Unix seconds), if unused and at the latest.

    ``lines`` are the fields as they are written, each beginning with its line end.
    """

    status: int
    lines: bytes
    body: bytes
    idle_ends: float
    absolute_ends: float


class DirectCallFlow:
    """Send at once, or not at all."""

    __slots__ = ("_attend", "_idle", "_resource_server", "_returning", "_sessions")

    def __init__(
        self,
        sessions: QuietSessions,
        resource_server: ReadyResourceServer,
        limits: SessionLimits,
        attend: Attend,
    ) -> None:
        """Bind the story to its ports."""
        self._sessions = sessions
        self._resource_server = resource_server
        self._idle = limits.idle
        self._attend = attend
        self._returning: dict[str, ReturningLines] = {}

    def begin(
        self,
        route: ApiRoute,
        line: bytes,
        lines: bytes,
        heard: Callable[[], None],
        presented: Presented,
        *,
        background: bool,
    ) -> DirectCall | None:
        """Send a request, whose method is safe, with the session's token; None: this is not the way.

        Args:
            route: one that :func:`is_plain`.
            line: method and target.
            lines: its fields as they are written, but those of the token.
            heard: called once, when :meth:`answer` can tell more.
            presented: what the browser shows.
            background: such use does not slide the idle limit.
        """
        now, generation = presented.arrived_at, presented.generation
        quiet = self._sessions.at(now, presented.key, generation, presented.pinned_ref)
        if quiet is None:
            return None
        session = quiet.session
        if route.scopes and not set(route.scopes) <= set(session.tokens.scope):
            return None
        exchange = self._resource_server.send_now(
            route, line, (lines, b"authorization: Bearer ", quiet.token), heard
        )
        if exchange is None:
            return None
        new = session.generation if generation < session.generation else None
        return DirectCall(route, quiet, exchange, session.touched_at if background else now, new)

    def leaves_something(
        self, call: DirectCall, presented: Presented, now: float, *, background: bool
    ) -> bool:
        """Whether the call leaves something to :meth:`attend` to at ``now``."""
        return self._sessions.leaves_something(
            call.quiet, presented.generation, now, background=background
        )

    def attend(self, call: DirectCall, presented: Presented, *, background: bool) -> None:
        """Begin what the call leaves to do; nobody waits for it."""
        self._attend(presented, call.quiet.session, background)

    def answer(self, call: DirectCall) -> DirectAnswer | None:
        """What came back, if it is all here and fit for the browser as it is; None: it needs a closer look."""
        got = call.exchange.complete()
        if got is None:
            return None
        status, fields, body = got
        route, quiet = call.route, call.quiet
        if status == 401 and challenges_token(fields):  # noqa: PLR2004
            return None
        if route.leak_guard and leaks(quiet.token, fields, body):
            return None
        try:
            lines = self._lines(route).written(fields)
        except RequestMalformed:
            return None
        if lines is None:
            return None
        idle_ends = min(call.idle_from + self._idle, quiet.absolute_ends)
        return DirectAnswer(status, lines, body, idle_ends, quiet.absolute_ends)

    def _lines(self, route: ApiRoute) -> ReturningLines:
        returning = self._returning.get(route.name)
        if returning is None:
            self._returning[route.name] = returning = ReturningLines(route)
        return returning


def is_plain(route: ApiRoute) -> bool:
    """Whether a route asks for nothing but a session and its own token."""
    return (
        route.token == "user"  # noqa: S105  a token plan
        and route.resource is None
        and route.rate_per_minute is None
        and route.max_age is None
        and not route.acr
    )
