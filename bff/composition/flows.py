"""The flows, each over the adapters that stand behind its ports."""

import os

from bff.adapters.entropy import SystemEntropy
from bff.adapters.redis_sessions import RedisSessionStore
from bff.adapters.redis_transactions import OneShotValues, RedisExitStore, RedisTransactionStore
from bff.adapters.session_record import SessionRecord
from bff.audit.events import ProviderBreaker
from bff.composition.world import World
from bff.endpoints.dependencies import Flows
from bff.flows.access import AccessFlow
from bff.flows.api_call import ApiCallFlow
from bff.flows.breaker import Breaker
from bff.flows.client_token import ClientTokenFlow
from bff.flows.login import LoginFlow, LoginPolicy
from bff.flows.logout import LogoutFlow
from bff.flows.ports import AuditTrail
from bff.flows.refresh import RefreshFlow
from bff.flows.renewal import RenewalFlow
from bff.flows.revocation import RevocationFlow
from bff.flows.token_set import TokenSetFlow
from bff.flows.watch import WatchFlow
from bff.settings import values


def build_flows(world: World, trail: AuditTrail) -> Flows:
    """Sign in, use, call, sign out: all over one set of adapters."""
    settings, clock, background, provider = (
        world.settings,
        world.clock,
        world.background,
        world.provider,
    )
    entropy, client, claims = (
        SystemEntropy(),
        values.client_metadata(settings),
        settings.provider.claims,
    )
    lookup_key, prefix, seal = (
        values.lookup_key(settings),
        settings.redis.prefix,
        values.seal(settings),
    )
    limits, lifetime = values.session_limits(settings), settings.refresh.default_lifetime_seconds
    record = SessionRecord(seal, lookup_key, os.urandom)
    sessions = RedisSessionStore(
        world.redis, record, world.news, limits=limits, lookup_key=lookup_key, prefix=prefix
    )
    one_shot = OneShotValues(world.redis, seal, os.urandom, lookup_key=lookup_key, prefix=prefix)
    transactions, exits = RedisTransactionStore(one_shot), RedisExitStore(one_shot)
    revocation = RevocationFlow(provider, background, clock, trail)
    token_sets = TokenSetFlow(provider, revocation, clock, client, claims, lifetime)
    access = _access_flow(world, trail, sessions, token_sets)
    policy = LoginPolicy(
        limits=limits,
        lookup_key=lookup_key,
        claim_names=claims,
        user_info=settings.provider.user_info,
    )
    client_tokens = ClientTokenFlow(
        provider, background, clock, lifetime, settings.refresh.hold_seconds
    )
    login = LoginFlow(
        provider,
        transactions,
        sessions,
        token_sets,
        revocation,
        clock,
        entropy,
        trail,
        client,
        policy,
    )
    max_age = settings.provider.logout_token_max_age_seconds
    strict = settings.provider.logout_token_strict_type
    logout = LogoutFlow(
        sessions, provider, revocation, clock, trail, exits, entropy, client, max_age, strict
    )
    return Flows(
        login=login,
        access=access,
        api_call=ApiCallFlow(access, client_tokens, world.resource_server, clock, trail),
        logout=logout,
        watch=WatchFlow(sessions, access, background, clock),
    )


def _access_flow(
    world: World, trail: AuditTrail, sessions: RedisSessionStore, token_sets: TokenSetFlow
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
    return AccessFlow(
        sessions,
        RefreshFlow(renewal, sessions, background, clock, entropy, world.metrics.refresh, policy),
        token_sets.revocation,
        background,
        clock,
        trail,
        policy,
        values.session_limits(settings),
        settings.session.handle_grace_seconds,
    )
