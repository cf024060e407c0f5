"""The strictest authorization server there is, in memory and virtual time.

It rotates refresh tokens and revokes the family when a spent one comes back.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bff.errors import ProviderUnavailable, TokenRequestRejected
from bff.oidc.metadata import ProviderMetadata
from bff.oidc.token import TokenResponse
from bff.session.audience import Audience
from tests.flows.virtual_time import Signal, World


@dataclass(repr=False)
class Fault:
    """One bad answer.

    ``before`` and ``after`` seconds around the grant, then ``fails`` with what the client sees.

    ``acts`` says whether the provider rotates although the client sees a failure. ``sent`` is what
    the client can know. ``twice``: something on the way delivers the request twice, and the client
    hears the first answer to arrive; ``after`` delays only that of the first delivery.
    """

    before: float = 0.0
    after: float = 0.0
    fails: str | None = None
    acts: bool = False
    sent: bool = True
    error: str | None = None
    twice: bool = False

    def __repr__(self) -> str:
        """What is out of the ordinary."""
        said = (f"{name}={value!r}" for name, value in vars(self).items())
        usual = {f"{name}={value!r}" for name, value in vars(type(self)).items()}
        return f"Fault({', '.join(field for field in said if field not in usual)})"


@dataclass
class StrictProvider:
    """One authorization server with one family of refresh tokens."""

    world: World
    lifetime: float = 900.0
    latency: float = 0.05
    budget: float = 75.0
    faults: deque[Fault] = field(default_factory=deque)
    down_until: float = 0.0
    current: str = "refresh-0"
    spent: set[str] = field(default_factory=set)
    revoked: bool = False
    acted_late: bool = False
    acted_twice: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    unknown_resources: set[str] = field(default_factory=set)
    asking: list[str] = field(default_factory=list)
    on_reuse: Callable[[], None] = lambda: None
    on_overlap: Callable[[], None] = lambda: None

    def seen_from(self, process: str) -> "ProviderSeenFrom":
        """The port, as one process has it."""
        return ProviderSeenFrom(self, process)

    async def answer(self, refresh_token: str, audience: Audience | None = None) -> TokenResponse:
        """The refresh token grant, as a client with a total budget sees it.

        The provider acts whether or not the client is still there.
        """
        fault = self.faults.popleft() if self.faults else Fault()
        if audience is not None:
            self.counts[f"for {audience.resource}"] += 1
            if audience.resource in self.unknown_resources:
                fault = Fault(error="invalid_target")
        now, reply = self.world.now(), Signal[TokenResponse](self.world)
        self.counts["requests"] += 1
        if now < self.down_until:
            fault = Fault(fails="status 503", sent=False)
        acts_at = now + self.latency / 2 + fault.before
        self.world.at(
            acts_at,
            lambda: self._act(refresh_token, fault, reply, late=acts_at > now + self.budget),
        )
        if fault.twice:
            self.world.at(acts_at + 0.01, lambda: self._act_again(refresh_token, reply))
        timed_out = ProviderUnavailable("token: timed out", sent=True)
        self.world.at(now + self.budget, lambda: reply.set(error=timed_out))
        return await reply

    def _act(
        self, refresh_token: str, fault: Fault, reply: "Signal[TokenResponse]", *, late: bool
    ) -> None:
        """``late``: the client has long left, nobody gets the answer, and no client can prevent it."""
        granted: TokenResponse | None = None
        if not fault.error and (fault.acts or not fault.fails):
            self.acted_late |= late
            granted = self._grant(refresh_token)
        self.world.at(
            self.world.now() + self.latency / 2 + fault.after,
            lambda: _deliver(reply, fault, granted),
        )

    def _act_again(self, refresh_token: str, reply: "Signal[TokenResponse]") -> None:
        """The client asked once; that its token comes twice is no doing of ours."""
        self.acted_twice = True
        granted = self._grant(refresh_token)
        self.world.at(
            self.world.now() + self.latency / 2, lambda: _deliver(reply, Fault(), granted)
        )

    def revoke(self) -> None:
        """The family is gone."""
        self.revoked = True

    def _grant(self, refresh_token: str) -> TokenResponse | None:
        if refresh_token in self.spent:
            self.counts["reuse"] += 1
            self.revoked = True
            self.on_reuse()
        if self.revoked or self.current != refresh_token:
            self.counts["invalid_grant"] += 1
            return None
        self.counts["grants"] += 1
        number = self.counts["grants"]
        self.spent.add(refresh_token)
        self.current = f"refresh-{number}"
        return TokenResponse(
            access_token=f"access-{number}",
            expires_in=self.lifetime,
            refresh_token=f"refresh-{number}",
        )


def _deliver(reply: Signal[TokenResponse], fault: Fault, granted: TokenResponse | None) -> None:
    if fault.fails:
        reply.set(error=ProviderUnavailable(f"token: {fault.fails}", sent=fault.sent or fault.acts))
    elif granted is None:
        reply.set(error=TokenRequestRejected(fault.error or "invalid_grant"))
    else:
        reply.set(granted)


@dataclass
class ProviderSeenFrom:
    """The part of the port OpenIDProvider that a refresh needs, from one process.

    Counts who is at the token endpoint.
    """

    provider: StrictProvider
    process: str

    async def refresh(self, refresh_token: str, audience: Audience | None = None) -> TokenResponse:
        """Ask, and be seen asking."""
        provider = self.provider
        provider.asking = [name for name in provider.asking if name not in provider.world.dead]
        if provider.asking:
            provider.on_overlap()
        provider.asking.append(self.process)
        try:
            return await provider.answer(refresh_token, audience)
        finally:
            if self.process in provider.asking:
                provider.asking.remove(self.process)

    async def metadata(self) -> ProviderMetadata:
        """It can revoke."""
        issuer = "https://provider.example"
        return ProviderMetadata(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/jwks",
            revocation_endpoint=f"{issuer}/revoke",
        )

    async def revoke(self, _token: str, _token_type_hint: str) -> None:
        """RFC 7009."""
        await self.provider.world.sleep(self.provider.latency)
        self.provider.counts["revocations"] += 1
        self.provider.revoke()
