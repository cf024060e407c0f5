"""Which of a session's access tokens an API gets: the session's own, or one for that API alone.

RFC 9700 section 2.3; RFC 8707 section 2.2. A route with a ``resource`` gets a token for that
resource, obtained and renewed with the session's refresh token under the same lock, journal and
fence as the session's own token.
"""

from dataclasses import dataclass, field

import msgspec

from bff.audit import events
from bff.errors import (
    AudienceRefused,
    InsufficientScope,
    ProviderUnavailable,
    RefreshInProgress,
)
from bff.flows.access import Access, AccessFlow, Presented
from bff.flows.attempt import Outcome, Trigger
from bff.flows.ports import AuditTrail, Clock
from bff.flows.step_up import require_step_up
from bff.resource.routes import ApiRoute
from bff.session.audience import Audience, seen_by
from bff.session.model import Session
from bff.session.refresh import Verdict, judge

REFUSED_SECONDS = 60.0
"""How long an audience that the provider refused is not asked for again: no session can change that."""

_POLL_SECONDS = 0.25


class UserToken(msgspec.Struct, frozen=True):
    """An access token, and the session it belongs to."""

    access: Access
    token: str


@dataclass(frozen=True, slots=True)
class UserTokenFlow:
    """A usable session's token for a route."""

    access: AccessFlow
    clock: Clock
    trail: AuditTrail
    refused: dict[str, float] = field(default_factory=dict)

    async def for_route(
        self, route: ApiRoute, presented: Presented, *, background: bool = False
    ) -> UserToken:
        """A token that can be sent to the route's API now.

        Raises what :meth:`AccessFlow.usable` raises, StepUpRequired, InsufficientScope, and
        AudienceRefused if the provider gives no token for the route's resource; the session goes on.
        """
        access = await self.access.usable(presented, background=background)
        require_step_up(route, access.session.core, self.clock.now())
        if route.resource is None:
            return _granted(route, access, access.session)
        audience = Audience(route.resource, route.scopes)
        session = access.session
        match judge(seen_by(session, audience), self.clock.now(), self.access.policy):
            case Verdict.REFRESH_SOON:
                refresh = self.access.refresh
                if refresh.worth_starting(session, self.clock.now()):
                    refresh.start(session, Trigger.EARLY, audience)
            case Verdict.REFRESH_NOW:
                session = await self._newer(route, presented, session, audience, Trigger.EXPIRED)
                access = self.access.granted(presented, session, background=True)
            case Verdict.ENDED:
                raise AudienceRefused("no_refresh_token")
            case Verdict.USE:
                pass
        return _granted(route, access, seen_by(session, audience))

    async def after_challenge(
        self, route: ApiRoute, presented: Presented, refused: UserToken
    ) -> UserToken | None:
        """A newer token than the one the route's API just refused as invalid.

        None when there is no point in asking.
        """
        if route.resource is None:
            renewed = await self.access.after_challenge(presented, refused.access.session)
            return None if renewed is None else _granted(route, renewed, renewed.session)
        audience = Audience(route.resource, route.scopes)
        session = await self.access.known(presented)
        now, seen = self.clock.now(), seen_by(session, audience).tokens
        if seen.access_token == refused.token:
            young = now - seen.issued_at < self.access.policy.forced_interval
            if young or seen.refresh_token is None:
                return None
            try:
                session = await self._newer(route, presented, session, audience, Trigger.FORCED)
            except (RefreshInProgress, ProviderUnavailable, AudienceRefused):
                return None
        access = self.access.granted(presented, session, background=True)
        return _granted(route, access, seen_by(session, audience))

    async def _newer(
        self,
        route: ApiRoute,
        presented: Presented,
        session: Session,
        audience: Audience,
        trigger: Trigger,
    ) -> Session:
        """Wait, for ``hold`` seconds at most, until the session has a newer token for ``audience``."""
        if self.clock.now() < self.refused.get(audience.name, 0.0):
            raise AudienceRefused("refused_before")
        before = seen_by(session, audience).tokens.access_token
        deadline = self.clock.now() + self.access.policy.hold
        with self.access.sessions.listen(session.key) as ear:
            while True:
                flight = self.access.refresh.start(session, trigger, audience)
                attempt = await flight.wait(deadline - self.clock.now())
                session = await self.access.known(presented)
                now, seen = self.clock.now(), seen_by(session, audience)
                if seen.tokens.access_token != before and (
                    judge(seen, now, self.access.policy) is not Verdict.REFRESH_NOW
                ):
                    return session
                if attempt is not None and attempt.outcome is Outcome.REFUSED:
                    raise self._refused(route, audience, session, attempt.reason)
                await ear.news(min(self.access.time_left(attempt, deadline), _POLL_SECONDS))

    def _refused(
        self, route: ApiRoute, audience: Audience, session: Session, error: str
    ) -> AudienceRefused:
        self.refused[audience.name] = self.clock.now() + REFUSED_SECONDS
        core = session.core
        self.trail.record(
            events.AudienceTokenRefused(
                at=self.clock.now(),
                ref=core.ref,
                issuer=core.issuer,
                subject=core.subject,
                route=route.name,
                error=error,
            )
        )
        return AudienceRefused(error)


def _granted(route: ApiRoute, access: Access, seen: Session) -> UserToken:
    if route.scopes and not set(route.scopes) <= set(seen.tokens.scope):
        raise InsufficientScope
    return UserToken(access, seen.tokens.access_token)
