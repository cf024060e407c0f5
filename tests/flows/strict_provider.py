"""The strictest authorization server there is, in memory and virtual time: it rotates refresh tokens and revokes the family when a spent one comes back."""

from collections import Counter, deque
from dataclasses import dataclass, field

from bff.errors import ProviderUnavailable, TokenRequestRejected
from bff.oidc.token import TokenResponse
from tests.flows.virtual_time import World


@dataclass
class Fault:
    """One bad answer: ``before`` and ``after`` seconds around the grant, then ``fails`` with what the client sees.

    ``acts`` says whether the provider rotates although the client sees a failure. ``sent`` is what the client can know.
    """

    before: float = 0.0
    after: float = 0.0
    fails: str | None = None
    acts: bool = False
    sent: bool = True
    error: str | None = None


@dataclass
class StrictProvider:
    """The part of the port OpenIDProvider that a refresh needs."""

    world: World
    lifetime: float = 900.0
    latency: float = 0.05
    budget: float = 75.0
    faults: deque[Fault] = field(default_factory=deque)
    down_until: float = 0.0
    current: dict[str, str] = field(default_factory=lambda: {"family": "refresh-0"})
    spent: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    expires_in: float | None = None

    async def refresh(self, refresh_token: str) -> TokenResponse:
        """The refresh token grant, as a client with a total budget sees it."""
        fault = self.faults.popleft() if self.faults else Fault()
        started = self.world.now()
        self.counts["requests"] += 1
        if self.world.now() < self.down_until:
            await self.world.sleep(self.latency)
            raise ProviderUnavailable("token: status 503", sent=False)
        await self._spend(self.latency / 2 + fault.before, started)
        if fault.fails and not fault.acts:
            raise ProviderUnavailable(f"token: {fault.fails}", sent=fault.sent)
        if fault.error:
            raise TokenRequestRejected(fault.error)
        answer = self._grant(refresh_token)
        await self._spend(self.latency / 2 + fault.after, started)
        if fault.fails:
            raise ProviderUnavailable(f"token: {fault.fails}", sent=True)
        if answer is None:
            raise TokenRequestRejected("invalid_grant")
        return answer

    async def revoke(self, token: str, _token_type_hint: str) -> None:
        """RFC 7009: the family is gone."""
        await self.world.sleep(self.latency)
        self.counts["revocations"] += 1
        self.revoked.add(self._family(token))

    def _grant(self, refresh_token: str) -> TokenResponse | None:
        family = self._family(refresh_token)
        if refresh_token in self.spent:
            self.counts["reuse"] += 1
            self.revoked.add(family)
        if family in self.revoked or self.current.get(family) != refresh_token:
            self.counts["invalid_grant"] += 1
            return None
        self.counts["grants"] += 1
        number = self.counts["grants"]
        self.spent[refresh_token] = family
        self.current[family] = f"refresh-{number}"
        return TokenResponse(
            access_token=f"access-{number}",
            token_type="Bearer",  # noqa: S106  a token type
            expires_in=self.lifetime if self.expires_in is None else self.expires_in,
            refresh_token=f"refresh-{number}",
        )

    def _family(self, refresh_token: str) -> str:
        return "family" if refresh_token.startswith(("refresh-", "access-")) else "none"

    async def _spend(self, seconds: float, started: float) -> None:
        """Let time pass, unless the client's budget ends first: then the client leaves, and the provider goes on alone."""
        left = started + self.budget - self.world.now()
        if seconds <= left:
            await self.world.sleep(seconds)
            return
        await self.world.sleep(max(left, 0.0))
        raise ProviderUnavailable("token: timed out", sent=True)
