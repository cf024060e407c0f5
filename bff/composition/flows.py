"""The flows, each over the adapters that stand behind its ports."""

from bff.adapters.entropy import SystemEntropy
from bff.adapters.provider_clock import ProviderClock
from bff.adapters.redis_clients import RedisClients
from bff.adapters.redis_sessions import RedisSessionStore
from bff.audit.events import ProviderBreaker
from bff.audit.operations import ProviderClockOff
from bff.composition.evidence import Evidence
from bff.composition.proxying import direct_call_flow, proxy_flows
from bff.composition.reviewing import review_flows
from bff.composition.signing_out import (
    backchannel_flow,
    ending_flow,
    logout_flow,
    own_sessions_flow,
    revocation_flow,
)
from bff.composition.stores import Stores, open_stores
from bff.composition.world import World
from bff.endpoints.dependencies import Flows
from bff.endpoints.origin import RequestClient
from bff.flows.access import AccessFlow
from bff.flows.attempt import Watched, unwatched
from bff.flows.breaker import Breaker
from bff.flows.client_watch import ClientWatch
from bff.flows.ending import EndingFlow
from bff.flows.held_sessions import Held, HeldSessions, nothing_held
from bff.flows.login import LoginFlow, LoginPolicy
from bff.flows.ports import AuditTrail
from bff.flows.refresh import RefreshFlow
from bff.flows.refresh_ports import RefreshMeter
from bff.flows.renewal import RenewalFlow
from bff.flows.token_set import TokenSetFlow
from bff.flows.use_records import UseRecords
from bff.flows.watch import WatchFlow
from bff.session.refresh import RefreshPolicy
from bff.settings import values


def build_flows(world: World, trail: AuditTrail, evidence: Evidence) -> Flows:
    """Sign in, use, call, sign out: all over one set of adapters."""
    settings, clock, provider = world.settings, world.clock, world.provider
    stores, client = open_stores(world), values.client_metadata(settings)
    provider.listen(_provider_clock(world, trail))
    provider.listen(world.metrics.provider.heard)
    if world.traces is not None:
        provider.listen(world.traces.provider())
    lifetime = settings.refresh.default_lifetime_seconds
    revocation = revocation_flow(world, trail, stores)
    token_sets = TokenSetFlow(
        provider,
        revocation,
        clock,
        client,
        settings.provider.claims,
        lifetime,
        _provider_clock(world, trail).apart,
    )
    ending = ending_flow(world, trail, stores, revocation)
    access = _access_flow(world, trail, stores.sessions, token_sets, ending)
    calls, sockets = proxy_flows(world, trail, stores, access)
    return Flows(
        login=_login_flow(world, trail, stores, token_sets),
        access=access,
        api_call=calls,
        socket_call=sockets,
        logout=logout_flow(world, stores, ending),
        ending=ending,
        backchannel=backchannel_flow(world, trail, stores, ending),
        own_sessions=own_sessions_flow(world, stores, access, ending),
        review=review_flows(world, trail, stores, access, ending, evidence),
        watch=WatchFlow(stores.sessions, access, world.background, clock),
        direct_call=direct_call_flow(world, access),
    )


def _login_flow(
    world: World, trail: AuditTrail, stores: Stores, token_sets: TokenSetFlow
) -> LoginFlow:
    settings = world.settings
    policy = LoginPolicy(
        limits=values.session_limits(settings),
        lookup_key=values.lookup_key(settings),
        claim_names=settings.provider.claims,
        user_info=settings.provider.user_info,
    )
    return LoginFlow(
        provider=world.provider,
        transactions=stores.transactions,
        sessions=stores.sessions,
        token_sets=token_sets,
        revocation=token_sets.revocation,
        clock=world.clock,
        entropy=SystemEntropy(),
        trail=trail,
        client=values.client_metadata(settings),
        policy=policy,
    )


def _access_flow(
    world: World,
    trail: AuditTrail,
    sessions: RedisSessionStore,
    token_sets: TokenSetFlow,
    ending: EndingFlow,
) -> AccessFlow:
    settings, clock, background = world.settings, world.clock, world.background
    policy, entropy = values.refresh_policy(settings), SystemEntropy()
    issuer = settings.provider.issuer
    breaker = Breaker(
        clock,
        changed=lambda state: trail.record(
            ProviderBreaker(at=clock.now(), issuer=issuer, state=state.value)
        ),
    )
    renewal = RenewalFlow(sessions, token_sets, breaker, background, clock, entropy, trail, policy)
    limits, grace = values.session_limits(settings), settings.session.handle_grace_seconds
    held: Held = nothing_held
    if world.session_cache is not None:
        held = HeldSessions(world.session_cache.get, clock, policy, limits, grace).unquestioned
    return AccessFlow(
        sessions,
        _refresh_flow(world, renewal, sessions, policy),
        ending,
        UseRecords(sessions, background, limits),
        clock,
        trail,
        policy,
        limits,
        grace,
        held,
        _client_watch(world, trail).notice,
    )


def _refresh_flow(
    world: World, renewal: RenewalFlow, sessions: RedisSessionStore, policy: RefreshPolicy
) -> RefreshFlow:
    meter: RefreshMeter = world.metrics.refresh
    watched: Watched = unwatched
    if world.traces is not None:
        meter, watched = world.traces.meter(meter), world.traces.renewals()
    return RefreshFlow(
        renewal, sessions, world.background, world.clock, SystemEntropy(), meter, policy, watched
    )


def _provider_clock(world: World, trail: AuditTrail) -> ProviderClock:
    clock, issuer = world.clock, world.settings.provider.issuer

    def told(seconds: float) -> None:
        trail.record(ProviderClockOff(at=clock.now(), issuer=issuer, seconds=seconds))

    return ProviderClock(clock.now, told)


def _client_watch(world: World, trail: AuditTrail) -> ClientWatch:
    return ClientWatch(
        RedisClients(world.redis, prefix=world.settings.redis.prefix),
        RequestClient(values.trusted_proxies(world.settings)),
        world.background,
        world.clock,
        trail,
    )
