"""Several access tokens under fire: the same weather, the same promises, every other call to another API."""

from itertools import count

import pytest

from bff.flows.access import Access, Presented
from bff.flows.user_token import UserTokenFlow
from bff.resource.routes import ApiRoute, Upstream
from bff.session.audience import Audience, seen_by
from bff.session.model import Replaced, Session, SessionCore, SessionKey, TokenSet
from tests.flows.fakes import MemorySessionStore
from tests.flows.under_fire import Call, UnderFire
from tests.flows.walks import broken_by, first_broken, told

RESOURCES = ("https://billing.example", "https://events.example")
WALKS = 600
HUNT = range(1_500)


def a_route(resource: str) -> ApiRoute:
    """One API's."""
    upstream = Upstream("https", "api.example", 443)
    return ApiRoute(
        name="x", prefix="/api/x", upstream=upstream, methods=("GET",), resource=resource
    )


class AudiencesUnderFire(UnderFire):
    """Every first call uses the session's own token, the others those of two audiences, in turn."""

    def __init__(self) -> None:
        super().__init__()
        self._turns = count()
        self._flows: dict[str, UserTokenFlow] = {}

    def _call(self, process: str, generation: int, *, by_thief: bool, lost: bool) -> None:
        turn = next(self._turns) % 3
        if turn == 0:
            super()._call(process, generation, by_thief=by_thief, lost=lost)
            return
        now, name = self.world.now(), self._name(process)
        if now < self.world.stopped_until.get(name, 0.0):
            return
        route = a_route(RESOURCES[turn - 1])
        shown = self.fleet.shown(self.session, generation=generation)
        running = self.world.spawn(name, "call", self._usable(process, route, shown))
        disturbances = self.disturbances - (now < self.redis_down_until) - len(self.ambushes)
        valid = self._valid(route, now)
        self.calls.append(Call(running, name, now, valid, disturbances, by_thief, lost))

    async def _usable(self, process: str, route: ApiRoute, shown: Presented) -> Access:
        member = self._member(process)
        flow = self._flows.setdefault(
            self._name(process), UserTokenFlow(member, self.world, self.fleet.trail)
        )
        return (await flow.for_route(route, shown)).access

    def _valid(self, route: ApiRoute, now: float) -> bool:
        """Whether both tokens that the call needs are."""
        stored = self.memory.live(self.session.key)
        if stored is None or route.resource is None:
            return False
        seen = seen_by(stored, Audience(route.resource))
        return now < min(stored.tokens.expires_at, seen.tokens.expires_at) - 5


@pytest.mark.req("R1", "R2", "R3", "R4", "R5", "R7", "N71", "N72", "N74", "N77", "N78")
def test_the_promises_hold_for_several_tokens() -> None:
    """No spent refresh token is sent, no two are at the provider at once, nothing is lost that could be kept."""
    walk = first_broken(AudiencesUnderFire, range(WALKS))
    assert walk is None, told(walk) + f"\n=> {broken_by(AudiencesUnderFire, walk)}"


class ForgettingTheRotation(MemorySessionStore):
    """Bug: a token for an audience is stored without the refresh token that came with it."""

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """Keep the refresh token that is there."""
        stored = self.memory.live(key)
        if isinstance(stored, Session) and stored.tokens.access_token == tokens.access_token:
            tokens = TokenSet(
                access_token=tokens.access_token,
                refresh_token=stored.tokens.refresh_token,
                id_token=None,
                issued_at=tokens.issued_at,
                expires_at=tokens.expires_at,
                audiences=tokens.audiences,
            )
        return await super().replace_tokens(key, read_generation, tokens, core, owner)


def test_a_rotation_that_is_forgotten_is_found() -> None:
    """So the search can fail."""

    class Planted(AudiencesUnderFire):
        store = ForgettingTheRotation

    assert first_broken(Planted, HUNT) is not None
