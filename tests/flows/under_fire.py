"""A browser, a thief, a fleet and everything that can go wrong between them, in virtual time.

And what must hold all the same.

:class:`UnderFire` is a Hypothesis state machine: its rules are the weather, its checks the
promises. What it finds shrinks to a short list of steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import permutations
from typing import Any, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bff.audit import events
from bff.errors import (
    BffError,
    ProviderUnavailable,
    RefreshInProgress,
    SessionNotUsable,
    StoreUnavailable,
)
from bff.flows.access import Access, AccessFlow
from bff.session.limits import SessionLimits
from bff.session.model import EndReason, Session
from bff.session.refresh import RefreshPolicy
from tests.flows.fakes import Hop, MemorySessionStore
from tests.flows.fleet import Fleet
from tests.flows.strict_provider import Fault
from tests.flows.virtual_time import Running, Signal

F = TypeVar("F", bound=Callable[..., None])
PROCESSES = ("p1", "p2", "p3")
OPERATIONS = (
    "load",
    "try_lock",
    "write_journal",
    "replace_tokens",
    "release_lock",
    "end",
    "touch",
    "renew_lock",
    "acknowledge",
    "tell",
)
MISHAPS: tuple[float | str, ...] = ("lost", "killed", 1.0, 100.0, 400.0)
FAULTS = (
    Fault(before=3),
    Fault(after=3),
    Fault(before=60),
    Fault(after=60),
    Fault(before=200),
    Fault(after=200),
    Fault(fails="connection refused", sent=False),
    Fault(fails="status 502"),
    Fault(fails="connection lost", acts=True),
    Fault(error="invalid_client"),
    Fault(twice=True),
    Fault(twice=True, after=3),
)
CHOICES: dict[str, dict[str, Sequence[Any]]] = {
    "begin": {"plot": ("none", "none", "logout", "theft", "revocation"), "seed": range(1000)},
    "request": {"process": PROCESSES, "many": (1, 1, 5), "lost": (False, True)},
    "let_pass": {"seconds": (0.001, 0.03, 1.0, 5.0, 30.0, 100.0)},
    "renewal_is_due": {
        "after": (-95.0, -95.0, -2.0),
        "processes": tuple(permutations(PROCESSES)),
        "seconds": (0.0, 0.01, 0.04, 2.0),
    },
    "bad_answer": {"fault": FAULTS},
    "provider_goes_down": {"seconds": (5.0, 120.0)},
    "redis_goes_down": {"seconds": (0.5, 5.0, 100.0)},
    "ambush": {"operation": OPERATIONS, "side": ("there", "back"), "mishap": MISHAPS},
    "crash": {"process": PROCESSES},
    "log_out": {"process": PROCESSES},
    "provider_revokes": {},
    "steal": {},
    "use_stolen": {"process": PROCESSES},
}
"""What may happen, and with what: the rules of the machine, and the moves of a walk (walks.py)."""
ALLOWED = (SessionNotUsable, RefreshInProgress, ProviderUnavailable, StoreUnavailable)


def _drawn(move: str) -> dict[str, Any]:
    return {name: st.sampled_from(values) for name, values in CHOICES[move].items()}


def happens(move: str) -> Callable[[F], F]:
    """A rule of the machine, its arguments chosen among ``CHOICES``; each call is noted in ``moves``."""

    def decorated(method: F) -> F:
        @wraps(method)
        def noted(self: "UnderFire", *unnamed: Any, **named: Any) -> None:
            arguments = {**dict(zip(CHOICES[move], unnamed, strict=False)), **named}
            self.moves.append((move, arguments))
            method(self, **arguments)

        decorate = initialize if move == "begin" else rule
        return cast("F", cast("Any", decorate(**_drawn(move)))(noted))

    return decorated


@dataclass
class Call:
    """One request under way and what was true when it began."""

    running: Running[Access]
    process: str
    began: float
    token_valid: bool
    disturbances: int
    by_thief: bool
    response_lost: bool


class UnderFire(RuleBasedStateMachine):
    """The weather and the promises. Subclasses plant a bug by overriding the attributes."""

    policy = RefreshPolicy(jitter=0.0)
    provider_budget = 75.0
    store: type[MemorySessionStore] = MemorySessionStore
    latest: "UnderFire"

    def __init__(self) -> None:
        """Sign one user in."""
        super().__init__()
        type(self).latest = self
        self.moves: list[tuple[str, dict[str, Any]]] = []
        self.fleet = Fleet(
            policy=self.policy,
            limits=SessionLimits(idle=10**7, absolute=10**7),
            store=self.store,
        )
        self.world, self.memory, self.provider = (
            self.fleet.world,
            self.fleet.memory,
            self.fleet.provider,
        )
        self.provider.budget = self.provider_budget
        self.provider.lifetime = 300.0
        self.session = self.fleet.begin(
            core={"absolute_expires_at": self.world.now() + 10**7},
            tokens={"expires_at": self.world.now() + 300},
        )
        self.provider.on_reuse = self._on_reuse
        self.provider.on_overlap = self._on_overlap
        self.calls: list[Call] = []
        self.held = 0
        self.stolen: int | None = None
        self.thief_used = False
        self.revoked_by_provider = False
        self.logged_out = False
        self.redis_down_until = 0.0
        self.ambushes: list[tuple[str, float | str]] = []
        self.lives: dict[str, int] = dict.fromkeys(PROCESSES, 0)
        self.disturbances = 0
        self.seen_events = 0
        self.plot = "none"
        self.broken: list[str] = []

    @happens("begin")
    def begin(self, plot: str, seed: int) -> None:
        """At most one thing happens that may rightly end the session; the seed decides who comes first."""
        self.plot = plot
        self.world.dice.seed(seed)

    def may(self, move: str) -> bool:
        """Whether this can happen now."""
        return {
            "log_out": self.plot == "logout" and not self.logged_out,
            "provider_revokes": self.plot == "revocation",
            "steal": self.plot == "theft",
            "use_stolen": self.stolen is not None,
        }.get(move, True)

    # --- the weather
    # ---------------------------------------------------------------------------------------------------

    @happens("request")
    def request(self, process: str, many: int, lost: bool) -> None:
        """The browser asks for something; its answer may get lost on the way back."""
        for _ in range(many):
            self._call(process, self.held, by_thief=False, lost=lost)

    @happens("let_pass")
    def let_pass(self, seconds: float) -> None:
        """Time passes."""
        self.world.settle(seconds)

    @happens("renewal_is_due")
    def renewal_is_due(self, after: float, processes: Sequence[str], seconds: float) -> None:
        """The access token comes near its end, and two processes are asked at that moment."""
        stored = self.memory.live(self.session.key)
        if stored is not None:
            self.world.run_until(max(stored.tokens.expires_at + after, self.world.now()))
            for process in processes[:2]:
                self._call(process, self.held, by_thief=False, lost=False)
            self.world.settle(seconds)

    @happens("bad_answer")
    def bad_answer(self, fault: Fault) -> None:
        """The provider has a bad moment at the next request."""
        self.provider.faults.append(fault)

    @happens("provider_goes_down")
    def provider_goes_down(self, seconds: float) -> None:
        """503 for a while."""
        self.provider.down_until = self.world.now() + seconds

    @happens("redis_goes_down")
    def redis_goes_down(self, seconds: float) -> None:
        """Nothing is read or written for a while."""
        self.disturbances += 1
        self.redis_down_until = self.world.now() + seconds

    @happens("ambush")
    def ambush(self, operation: str, side: str, mishap: float | str) -> None:
        """Something befalls the next such call, on its way there (nothing happened) or back (it did).

        It is lost, or its process is killed, or stopped for so many seconds and then wakes
        believing what it believed.
        """
        self.disturbances += 1
        self.ambushes.append((f"{operation}:{side}", mishap))

    @happens("crash")
    def crash(self, process: str) -> None:
        """The process dies at whatever it is doing; its supervisor starts another."""
        self.world.kill(self._name(process))

    @precondition(lambda self: self.may("log_out"))
    @happens("log_out")
    def log_out(self, process: str) -> None:
        """The user signs out, whatever is in flight."""
        self.logged_out = True
        store = self._member(process).sessions
        work = store.end(self.session.key, EndReason.SIGNED_OUT, self.world.now())
        self.world.spawn(self._name(process), "call", work)

    @precondition(lambda self: self.may("provider_revokes"))
    @happens("provider_revokes")
    def provider_revokes(self) -> None:
        """The provider withdraws the grant."""
        self.revoked_by_provider = True
        self.provider.revoke()

    @precondition(lambda self: self.may("steal"))
    @happens("steal")
    def steal(self) -> None:
        """Somebody copies the cookie as it is now."""
        self.stolen = self.held

    @precondition(lambda self: self.may("use_stolen"))
    @happens("use_stolen")
    def use_stolen(self, process: str) -> None:
        """And uses the copy."""
        assert self.stolen is not None
        self.thief_used = True
        self._call(process, self.stolen, by_thief=True, lost=True)

    # --- the promises
    # --------------------------------------------------------------------------------------------------

    @invariant()
    def promises_hold(self) -> None:
        """After every step."""
        self._collect()
        self._check_ends()
        assert not self.broken, self.broken
        if self.session.key in self.memory.ended:
            assert self.session.key not in self.memory.sessions, (
                "an ended session came back (promise 5)"
            )
        for owner, until in self.memory.granted.items():
            held_by = self.memory.locks.get(self.session.key, ("nobody", 0.0))[0]
            assert held_by == owner or self.world.now() >= until, (
                "a lease was broken before its time (promise 2)"
            )
        unexpected = [
            failure for failure in self.world.failures if failure[0] not in {"call", "waiter"}
        ]
        assert not unexpected, unexpected

    def teardown(self) -> None:
        """When the weather clears, whoever can still be signed in is."""
        try:
            self._heal()
            stored = self.memory.live(self.session.key)
            if stored is not None and not self.provider.revoked and not self.thief_used:
                self._must_be_served(stored)
            self.promises_hold()
        finally:
            self.world.close()

    # --- below the surface
    # ---------------------------------------------------------------------------------------------

    def _name(self, process: str) -> str:
        """A process that died lives on under a new name."""
        name = f"{process}.{self.lives[process]}"
        if name in self.world.dead:
            self.lives[process] += 1
            name = f"{process}.{self.lives[process]}"
        return name

    def _member(self, process: str) -> AccessFlow:
        name = self._name(process)
        return self.fleet.member(name, self._hop(name))

    def _hop(self, name: str) -> Hop:
        async def hop(operation: str) -> None:
            await self.world.sleep(self.world.dice.choice((0.0, 0.0005, 0.002)))
            mishap = next((mishap for where, mishap in self.ambushes if where == operation), None)
            if mishap is not None:
                self.ambushes.remove((operation, mishap))
                await self._befall(name, mishap)
            if self.world.now() < self.redis_down_until:
                await self.world.sleep(1.0)
                raise StoreUnavailable

        return hop

    async def _befall(self, name: str, mishap: float | str) -> None:
        if mishap == "lost":
            raise StoreUnavailable
        if mishap == "killed":
            self.world.kill(name)
            await Signal[None](self.world)
        assert isinstance(mishap, float)
        self.world.stopped_until[name] = self.world.now() + mishap
        await self.world.sleep(0.0)

    def _call(self, process: str, generation: int, *, by_thief: bool, lost: bool) -> None:
        stored = self.memory.live(self.session.key)
        now = self.world.now()
        valid = stored is not None and now < stored.tokens.expires_at - 5
        if now < self.world.stopped_until.get(self._name(process), 0.0):
            # what lies unread in a stopped process's socket has not arrived: no load balancer sends
            # it there
            return
        work = self._member(process).usable(self.fleet.shown(self.session, generation=generation))
        running = self.world.spawn(self._name(process), "call", work)
        disturbances = self.disturbances - (now < self.redis_down_until) - len(self.ambushes)
        self.calls.append(
            Call(running, self._name(process), now, valid, disturbances, by_thief, lost)
        )

    def _collect(self) -> None:
        for call in list(self.calls):
            if call.process in self.world.dead:
                self.calls.remove(call)
            elif call.running.done.is_set:
                self.calls.remove(call)
                self._judge(call)

    def _judge(self, call: Call) -> None:
        try:
            access = self.world.run(call.running.wait(0))
        except ALLOWED as error:
            self._judge_refusal(call, error)
        else:
            if access is not None and not call.response_lost and access.new_generation is not None:
                self.held = max(self.held, access.new_generation)

    def _judge_refusal(self, call: Call, error: BffError) -> None:
        quiet = call.disturbances == self.disturbances
        if call.token_valid and quiet and not isinstance(error, SessionNotUsable):
            self.broken.append(
                f"a request waited or failed while its token was valid: {error!r} (promise 3)"
            )

    def _check_ends(self) -> None:
        for event in self.fleet.trail.events[self.seen_events :]:
            if isinstance(event, events.SessionEnded):
                self._check_end(EndReason(event.reason))
        self.seen_events = len(self.fleet.trail.events)

    def _check_end(self, reason: EndReason) -> None:
        truths: dict[EndReason, bool] = {
            EndReason.REFRESH_REJECTED: self.revoked_by_provider or self._beyond_us(),
            EndReason.REFRESH_OUTCOME_LOST: self.provider.revoked,
            EndReason.HANDLE_REPLAYED: self.thief_used,
        }
        if not truths.get(reason, False):
            self.broken.append(f"ended for {reason}, which is not true (promise 4)")

    def _on_reuse(self) -> None:
        stored = self.memory.live(self.session.key)
        if (
            stored is not None
            and not (stored.journal and stored.journal.unknown)
            and not self._beyond_us()
        ):
            self.broken.append("a refresh token known to be spent was sent again (promise 2)")

    def _beyond_us(self) -> bool:
        """What no client can prevent: the provider acted long after its client had left, or twice."""
        return self.provider.acted_late or self.provider.acted_twice

    def _on_overlap(self) -> None:
        awake = [
            name
            for name in self.provider.asking
            if self.world.now() >= self.world.stopped_until.get(name, 0.0)
        ]
        if awake:
            self.broken.append(
                "two processes at work were at the token endpoint at once (promise 2)"
            )

    def _heal(self) -> None:
        self.ambushes.clear()
        self.provider.faults.clear()
        self.redis_down_until = self.provider.down_until = 0.0
        self.world.settle(1300)
        self._collect()

    def _must_be_served(self, stored: Session) -> None:
        lost = stored.tokens.refresh_token != self.provider.current
        for _ in range(6):
            try:
                self.world.run(
                    self._member("p1").usable(self.fleet.shown(self.session, generation=self.held))
                )
            except (RefreshInProgress, ProviderUnavailable):
                self.world.settle(61)
            except SessionNotUsable:
                assert lost, "a session that could be kept was lost"
                return
            else:
                return
        raise AssertionError("the weather cleared and the session is still not served")


def planted(attributes: Mapping[str, object]) -> type[UnderFire]:
    """The machine with a bug in it."""
    return type("Planted", (UnderFire,), dict(attributes))
