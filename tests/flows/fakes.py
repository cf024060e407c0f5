"""Fakes of the ports.

Memory stores with the real ones' semantics, seeded dice, a trail that remembers.

Each call of a store passes a ``hop`` on the way there and on the way back, so that a test can
delay, lose or interleave it.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from bff.audit.events import AuditEvent
from bff.errors import StoreUnavailable
from bff.oidc.end_session import WayOut
from bff.resource.messages import ApiRequest, ApiResponse
from bff.resource.routes import ApiRoute
from bff.session.limits import SessionLimits, absolute_deadline, record_expires_at
from bff.session.model import (
    Acknowledgement,
    EndedSession,
    EndReason,
    Locked,
    Ref,
    RefreshJournal,
    Replaced,
    Session,
    SessionCore,
    SessionKey,
    TokenSet,
)
from bff.session.transaction import LoginTransaction
from tests.flows.virtual_time import Signal, World

T = TypeVar("T")
Hop = Callable[[str], Awaitable[None]]


class SeededEntropy:
    """Dice that fall the same way for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self.dice = random.Random(seed)

    def urlsafe(self, octets: int) -> str:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return "".join(self.dice.choice(alphabet) for _ in range((octets * 8 + 5) // 6))

    def fraction(self) -> float:
        return self.dice.random()


class RememberingTrail:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


class RememberingMeter:
    """The port RefreshMeter: keeps every count."""

    def __init__(self) -> None:
        self.attempts: list[tuple[str, str, str]] = []
        self.locks: list[bool] = []
        self.waits: list[tuple[float, bool, bool]] = []

    def attempted(self, outcome: str, reason: str, trigger: str) -> None:
        self.attempts.append((outcome, reason, trigger))

    def lock_asked(self, seconds: float, *, taken: bool) -> None:
        self.locks.append(taken)

    def waited(self, seconds: float, *, served: bool, behind_lock: bool) -> None:
        self.waits.append((seconds, served, behind_lock))


@dataclass
class Memory:
    """What Redis holds, shared by all processes.

    Locks are (owner, expires at); ``granted`` is what owners were promised.
    """

    world: World
    limits: SessionLimits = field(default_factory=SessionLimits)
    sessions: dict[SessionKey, Session] = field(default_factory=dict)
    expires_at: dict[SessionKey, float] = field(default_factory=dict)
    ended: dict[SessionKey, EndedSession] = field(default_factory=dict)
    locks: dict[SessionKey, tuple[str, float]] = field(default_factory=dict)
    granted: dict[str, float] = field(default_factory=dict)
    ears: dict[SessionKey, list["MemoryEar"]] = field(default_factory=dict)
    logout_tokens: dict[tuple[str, str], float] = field(default_factory=dict)
    known: dict[SessionKey, float] = field(default_factory=dict)
    epoch: int = 0

    def live(self, key: SessionKey) -> Session | None:
        if key in self.sessions and self.world.now() >= self.expires_at[key]:
            del self.sessions[key]
        return self.sessions.get(key)

    def tell(self, key: SessionKey) -> None:
        for ear in self.ears.get(key, ()):
            ear.hear()


class MemoryEar:
    """An ear of one listener."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.signal: Signal[None] = Signal(world)

    def hear(self) -> None:
        self.signal.set()

    async def news(self, timeout_seconds: float) -> bool:
        if not self.signal.is_set:
            signal = self.signal
            alarm: Signal[None] = Signal(self.world)
            self.world.at(self.world.now() + timeout_seconds, alarm.set)
            self.world.spawn("ears", "ear", _set_when(signal, alarm))
            await alarm
        heard = self.signal.is_set
        if heard:
            self.signal = Signal(self.world)
        return heard


async def _set_when(signal: Signal[None], alarm: Signal[None]) -> None:
    await signal
    alarm.set()


async def no_hop(_operation: str) -> None:
    """Nothing is in the way."""


class MemorySessionStore:
    """The port SessionStore over :class:`Memory`."""

    def __init__(self, memory: Memory, hop: Hop = no_hop) -> None:
        self.memory = memory
        self.hop = hop

    async def do(self, name: str, action: Callable[[], T]) -> T:
        await self.hop(f"{name}:there")
        result = action()
        await self.hop(f"{name}:back")
        return result

    async def create(self, session: Session) -> bool:
        def action() -> bool:
            memory = self.memory
            if session.key in memory.ended:
                return False
            core = msgspec.structs.replace(session.core, epoch=memory.epoch)
            memory.sessions[session.key] = msgspec.structs.replace(session, core=core)
            memory.expires_at[session.key] = record_expires_at(
                session, session.touched_at, memory.limits
            )
            memory.known[session.key] = session.core.absolute_expires_at
            return True

        return await self.do("create", action)

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        return await self.do("load", lambda: self._found(key))

    def _found(self, key: SessionKey) -> Session | EndedSession | None:
        memory = self.memory
        session = memory.live(key)
        if session is not None and session.core.epoch < memory.epoch:
            return EndedSession(EndReason.ADMIN, session.touched_at)
        if session is not None or key in memory.ended:
            return session or memory.ended[key]
        if key in memory.known:
            absolute = memory.world.now() >= memory.known[key]
            reason = EndReason.ABSOLUTE_TIMEOUT if absolute else EndReason.IDLE_TIMEOUT
            return EndedSession(reason, memory.world.now())
        return None

    async def touch(self, session: Session, at: float) -> None:
        def action() -> None:
            stored = self.memory.live(session.key)
            if stored is not None and at > stored.touched_at:
                self.memory.sessions[session.key] = msgspec.structs.replace(stored, touched_at=at)
                self.memory.expires_at[session.key] = record_expires_at(
                    stored, at, self.memory.limits
                )

        await self.do("touch", action)

    async def acknowledge(self, key: SessionKey, acknowledged: Acknowledgement) -> None:
        def action() -> None:
            stored = self.memory.live(key)
            if stored is not None and stored.acknowledged.generation < acknowledged.generation:
                self.memory.sessions[key] = msgspec.structs.replace(
                    stored, acknowledged=acknowledged
                )

        await self.do("acknowledge", action)

    async def end(
        self, key: SessionKey, reason: EndReason, at: float, *, only_generation: int | None = None
    ) -> Session | None:
        def action() -> Session | None:
            memory = self.memory
            session = memory.live(key)
            if only_generation is not None and (
                session is None or session.generation != only_generation
            ):
                return None
            memory.ended.setdefault(key, EndedSession(reason, at))
            memory.sessions.pop(key, None)
            memory.locks.pop(key, None)
            memory.granted.clear()
            memory.tell(key)
            return session

        return await self.do("end", action)

    async def keys_of_subject(self, issuer: str, subject: str) -> Sequence[SessionKey]:
        return await self.do(
            "keys_of_subject",
            lambda: [
                key
                for key, session in self.memory.sessions.items()
                if (session.core.issuer, session.core.subject) == (issuer, subject)
            ],
        )

    async def keys_of_provider_session(self, issuer: str, sid: str) -> Sequence[SessionKey]:
        return await self.do(
            "keys_of_provider_session",
            lambda: [
                key
                for key, session in self.memory.sessions.items()
                if (session.core.issuer, session.core.provider_sid) == (issuer, sid)
            ],
        )

    async def key_of_ref(self, ref: Ref) -> SessionKey | None:
        return await self.do(
            "key_of_ref",
            lambda: next(
                (key for key, session in self.memory.sessions.items() if session.core.ref == ref),
                None,
            ),
        )

    async def logout_token_seen(self, issuer: str, jti: str) -> bool:
        return await self.do(
            "logout_token_seen",
            lambda: self.memory.logout_tokens.get((issuer, jti), 0.0) > self.memory.world.now(),
        )

    async def remember_logout_token(self, issuer: str, jti: str, lifetime_seconds: float) -> None:
        def action() -> None:
            self.memory.logout_tokens[issuer, jti] = self.memory.world.now() + lifetime_seconds

        await self.do("remember_logout_token", action)

    async def try_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> Locked | None:
        def action() -> Locked | None:
            held = self.memory.locks.get(key)
            now = self.memory.world.now()
            if held is not None and held[0] != owner and now < held[1]:
                return None
            self.memory.locks[key] = (owner, now + lease_seconds)
            self.memory.granted[owner] = now + lease_seconds
            return Locked(self._found(key))

        return await self.do("try_lock", action)

    async def renew_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> bool:
        def action() -> bool:
            now = self.memory.world.now()
            held = self.memory.locks.get(key)
            if held is None or held[0] != owner or now >= held[1]:
                return False
            self.memory.locks[key] = (owner, now + lease_seconds)
            self.memory.granted[owner] = now + lease_seconds
            return True

        return await self.do("renew_lock", action)

    async def release_lock(self, key: SessionKey, owner: str) -> None:
        await self.do("release_lock", lambda: self._let_go(key, owner))

    def _let_go(self, key: SessionKey, owner: str) -> None:
        self.memory.granted.pop(owner, None)
        held = self.memory.locks.get(key)
        if held is not None and held[0] == owner:
            del self.memory.locks[key]

    async def write_journal(self, key: SessionKey, journal: RefreshJournal) -> Replaced:
        def action() -> Replaced:
            stored = self.memory.live(key)
            if stored is None or key in self.memory.ended:
                return Replaced.ENDED
            held_by, until = self.memory.locks.get(key, ("", 0.0))
            holds = held_by == journal.owner and self.memory.world.now() < until
            began = stored.journal is not None and stored.journal.owner == journal.owner
            if stored.generation != journal.generation or not (holds or began):
                return Replaced.CONFLICT
            self.memory.sessions[key] = msgspec.structs.replace(stored, journal=journal)
            return Replaced.WRITTEN

        return await self.do("write_journal", action)

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        def action() -> Replaced:
            stored = self.memory.live(key)
            if stored is None or key in self.memory.ended:
                return Replaced.ENDED
            if stored.generation != read_generation:
                return Replaced.CONFLICT
            new = msgspec.structs.replace(
                stored, tokens=tokens, core=core, generation=read_generation + 1, journal=None
            )
            self.memory.sessions[key] = new
            self.memory.expires_at[key] = min(
                absolute_deadline(new), new.touched_at + self.memory.limits.idle
            )
            self.memory.tell(key)
            self._let_go(key, owner)
            return Replaced.WRITTEN

        return await self.do("replace_tokens", action)

    async def tell(self, key: SessionKey) -> None:
        await self.do("tell", lambda: self.memory.tell(key))

    @contextmanager
    def listen(self, key: SessionKey) -> Iterator[MemoryEar]:
        ear = MemoryEar(self.memory.world)
        self.memory.ears.setdefault(key, []).append(ear)
        try:
            yield ear
        finally:
            self.memory.ears[key].remove(ear)


class MemoryTransactionStore:
    """The port TransactionStore."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: dict[str, tuple[LoginTransaction, float]] = {}
        self.available = True

    async def put(self, state: str, transaction: LoginTransaction, lifetime_seconds: float) -> None:
        self._require()
        self.held[state] = (transaction, self.world.now() + lifetime_seconds)

    async def take(self, state: str) -> LoginTransaction | None:
        self._require()
        transaction, until = self.held.pop(state, (None, 0.0))
        return transaction if self.world.now() < until else None

    def _require(self) -> None:
        if not self.available:
            raise StoreUnavailable


class MemoryExitStore:
    """The port ExitStore."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: dict[str, tuple[WayOut, float]] = {}
        self.available = True

    async def put(self, ticket: str, out: WayOut, lifetime_seconds: float) -> None:
        if not self.available:
            raise StoreUnavailable
        self.held[ticket] = (out, self.world.now() + lifetime_seconds)

    async def take(self, ticket: str) -> WayOut | None:
        out, until = self.held.pop(ticket, (None, 0.0))
        return out if self.world.now() < until else None


class ScriptedBody:
    """A response body in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


class ScriptedResourceServer:
    """The port ResourceServer: answers in turn, remembers what it was asked."""

    def __init__(self, *answers: ApiResponse) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[ApiRequest, bytes]] = []

    async def send(
        self, _route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        content = b"" if body is None else b"".join([piece async for piece in body])
        self.asked.append((request, content))
        return self.answers.pop(0)
