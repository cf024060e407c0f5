"""The clock, and detached work on the event loop."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class FailureLog(Protocol):
    """Where a failure goes that nobody waits for."""

    def error(self, event: str, **fields: object) -> object:
        """Write it down."""
        ...


class SystemClock:
    """Wall time."""

    # The function itself, not a method around it: a proxied call asks half a dozen times.
    now = staticmethod(time.time)  # noqa: TID251  the one place that reads the clock
    """Unix seconds."""


class DetachedTask(Generic[T]):
    """A task that those who wait for it do not own."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[T]) -> None:
        """Wrap a started task."""
        self._task = task

    async def wait(self, timeout_seconds: float) -> T | None:
        """The result, or None when the time is up.

        Being cancelled while waiting leaves the task alone.
        """
        done, _ = await asyncio.wait({self._task}, timeout=max(timeout_seconds, 0.0))
        return self._task.result() if done else None

    def cancel(self) -> None:
        """Stop the work at its next await."""
        self._task.cancel()


class BackgroundTasks:
    """Detached tasks of this process.

    A reference is kept until each is done: the event loop keeps only weak ones.
    """

    def __init__(self, log: FailureLog) -> None:
        """Failures nobody waits for go to ``log``."""
        self._log = log
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, name: str, work: Coroutine[object, object, T]) -> DetachedTask[T]:
        """Start ``work`` now."""
        task: asyncio.Task[T] = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return DetachedTask(task)

    def later(
        self, seconds: float, name: str, work: Callable[[], Coroutine[object, object, None]]
    ) -> Callable[[], None]:
        """Start what ``work`` makes when ``seconds`` have passed; until then it is an entry in a list."""
        begun: list[DetachedTask[None]] = []
        timer = asyncio.get_running_loop().call_later(
            seconds, lambda: begun.append(self.start(name, work()))
        )

        def call_off() -> None:
            timer.cancel()
            for task in begun:
                task.cancel()

        return call_off

    async def pause(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        await asyncio.sleep(seconds)

    async def drain(self, timeout_seconds: float) -> int:
        """Let everything finish that can, then cancel the rest; how many were cancelled."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_seconds)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error(
                "background_work_failed", work=task.get_name(), error=type(error).__name__
            )
