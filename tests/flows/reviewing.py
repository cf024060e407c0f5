"""Rita, an admin; Ralf, a reviewer; Ada, who is neither; and the console's stories over fakes."""

from collections.abc import Sequence
from typing import Any

from bff.audit.acts import AlertDecision, MuteRequest, Mutes
from bff.audit.pages import ChainStatus, Overview, RefreshPlots
from bff.audit.rows import AlertRow, AuditRow, Page, RefreshRow
from bff.flows.access import Presented
from bff.flows.bulk_end import BulkEndFlow
from bff.flows.review import ReviewFlow, ReviewPolicy
from bff.flows.review_listing import SessionListing
from bff.flows.review_pages import ReviewPages
from bff.session.model import Ref, SessionId, SessionKey
from tests.builders import NOW, a_core, a_key, a_session
from tests.flows.fake_ends import MemoryEndLedger
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fakes import SeededEntropy
from tests.flows.fleet import Fleet
from tests.flows.signing_out import SigningOut
from tests.flows.virtual_time import Process


def a_page(rows: Sequence[Any]) -> Page[Any]:
    """One page with all there is."""
    return Page(rows=tuple(rows), next=None, total=len(rows), exact=True, complete=True, as_of=NOW)


class QuietTrail:
    """A trail that knows what it was given, and remembers what it was asked."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.asked: list[str] = []

    async def entries(self, query: str, cursor: str | None, limit: int) -> Page[AuditRow]:
        self.asked.append(query)
        return a_page(self.rows)

    async def refreshes(
        self, filters: dict[str, str], cursor: str | None, limit: int
    ) -> Page[RefreshRow]:
        return a_page([])

    async def plots(self, filters: dict[str, str]) -> RefreshPlots:
        raise NotImplementedError

    async def chain(self) -> ChainStatus:
        raise NotImplementedError

    async def overview(self, live_sessions: int) -> Overview:
        raise NotImplementedError

    async def sign_ins(self, subject: str, days: int) -> Sequence[tuple[str, int, int]]:
        return [("2026-11-25", 2, 1)]


class QuietDesk:
    """No alert, unless a test says how many concern a session."""

    def __init__(self) -> None:
        self.by_ref: dict[str, int] = {}

    async def page(self, filters: dict[str, str], cursor: str | None, limit: int) -> Page[AlertRow]:
        return a_page([])

    async def decide(self, alert: str, decision: AlertDecision, by: str) -> AlertRow | None:
        return None

    async def mutes(self) -> Mutes:
        return Mutes(mutes=())

    async def mute(self, request: MuteRequest, by: str) -> Mutes:
        return Mutes(mutes=())

    async def counts(self, refs: Sequence[str]) -> dict[str, int]:
        return {ref: self.by_ref[ref] for ref in refs if ref in self.by_ref}


class Reviewing:
    """Ada's three sessions (s_A, s_B, s_C), and two people who review."""

    def __init__(self) -> None:
        self.out = SigningOut()
        self.world, self.trail = self.out.world, self.out.trail
        fleet = Fleet()
        fleet.world, fleet.memory, fleet.trail = self.world, self.out.memory, self.trail
        self.rita = self._signs_in("R", "rita", ["admin"])
        self.ralf = self._signs_in("F", "ralf", ["reviewer", "editor"])
        register = MemorySessionRegister(self.out.memory)
        limits = self.out.memory.limits
        self.listing = SessionListing(register, Process(self.world, "p1"), self.world, limits)
        self.entries, self.desk = QuietTrail(), QuietDesk()
        self.ledger = MemoryEndLedger(self.world)
        self.flow = ReviewFlow(
            access=fleet.member(),
            sessions=self.out.sessions,
            register=register,
            listing=self.listing,
            ending=self.out.ending,
            clock=self.world,
            trail=self.trail,
            policy=ReviewPolicy(
                claim="roles",
                reviewers=frozenset({"reviewer"}),
                admins=frozenset({"admin"}),
                fresh_seconds=300,
                poll_seconds=10,
                environment="test",
                version="0",
            ),
            bulk=self.bulk("p1"),
        )
        self.pages = ReviewPages(
            self.out.sessions, register, self.listing, self.entries, self.desk, self.world
        )

    def bulk(self, process: str) -> BulkEndFlow:
        """Ending many, as one process does it."""
        background = Process(self.world, process)
        return BulkEndFlow(
            self.out.sessions, self.out.ending, self.ledger, background, self.world,
            SeededEntropy(len(process)), self.trail,
        )  # fmt: skip

    def many(self, count: int, subject: str = "eve") -> None:
        """So many more sessions, of one user."""
        for number in range(count):
            core = a_core(ref=Ref(f"s_{number:04}"), subject=subject, provider_sid=None)
            key = a_key(SessionId(f"{number:043d}"))
            self.world.run(self.out.sessions.create(a_session(key=key, core=core)))

    def _signs_in(self, letter: str, subject: str, roles: list[str]) -> SessionKey:
        core = a_core(
            ref=Ref(f"s_{subject}"),
            subject=subject,
            created_at=NOW + 1,
            claims={"name": subject.title(), "roles": roles},
        )
        key = a_key(SessionId(letter * 43))
        self.world.run(self.out.sessions.create(a_session(key=key, core=core)))
        return key

    def shown(self, key: SessionKey) -> Presented:
        """What the browser of a session shows."""
        return Presented(key, 0, self.world.now())

    def admitted(self, key: SessionKey, *, background: bool = False) -> Any:
        """The reviewer, let in."""
        return self.world.run(
            self.flow.admit(self.shown(key), "sessions", "q=x", background=background)
        )
