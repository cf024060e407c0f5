"""What the endpoints know of where they run, from the settings."""

from bff.adapters.rate_limits import RedisRateLimits
from bff.browser.proxies import TrustedProxies
from bff.composition.world import World
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
        rate_limits=_rate_limits(world),
        trusted_proxies=TrustedProxies(
            settings.server.trusted_proxies, settings.server.trusted_networks
        ),
        frontchannel_from=values.frontchannel_from(settings),
    )


def _rate_limits(world: World) -> RedisRateLimits:
    limits = world.settings.limits
    return RedisRateLimits(
        world.redis,
        {
            "sign_in": limits.sign_in_per_minute,
            "refresh": limits.refresh_per_minute,
            "backchannel": limits.backchannel_per_minute,
            "frontchannel": limits.frontchannel_per_minute,
        },
        lookup_key=values.lookup_key(world.settings),
        prefix=world.settings.redis.prefix,
    )
