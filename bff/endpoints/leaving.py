"""The browser that leaves while its call is under way: the call is cancelled, and the API learns of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

UNWATCHED_SECONDS = 0.1
"""A call shorter than this is not watched, one of twice this length is; until then it costs no timer of its own."""


class BrowserLeft(Exception):
    """The browser closed the connection before it had its answer; there is nobody to answer."""


class LeavingWatch:
    """One timer for all calls under way, because a timer each would cost more than anything else here.

    Who is found at two rounds of it has been under way for long enough to be listened to. Belongs to
    one event loop.
    """

    __slots__ = ("_known", "_new", "_running")

    def __init__(self) -> None:
        """Nobody is under way."""
        self._new: set[Leaving] = set()
        self._known: set[Leaving] = set()
        self._running = False

    def add(self, leaving: "Leaving") -> None:
        """Its request is complete."""
        self._new.add(leaving)
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._round)

    def discard(self, leaving: "Leaving") -> None:
        """Its answer is complete, or given up."""
        self._new.discard(leaving)
        self._known.discard(leaving)

    def _round(self) -> None:
        for leaving in self._known:
            leaving.listen()
        self._known, self._new = self._new, set()
        self._running = bool(self._known)
        if self._running:
            asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._round)


class Leaving:
    """Listens for the end of the browser's connection, and then cancels the task that made it.

    A server tells it through ``receive`` alone: what is sent to a browser that has left vanishes
    without an error.
    """

    __slots__ = ("_caller", "_listening", "_watch", "noticed", "receive")

    def __init__(self, receive: Receive, watch: LeavingWatch) -> None:
        """Of the task that makes it. Nothing is listened to before :meth:`begin`."""
        self.receive = receive
        self._watch = watch
        self._caller = asyncio.current_task()
        self._listening: asyncio.Task[None] | None = None
        self.noticed = False

    def begin(self) -> None:
        """The request is complete: what comes now can only be the end."""
        self._watch.add(self)

    def end(self) -> None:
        """The answer is complete, or given up."""
        self._watch.discard(self)
        if self._listening is not None:
            self._listening.cancel()

    def listen(self) -> None:
        """It has been under way for a while."""
        self._listening = asyncio.get_running_loop().create_task(self._hear())

    async def _hear(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.noticed = True
        if self._caller is not None:
            self._caller.cancel()
