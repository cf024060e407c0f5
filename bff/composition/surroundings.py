"""What the endpoints know of where they run, from the settings."""

from bff.adapters.rate_limits import RedisRateLimits
from bff.audit import events
from bff.composition.access_lines import access_line
from bff.composition.world import World
from bff.endpoints.call_ends import RouteTook
from bff.endpoints.dependencies import Surroundings
from bff.flows.ports import AuditTrail
from bff.settings import values


def surroundings(world: World, trail: AuditTrail) -> Surroundings:
    """The public origin, the route table, the limits, whose word counts."""
    settings = world.settings
    return Surroundings(
        public_origin=settings.server.public_url.encode("ascii"),
        routes=values.route_table(settings),
        clock=world.clock,
        trail=trail,
        rate_limits=_rate_limits(world, trail),
        trusted_proxies=values.trusted_proxies(settings),
        frontchannel_from=values.frontchannel_from(settings),
        access_line=access_line(world),
        route_took=_route_took(world),
    )


def _route_took(world: World) -> RouteTook:
    hot, calls = world.metrics.hot, world.session_calls

    def took(route: str, seconds: float, status: int, ref: str | None) -> None:
        hot.route(route).took(seconds, status)
        if ref is not None and calls is not None:
            calls.count(ref, route, status)

    return took


def _rate_limits(world: World, trail: AuditTrail) -> RedisRateLimits:
    limits = world.settings.limits
    of_routes = {
        f"route:{route.name}": route.rate_per_minute
        for route in map(values.api_route, world.settings.routes)
        if route.rate_per_minute is not None
    }

    def reached(limit: str) -> None:
        trail.record(events.RateLimitHit(at=world.clock.now(), limit=limit))

    return RedisRateLimits(
        world.redis,
        {
            "sign_in": limits.sign_in_per_minute,
            "callback": limits.callback_per_minute,
            "refresh": limits.refresh_per_minute,
            "refresh_user": limits.refresh_per_user_per_minute,
            "refresh_address": limits.refresh_per_address_per_minute,
            "backchannel": limits.backchannel_per_minute,
            "frontchannel": limits.frontchannel_per_minute,
            **of_routes,
        },
        world.clock,
        reached,
        lookup_key=values.lookup_key(world.settings),
        prefix=world.settings.redis.prefix,
    )
