"""Step-up: what is worth more than an ordinary sign-in asks for a better one (RFC 9470)."""

from bff.errors import StepUpRequired
from bff.flows.token_set import CLOCK_LEEWAY_SECONDS
from bff.resource.routes import ApiRoute
from bff.session.limits import step_up_due
from bff.session.model import SessionCore


def require_step_up(route: ApiRoute, core: SessionCore, now: float) -> None:
    """Let pass whose sign-in is recent and strong enough for ``route``. Raises StepUpRequired."""
    if route.max_age is None and not route.acr:
        return
    if step_up_due(core, now, max_age=route.max_age, acr=route.acr, leeway=CLOCK_LEEWAY_SECONDS):
        raise StepUpRequired(route.max_age, route.acr)
