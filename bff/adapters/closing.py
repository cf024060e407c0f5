"""The end of this process: it has begun, and what would stay open for ever is let go."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class ProcessClosing:
    """The port ``Closing``; and for whoever stops the server: when nothing is held open any more."""

    __slots__ = ("_begun", "_held", "_let_go", "app_lingers", "leaving", "linger_seconds")

    def __init__(self) -> None:
        """Not begun, nothing held."""
        self.app_lingers = False
        """It is the app that waits so long, for its server does not."""
        self.leaving = False
        """It does."""
        self.linger_seconds = 0.0
        """For how long an idle connection may still ask."""
        self._begun = asyncio.Event()
        self._let_go = asyncio.Event()
        self._let_go.set()
        self._held = 0

    @property
    def begun(self) -> bool:
        """Nothing that stays open may begin any more."""
        return self._begun.is_set()

    def begin(self) -> None:
        """The process is about to end. Whoever calls this wakes those who listen for other news."""
        self._begun.set()

    async def heard(self) -> None:
        """Wait until the closing has begun."""
        await self._begun.wait()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Something stays open meanwhile, its last words included."""
        self._held += 1
        self._let_go.clear()
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                self._let_go.set()

    async def let_go(self) -> None:
        """Wait until nothing is held open."""
        await self._let_go.wait()
