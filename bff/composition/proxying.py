"""The proxied APIs: calls and sockets, over one access flow."""

from bff.adapters.api_sockets import WebSocketApi
from bff.composition.stores import Stores
from bff.composition.world import World
from bff.flows.access import AccessFlow
from bff.flows.api_call import ApiCallFlow
from bff.flows.client_token import ClientTokenFlow
from bff.flows.direct_call import DirectCallFlow
from bff.flows.held_sessions import QuietSessions
from bff.flows.ports import AuditTrail, ResourceServer
from bff.flows.session_watch import SessionWatch
from bff.flows.socket_call import SocketCallFlow
from bff.flows.socket_ports import SocketServer
from bff.flows.user_token import UserTokenFlow
from bff.settings import values


def proxy_flows(
    world: World, trail: AuditTrail, stores: Stores, access: AccessFlow
) -> tuple[ApiCallFlow, SocketCallFlow]:
    """Both share what they know of client tokens and of sessions that end."""
    settings, clock, background = world.settings, world.clock, world.background
    refresh, limits = settings.refresh, settings.limits
    client_tokens = ClientTokenFlow(
        world.provider, background, clock, refresh.default_lifetime_seconds, refresh.hold_seconds
    )
    watch = SessionWatch(stores.sessions, clock, values.session_limits(settings), world.closing)
    user_tokens = UserTokenFlow(access, clock, trail)
    server: ResourceServer = world.resource_server
    apis: SocketServer = WebSocketApi(message_limit=limits.websocket_message_bytes)
    if world.traces is not None:
        server, apis = world.traces.calls(server), world.traces.sockets(apis)
    calls = ApiCallFlow(access, user_tokens, client_tokens, server, clock, trail, watch, background)
    sockets = SocketCallFlow(
        access,
        user_tokens,
        client_tokens,
        apis,
        watch,
        background,
        clock,
        trail,
        limits.websockets_per_session,
    )
    return calls, sockets


def direct_call_flow(world: World, access: AccessFlow) -> DirectCallFlow | None:
    """The way of a call that needs no decision.

    There is none where no session is held in the process, and none where each call has a span.
    """
    cache = world.session_cache
    if cache is None or world.traces is not None:
        return None
    quiet = QuietSessions(
        cache.peek,
        cache.used,
        access.refresh.worth_starting,
        access.records.worth_touching,
        access.policy,
        access.limits,
    )
    return DirectCallFlow(quiet, world.resource_server, access.limits, access.attend)
