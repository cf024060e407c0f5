"""Several access tokens for one session: each API its own, one refresh token behind them all."""

from typing import Any

import pytest

from bff.audit import events
from bff.errors import (
    AudienceRefused,
    InsufficientScope,
    ProviderUnavailable,
    ReauthenticationRequired,
    RefreshInProgress,
)
from bff.flows.user_token import REFUSED_SECONDS, UserToken, UserTokenFlow
from bff.resource.routes import ApiRoute, Upstream
from bff.session.model import Session
from tests.flows.fleet import Fleet
from tests.flows.strict_provider import Fault

BILLING = "https://billing.example"
SOON = 0.5


def a_route(resource: str | None = BILLING, scopes: tuple[str, ...] = ()) -> ApiRoute:
    """One API's."""
    return ApiRoute(
        name="bills",
        prefix="/api/bills",
        upstream=Upstream("https", "api.example", 443),
        methods=("GET",),
        resource=resource,
        scopes=scopes,
    )


class Asking:
    """Processes of one fleet, each asking for tokens."""

    def __init__(self, **session: Any) -> None:
        self.fleet = Fleet()
        self.world, self.provider = self.fleet.world, self.fleet.provider
        self.session = self.fleet.begin(**session)
        self.flows: dict[str, UserTokenFlow] = {}

    def flow(self, process: str = "p1") -> UserTokenFlow:
        """The flow of a process."""
        if process not in self.flows:
            member = self.fleet.member(process)
            self.flows[process] = UserTokenFlow(member, self.world, self.fleet.trail)
        return self.flows[process]

    def ask(self, route: ApiRoute | None = None, process: str = "p1") -> UserToken:
        """A token, now."""
        route = route or a_route()
        shown = self.fleet.shown(self.stored)
        return self.world.run(self.flow(process).for_route(route, shown), process)

    @property
    def stored(self) -> Session:
        """What the memory holds."""
        return self.fleet.memory.sessions[self.session.key]


@pytest.mark.req("N77")
def test_an_api_gets_a_token_of_its_own() -> None:
    """Obtained once, kept beside the session's, which stays as it was; the rotated refresh token is kept."""
    asking = Asking()
    bills = asking.ask()
    assert bills.token == "access-1"
    assert asking.ask().token == "access-1"
    assert asking.ask(a_route(None)).token == "access-0"
    assert asking.ask(a_route("https://other.example")).token == "access-2"
    assert asking.stored.tokens.refresh_token == "refresh-2"
    assert bills.access.new_generation == 1
    counts = asking.provider.counts
    assert (counts["grants"], counts["reuse"], counts[f"for {BILLING}"]) == (2, 0, 1)


@pytest.mark.req("N77")
def test_each_token_is_renewed_in_its_own_right() -> None:
    """Early, without anybody waiting; the session's own renewal keeps the others."""
    asking = Asking()
    asking.world.settle(400)
    asking.ask()
    asking.world.settle(250)
    assert asking.ask(a_route(None)).token == "access-0"
    asking.world.settle(SOON)
    assert asking.stored.tokens.access_token == "access-2"
    assert asking.ask().token == "access-1"
    asking.world.settle(400)
    assert asking.ask().token == "access-1"
    asking.world.settle(SOON)
    assert asking.ask().token == "access-3"
    assert asking.stored.tokens.access_token == "access-2"


@pytest.mark.req("N71", "N77", "R1")
def test_many_processes_at_once_ask_once() -> None:
    """For each token one grant, one after another, whoever asks; nobody is turned away."""
    asking = Asking()
    routes = [a_route(), a_route("https://other.example"), a_route(None)]
    overlaps: list[str] = []
    asking.provider.on_overlap = lambda: overlaps.append("overlap")
    running = [
        asking.world.spawn(
            process,
            "ask",
            asking.flow(process).for_route(route, asking.fleet.shown(asking.session)),
        )
        for process in ("p1", "p2", "p3")
        for route in routes * 5
    ]
    asking.world.settle(1.9)
    assert all(each.finished() for each in running)
    assert asking.world.failures == []
    assert (asking.provider.counts["grants"], asking.provider.counts["reuse"]) == (2, 0)
    assert overlaps == []


@pytest.mark.req("N78")
def test_a_resource_that_the_provider_does_not_know_harms_nothing() -> None:
    """Refused, recorded with its route, not asked for again at once; session and refresh go on."""
    asking = Asking()
    asking.provider.unknown_resources.add(BILLING)
    for _ in range(3):
        with pytest.raises(AudienceRefused):
            asking.ask()
    assert asking.provider.counts["requests"] == 1
    (refused,) = asking.fleet.trail.of(events.AudienceTokenRefused)
    assert (refused.route, refused.error) == ("bills", "invalid_target")
    assert asking.stored.journal is None
    assert asking.stored.tokens.refresh_token == "refresh-0"
    assert asking.ask(a_route(None)).token == "access-0"
    asking.world.settle(700)
    asking.ask(a_route(None))
    asking.world.settle(SOON)
    assert asking.stored.tokens.access_token == "access-1"
    asking.provider.unknown_resources.clear()
    assert REFUSED_SECONDS < 700
    assert asking.ask().token == "access-2"


def test_a_provider_that_is_away_is_told_as_such() -> None:
    """503, a journal, a back-off; the other APIs are served."""
    asking = Asking()
    asking.provider.faults.append(Fault(fails="status 503", sent=False))
    with pytest.raises(ProviderUnavailable):
        asking.ask()
    assert asking.ask(a_route(None)).token == "access-0"
    asking.world.settle(60)
    assert asking.ask().token == "access-1"


def test_a_slow_provider_keeps_the_request_for_a_moment_only() -> None:
    """Then it may ask again, and finds the token."""
    asking = Asking()
    asking.provider.faults.append(Fault(after=5))
    with pytest.raises(RefreshInProgress):
        asking.ask()
    asking.world.settle(5)
    assert asking.ask().token == "access-1"
    assert asking.provider.counts["grants"] == 1


def test_a_spent_refresh_token_ends_the_session_here_too() -> None:
    """It is the grant that is gone, whoever asked."""
    asking = Asking()
    asking.provider.revoke()
    with pytest.raises(ReauthenticationRequired):
        asking.ask()


def test_without_a_refresh_token_there_is_one_token_only() -> None:
    """Nothing to ask with; the session goes on."""
    asking = Asking(tokens={"refresh_token": None})
    with pytest.raises(AudienceRefused):
        asking.ask()
    assert asking.ask(a_route(None)).token == "access-0"


@pytest.mark.req("N76")
def test_a_token_that_was_granted_less_is_not_enough() -> None:
    """As with the session's own."""
    asking = Asking()
    assert asking.ask(a_route(scopes=("bills.read",))).token == "access-1"
    narrowed = asking.stored.tokens.audiences[f"{BILLING} bills.read"]
    assert narrowed.scope == ("bills.read",)
    with pytest.raises(InsufficientScope):
        asking.ask(a_route(None, ("bills.read",)))


def challenged(asking: Asking, route: ApiRoute, user: UserToken) -> UserToken | None:
    """What there is after an API refused the token."""
    shown = asking.fleet.shown(asking.stored)
    return asking.world.run(asking.flow().after_challenge(route, shown, user), "p1")


def test_an_api_that_refuses_its_token_brings_a_new_one_once() -> None:
    """Not if it is brand-new, nor if nobody can be asked; a newer one that is there is taken."""
    asking = Asking()
    first = asking.ask()
    assert challenged(asking, a_route(), first) is None
    asking.world.settle(60)
    newer = challenged(asking, a_route(), first)
    assert newer is not None
    assert newer.token == "access-2"
    again = challenged(asking, a_route(), first)
    assert again is not None
    assert again.token == "access-2"
    asking.world.settle(60)
    asking.provider.faults.append(Fault(fails="status 503", sent=False))
    assert challenged(asking, a_route(), newer) is None
    own = asking.ask(a_route(None))
    asking.world.settle(60)
    renewed = challenged(asking, a_route(None), own)
    assert renewed is not None
    assert renewed.token == asking.stored.tokens.access_token != own.token
