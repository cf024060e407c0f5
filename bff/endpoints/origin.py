"""Which request the code that runs now belongs to: what events need to know of where they come from.

Detached work begun by a request keeps its origin.
"""

from contextvars import ContextVar

from bff.audit.origin import AddressPlan, agent_family, shown_address
from bff.audit.record import Origin
from bff.browser.proxies import TrustedProxies
from bff.endpoints.dependencies import Request, client_address

CURRENT: ContextVar[Request | None] = ContextVar("bff_request", default=None)


class RequestOrigin:
    """Tells where the current request comes from; worked out only when an event asks."""

    __slots__ = ("_plan", "_trusted_proxies")

    def __init__(self, plan: AddressPlan, trusted_proxies: TrustedProxies) -> None:
        """``plan``: how much of an address may be kept."""
        self._plan = plan
        self._trusted_proxies = trusted_proxies

    def __call__(self) -> Origin | None:
        """None outside any request."""
        request = CURRENT.get()
        if request is None:
            return None
        agent = request.get(b"user-agent")
        return Origin(
            request_id=request.id,
            address=shown_address(client_address(request, self._trusted_proxies), self._plan),
            agent=agent_family(agent.decode("latin-1") if agent else None),
        )
