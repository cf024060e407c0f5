"""How often a route may be called: by one session, or by one address where no session is needed."""

from bff.flows.access import Presented
from bff.flows.ports import RateLimits
from bff.resource.routes import ApiRoute


async def count_call(
    limits: RateLimits, route: ApiRoute, presented: Presented | None, address: str
) -> None:
    """Count one call. Raises RateLimited."""
    if route.rate_per_minute is None:
        return
    by_session = presented is not None and route.token != "none"  # noqa: S105  a token plan
    await limits.hit(f"route:{route.name}", presented.key if presented and by_session else address)
