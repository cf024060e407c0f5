"""The browser that leaves while its call is under way: the call is cancelled, and the API learns of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

UNWATCHED_SECONDS = 0.1
"""A call shorter than this is not watched; until then watching costs one timer."""


class BrowserLeft(Exception):
    """The browser closed the connection before it had its answer; there is nobody to answer."""


class Leaving:
    """Listens for the end of the browser's connection, and then cancels the task that made it.

    A server tells it through ``receive`` alone: what is sent to a browser that has left vanishes
    without an error.
    """

    __slots__ = ("_caller", "_listening", "_loop", "_timer", "noticed", "receive")

    def __init__(self, receive: Receive) -> None:
        """Of the task that makes it. Nothing is listened to before :meth:`begin`."""
        self.receive = receive
        self._loop = asyncio.get_running_loop()
        self._caller = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None
        self.noticed = False

    def begin(self) -> None:
        """The request is complete: what comes now can only be the end."""
        self._timer = self._loop.call_later(UNWATCHED_SECONDS, self._listen)

    def end(self) -> None:
        """The answer is complete, or given up."""
        if self._timer is not None:
            self._timer.cancel()
        if self._listening is not None:
            self._listening.cancel()

    def _listen(self) -> None:
        self._listening = self._loop.create_task(self._hear())

    async def _hear(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.noticed = True
        if self._caller is not None:
            self._caller.cancel()
