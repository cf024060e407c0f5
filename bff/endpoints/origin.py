"""Which request the code that runs now belongs to: what events need to know of where they come from.

Detached work begun by a request keeps its origin.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache

from bff.audit.origin import AddressPlan, agent_family, shown_address
from bff.audit.record import Origin
from bff.browser.device import device_hint, network_hint
from bff.browser.proxies import TrustedProxies
from bff.endpoints.dependencies import Request, client_address
from bff.session.client import Client

CURRENT: ContextVar[Request | None] = ContextVar("bff_request", default=None)


KINDS = (
    (b"/api/", "api"),
    (b"/bff/console", "console"),
    (b"/bff/session", "session"),
    (b"/bff/refresh", "session"),
    (b"/bff/events", "session"),
    (b"/bff/log", "sign_in"),
    (b"/bff/callback", "sign_in"),
)
"""What requests are for, by how their path begins. Sign-outs count as signing in."""


def request_kind() -> str:
    """What the current request is for; ``background`` outside any."""
    request = CURRENT.get()
    if request is None:
        return "background"
    path = request.path
    return next((kind for beginning, kind in KINDS if path.startswith(beginning)), "other")


class RequestOrigin:
    """Tells where the current request comes from; worked out only when an event asks."""

    __slots__ = ("_plan", "_trace_id", "_trusted_proxies")

    def __init__(
        self,
        plan: AddressPlan,
        trusted_proxies: TrustedProxies,
        trace_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``plan``: how much of an address may be kept; ``trace_id`` knows the current trace."""
        self._plan = plan
        self._trace_id = trace_id
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
            trace_id=self._trace_id(),
        )


class RequestClient:
    """Tells which client the current request comes from, as a sign-in keeps it."""

    __slots__ = ("_trusted_proxies",)

    def __init__(self, trusted_proxies: TrustedProxies) -> None:
        """Whose word counts about an address."""
        self._trusted_proxies = trusted_proxies

    def __call__(self) -> Client | None:
        """None outside any request."""
        request = CURRENT.get()
        if request is None:
            return None
        address = client_address(request, self._trusted_proxies)
        return _client(request.get(b"user-agent"), address)


@lru_cache(maxsize=4096)
def _client(user_agent: bytes | None, address: str) -> Client:
    return Client(device_hint(user_agent), network_hint(address))
