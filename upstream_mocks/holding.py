"""Requests that are held back: until so much time has passed, or somebody lets them go."""

import asyncio
from collections.abc import Awaitable, Callable

Pause = Callable[[float], Awaitable[None]]


class Holding:
    """Holds by ``pause``, which waits for so many seconds."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause
        self._let_go = asyncio.Event()
        self.held = 0

    async def hold(self, seconds: float) -> None:
        """Returns after ``seconds``, or when everybody is let go."""
        waits = {
            asyncio.ensure_future(self._pause(seconds)),
            asyncio.ensure_future(self._let_go.wait()),
        }
        self.held += 1
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.held -= 1
            for wait in waits:
                wait.cancel()

    def let_go(self) -> None:
        """Whoever is held now goes on."""
        self._let_go.set()
        self._let_go = asyncio.Event()
