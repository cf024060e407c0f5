"""Processes of the product in virtual time.

The real flows over fake ports, sharing one memory and one provider.
"""

from dataclasses import dataclass, field
from typing import Any

from bff.flows.access import AccessFlow, Presented
from bff.flows.breaker import Breaker
from bff.flows.ending import EndingFlow
from bff.flows.refresh import RefreshFlow
from bff.flows.renewal import RenewalFlow
from bff.flows.revocation import RevocationFlow
from bff.flows.token_set import TokenSetFlow
from bff.flows.use_records import UseRecords
from bff.oidc.metadata import ClientMetadata, Secret
from bff.session.limits import SessionLimits, record_expires_at
from bff.session.model import Session
from bff.session.refresh import RefreshPolicy
from tests.builders import NOW, a_session
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fake_revocations import MemoryRevocationQueue
from tests.flows.fakes import (
    Hop,
    Memory,
    MemorySessionStore,
    RememberingMeter,
    RememberingTrail,
    SeededEntropy,
    no_hop,
)
from tests.flows.strict_provider import StrictProvider
from tests.flows.virtual_time import Process, World

CLIENT = ClientMetadata(
    client_id="eventlead-bff",
    redirect_uri="https://app.example/bff/callback",
    client_secret=Secret("client-secret"),
    scope=("openid", "offline_access", "leads.read"),
    post_logout_redirect_uri="https://app.example/",
)
POLICY = RefreshPolicy(jitter=0.0)


@dataclass
class Fleet:
    """The world, what is shared in it, and the processes."""

    seed: int = 0
    policy: RefreshPolicy = POLICY
    limits: SessionLimits = field(default_factory=SessionLimits)
    grace: float = 60.0
    store: type[MemorySessionStore] = MemorySessionStore

    def __post_init__(self) -> None:
        self.world = World(self.seed, NOW)
        self.memory = Memory(self.world, self.limits)
        self.provider = StrictProvider(self.world)
        self.trail = RememberingTrail()
        self.meter = RememberingMeter()
        self.entropy = SeededEntropy(self.seed)
        self.clocks_apart: list[float] = []
        self._members: dict[str, AccessFlow] = {}

    def begin(self, **overrides: Any) -> Session:
        """Put a session into the memory, as a sign-in would."""
        session = a_session(**overrides)
        self.memory.sessions[session.key] = session
        self.memory.expires_at[session.key] = record_expires_at(
            session, session.touched_at, self.limits
        )
        self.memory.known[session.key] = session.core.absolute_expires_at
        return session

    def member(self, name: str = "p1", hop: Hop = no_hop) -> AccessFlow:
        """A process of the fleet; ``hop`` is the way between it and the memory."""
        if name not in self._members:
            self._members[name] = self._plug(name, hop)
        return self._members[name]

    def _plug(self, name: str, hop: Hop) -> AccessFlow:
        sessions = self.store(self.memory, hop)
        world, process, trail = self.world, Process(self.world, name), self.trail
        provider: Any = self.provider.seen_from(name)
        revocation = RevocationFlow(
            provider, MemoryRevocationQueue(), process, world, self.entropy, trail, sessions
        )
        token_sets = TokenSetFlow(
            provider,
            revocation,
            world,
            CLIENT,
            ("name",),
            self.policy.default_lifetime,
            self.clocks_apart.append,
        )
        breaker = Breaker(world)
        renewal = RenewalFlow(
            sessions, token_sets, breaker, process, world, self.entropy, trail, self.policy
        )
        refresh = RefreshFlow(
            renewal, sessions, process, world, self.entropy, self.meter, self.policy
        )
        return AccessFlow(
            sessions,
            refresh,
            EndingFlow(sessions, MemorySessionRegister(self.memory), revocation, world, trail),
            UseRecords(sessions, process, self.limits),
            world,
            trail,
            self.policy,
            self.limits,
            self.grace,
        )

    def shown(
        self, session: Session, generation: int | None = None, pinned_ref: str | None = None
    ) -> Presented:
        """What a browser that holds this session shows, in a request that arrives now."""
        held = session.generation if generation is None else generation
        return Presented(session.key, held, self.world.now(), pinned_ref)
