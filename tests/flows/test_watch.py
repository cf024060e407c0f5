"""Watching a session: what a page is told while it is open, and what that costs the session."""

from collections.abc import Iterator

import msgspec
import pytest

from bff.errors import SessionExpired, SessionNotUsable, SessionRequired, StoreUnavailable
from bff.flows.access import AccessFlow
from bff.flows.watch import Told, WatchFlow
from bff.session.limits import SessionLimits
from bff.session.model import EndReason, Session
from tests.flows.fleet import Fleet


class Page:
    """Keeps what it is told, and how it ended."""

    def __init__(self, fleet: Fleet, session: Session, member: AccessFlow) -> None:
        self.told: list[Told] = []
        self.end: Exception | None = None
        self._watching = WatchFlow(
            member.sessions, member, member.records.background, fleet.world, heartbeat_seconds=15
        ).watch(fleet.shown(session))
        fleet.world.spawn("p1", "page", self._listen())

    async def _listen(self) -> None:
        try:
            async for told in self._watching:
                self.told.append(told)
        except SessionNotUsable as error:
            self.end = error

    @property
    def news(self) -> list[str]:
        """Without the heartbeats."""
        return [told.what for told in self.told if told.what != "heartbeat"]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """A world with short limits."""
    fleet = Fleet(limits=SessionLimits(idle=300.0, absolute=3600.0))
    yield fleet
    fleet.world.close()


@pytest.mark.req("N53")
def test_watching_slides_nothing(fleet: Fleet) -> None:
    """A page that is open and silent reaches its idle limit, and is told so; only heartbeats before."""
    session = fleet.begin()
    page = Page(fleet, session, fleet.member())
    fleet.world.settle(299)
    assert page.news == ["hello"]
    assert len(page.told) == 20  # hello, and every fifteen seconds a heartbeat
    assert fleet.memory.sessions[session.key].touched_at == session.touched_at
    fleet.world.settle(2)
    assert isinstance(page.end, SessionExpired)


@pytest.mark.req("N53", "S16")
def test_use_elsewhere_keeps_the_stream_open(fleet: Fleet) -> None:
    """Another tab moves the limit; the page that only listens finds that out when it would have passed."""
    session = fleet.begin()
    page = Page(fleet, session, fleet.member())
    fleet.world.settle(200)
    fleet.world.run(fleet.member("p2").extend(fleet.shown(session)))
    fleet.world.settle(200)
    assert page.end is None
    fleet.world.settle(101)
    assert isinstance(page.end, SessionExpired)


@pytest.mark.req("N56", "S16")
def test_an_end_in_another_process_is_told_at_once(fleet: Fleet) -> None:
    """With its reason, without waiting for a heartbeat."""
    session = fleet.begin()
    page = Page(fleet, session, fleet.member())
    fleet.world.settle(1)
    sessions = fleet.member("p2").sessions
    fleet.world.run(sessions.end(session.key, EndReason.SIGNED_OUT, fleet.world.now()))
    fleet.world.settle(0.1)
    assert isinstance(page.end, SessionRequired)
    assert page.end.reason == "signed_out"


@pytest.mark.req("S16")
def test_a_renewal_and_changed_claims_are_told(fleet: Fleet) -> None:
    """Two words, and the public reference."""
    session = fleet.begin()
    page = Page(fleet, session, fleet.member())
    fleet.world.settle(1)
    core = msgspec.structs.replace(session.core, claims={"name": "Ada King"})
    store = fleet.member("p2").sessions
    fleet.world.run(store.replace_tokens(session.key, 0, session.tokens, core))
    fleet.world.settle(0.1)
    assert page.told[1:] == [
        Told("refreshed", session.core.ref),
        Told("changed", session.core.ref, "claims"),
    ]


@pytest.mark.req("N123", "S5")
def test_a_store_that_is_away_ends_no_stream(fleet: Fleet) -> None:
    """Heartbeats go on; what happened meanwhile is told when it is back."""
    away, refused = [False], [0]

    async def hop(_operation: str) -> None:
        if away[0]:
            refused[0] += 1
            raise StoreUnavailable

    session = fleet.begin()
    page = Page(fleet, session, fleet.member("p1", hop))
    fleet.world.settle(1)
    away[0] = True
    fleet.memory.tell(session.key)
    fleet.world.settle(30)
    assert refused[0] == 1
    assert page.end is None
    assert page.news == ["hello"]
    away[0] = False
    fleet.world.run(
        fleet.member("p2").sessions.end(session.key, EndReason.ADMIN, fleet.world.now())
    )
    fleet.world.settle(3)
    assert page.end is not None


def test_a_session_that_is_over_is_not_watched(fleet: Fleet) -> None:
    """No hello."""
    session = fleet.begin()
    fleet.world.run(
        fleet.member().sessions.end(session.key, EndReason.SIGNED_OUT, fleet.world.now())
    )
    page = Page(fleet, session, fleet.member())
    fleet.world.settle(1)
    assert page.told == []
    assert isinstance(page.end, SessionRequired)
