"""The flows by which sessions end: here, at the provider, and from there."""

from bff.adapters.entropy import SystemEntropy
from bff.composition.stores import Stores
from bff.composition.world import World
from bff.flows.access import AccessFlow
from bff.flows.backchannel import BackChannelFlow, LogoutTokenPolicy
from bff.flows.ending import EndingFlow, Revoke
from bff.flows.logout import LogoutFlow
from bff.flows.own_sessions import OwnSessionsFlow
from bff.flows.ports import AuditTrail
from bff.flows.revocation import RevocationFlow
from bff.settings import values


def revocation_flow(world: World, trail: AuditTrail, stores: Stores) -> RevocationFlow:
    """Tells the provider which tokens are no longer wanted."""
    return RevocationFlow(
        provider=world.provider,
        queue=stores.revocations,
        background=world.background,
        clock=world.clock,
        entropy=SystemEntropy(),
        trail=trail,
        sessions=stores.sessions,
    )


def ending_flow(
    world: World, trail: AuditTrail, stores: Stores, revocation: RevocationFlow
) -> EndingFlow:
    """Ends sessions for whoever may."""
    return EndingFlow(stores.sessions, stores.register, revocation, world.clock, trail)


def logout_flow(world: World, stores: Stores, ending: EndingFlow) -> LogoutFlow:
    """Signs a browser out, here and at the provider."""
    return LogoutFlow(
        ending=ending,
        provider=world.provider,
        clock=world.clock,
        exits=stores.exits,
        entropy=SystemEntropy(),
        client=values.client_metadata(world.settings),
    )


def backchannel_flow(
    world: World, trail: AuditTrail, stores: Stores, ending: EndingFlow
) -> BackChannelFlow:
    """Believes the provider, once it is shown to be the provider."""
    provider = world.settings.provider
    policy = LogoutTokenPolicy(
        max_age=provider.logout_token_max_age_seconds,
        strict_type=provider.logout_token_strict_type,
        revoke=Revoke(provider.backchannel_revokes),
    )
    return BackChannelFlow(
        sessions=stores.sessions,
        ending=ending,
        provider=world.provider,
        clock=world.clock,
        trail=trail,
        client=values.client_metadata(world.settings),
        policy=policy,
    )


def own_sessions_flow(
    world: World, stores: Stores, access: AccessFlow, ending: EndingFlow
) -> OwnSessionsFlow:
    """What users may know and do about their own sessions."""
    return OwnSessionsFlow(
        access=access,
        ending=ending,
        sessions=stores.sessions,
        register=stores.register,
        limits=values.session_limits(world.settings),
    )
