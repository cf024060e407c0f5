"""A deterministic scheduler for flows.

Virtual seconds, chosen interleavings, processes that can be killed at any await.

Flows await nothing but their ports, and the fakes behind the ports await nothing but this. So a
whole fleet of processes runs in one thread, in an order that a seed decides, and an hour passes in
no time.
"""

import heapq
import random
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Signal(Generic[T]):
    """Something to await once: a value or an error, delivered by somebody else."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: list[Running[Any]] = []
        self._result: tuple[T | None, BaseException | None] | None = None

    @property
    def is_set(self) -> bool:
        return self._result is not None

    def set(self, value: T | None = None, error: BaseException | None = None) -> None:
        if self._result is None:
            self._result = (value, error)
            for running in self._waiting:
                self._world.resume(running)
            self._waiting.clear()

    def __await__(self) -> Generator["Signal[T]", None, T]:
        while self._result is None:
            yield self
        value, error = self._result
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def add_waiter(self, running: "Running[Any]") -> None:
        self._waiting.append(running)


class Running(Generic[T]):
    """A coroutine under way in a process; satisfies the port Detached."""

    def __init__(
        self, world: "World", process: str, name: str, work: Coroutine[Any, Any, T]
    ) -> None:
        self.world = world
        self.process = process
        self.name = name
        self.done: Signal[T] = Signal(world)
        self._work = work
        self._cancelled = False

    def step(self) -> None:
        """Run to the next await."""
        if self.done.is_set or self.process in self.world.dead:
            return
        stopped_until = self.world.stopped_until.get(self.process, 0.0)
        if self.world.now() < stopped_until:
            self.world.at(stopped_until, self.step)
            return
        cancelled, self._cancelled = self._cancelled, False
        try:
            waiting_for = self._work.throw(Cancelled()) if cancelled else self._work.send(None)
        except StopIteration as finished:
            self.done.set(finished.value)
        except Cancelled:
            self.done.set(error=Cancelled())
        except Exception as error:  # noqa: BLE001  delivered to whoever waits
            self.world.failures.append((self.name, error))
            self.done.set(error=error)
        else:
            waiting_for.add_waiter(self)
            if waiting_for.is_set:
                self.world.resume(self)

    def cancel(self) -> None:
        if not self.done.is_set:
            self._cancelled = True
            self.world.resume(self)

    async def wait(self, timeout_seconds: float) -> T | None:
        """The result, or None when the time is up."""
        if self.done.is_set:
            return await self.done
        either: Signal[None] = Signal(self.world)
        self.world.at(self.world.now() + max(timeout_seconds, 0.0), either.set)
        self.world.spawn(self.process, "waiter", _then(self.done, either))
        await either
        return await self.done if self.finished() else None

    def finished(self) -> bool:
        return self.done.is_set

    def abandon(self) -> None:
        """Close the coroutine of a dead process quietly, at the very end."""
        with suppress(Exception):  # a killed process cleans nothing up
            self._work.close()


OPEN: list["World"] = []
"""Worlds that are not closed yet; the conftest closes them after each test."""


class Cancelled(BaseException):
    """What a cancelled coroutine sees."""


async def _then(done: Signal[Any], either: Signal[None]) -> None:
    with suppress(BaseException):  # the waiter asks for the result itself
        await done
    either.set()


class World:
    """Virtual time and the run queue.

    Satisfies the ports Clock and, per process, Background (see :class:`Process`).
    """

    def __init__(self, seed: int = 0, start: float = 1_700_000_000.0) -> None:
        self.dice = random.Random(seed)
        self.dead: set[str] = set()
        self.stopped_until: dict[str, float] = {}
        self.failures: list[tuple[str, BaseException]] = []
        self.steps = 0
        self._now = start
        self._queue: list[tuple[float, float, int, Any]] = []
        self._count = 0
        self._all: list[Running[Any]] = []
        OPEN.append(self)

    def now(self) -> float:
        return self._now

    def at(self, when: float, action: Any) -> None:
        """Run ``action`` at ``when``; actions of one instant run in an order the dice decide."""
        self._count += 1
        heapq.heappush(self._queue, (when, self.dice.random(), self._count, action))

    def resume(self, running: Running[Any]) -> None:
        self.at(self._now, running.step)

    def spawn(self, process: str, name: str, work: Coroutine[Any, Any, T]) -> Running[T]:
        running = Running(self, process, name, work)
        self._all.append(running)
        self.resume(running)
        return running

    async def sleep(self, seconds: float) -> None:
        alarm: Signal[None] = Signal(self)
        self.at(self._now + seconds, alarm.set)
        await alarm

    def kill(self, process: str) -> None:
        """The process stops between two awaits and never runs again: no ``finally``, no goodbye."""
        self.dead.add(process)

    def run_until(self, deadline: float, max_steps: int = 200_000) -> None:
        """Let time pass to ``deadline``."""
        while self._queue and self._queue[0][0] <= deadline:
            self._tick(max_steps)
        self._now = max(self._now, deadline)

    def tick(self, count: int) -> None:
        """Let ``count`` things happen, one await's worth each."""
        for _ in range(count):
            if self._queue:
                self._tick(200_000)

    def run(self, work: Coroutine[Any, Any, T], process: str = "test") -> T:
        """Run ``work`` to its end, and everything else as far as it gets meanwhile."""
        running = self.spawn(process, "test", work)
        while not running.done.is_set:
            assert self._queue, "deadlock: nothing is left to run"
            self._tick(200_000)
        self.failures = [failure for failure in self.failures if failure[0] != "test"]
        return _result(running.done)

    def settle(self, seconds: float = 0.0) -> None:
        """Let ``seconds`` pass, and everything that happens by then happen."""
        self.run_until(self._now + seconds)

    def close(self) -> None:
        """Close every coroutine that is still open."""
        if self in OPEN:
            OPEN.remove(self)
        self.dead.update(running.process for running in self._all)
        for running in self._all:
            running.abandon()

    def _tick(self, max_steps: int) -> None:
        when, _, _, action = heapq.heappop(self._queue)
        self._now = max(self._now, when)
        self.steps += 1
        assert self.steps < max_steps, "livelock: too many steps"
        action()


def _result(done: Signal[T]) -> T:
    try:
        done.__await__().send(None)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]
    raise AssertionError


class Process:
    """One process of the fleet: the port Background, bound to its name."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name

    def start(self, name: str, work: Coroutine[Any, Any, T]) -> Running[T]:
        return self.world.spawn(self.name, name, work)

    def later(
        self, seconds: float, name: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], None]:
        return self.world.spawn(self.name, name, _later(self.world, seconds, work)).cancel

    async def pause(self, seconds: float) -> None:
        await self.world.sleep(seconds)


async def _later(
    world: World, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    await world.sleep(seconds)
    await work()
