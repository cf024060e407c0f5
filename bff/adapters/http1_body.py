"""The body of a response on its way from a connection to whoever reads it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol


class Source(Protocol):
    """Where the bytes come from."""

    def taken(self) -> None:
        """The buffer is empty again."""
        ...

    def abandon(self, body: "ResponseBody") -> None:
        """Nobody wants the rest."""
        ...


class ResponseBody:
    """The body of one response as it arrives: an asynchronous iterator of its pieces."""

    __slots__ = ("_ended", "_error", "_loop", "_pieces", "_source", "_waiter", "size")

    def __init__(self, source: Source, loop: asyncio.AbstractEventLoop) -> None:
        self._source: Source | None = source
        self._loop = loop
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._ended = False
        self.size = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            await self._waiter
        pieces, self._pieces, self.size = self._pieces, [], 0
        if self._source is not None:
            self._source.taken()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def aclose(self) -> None:
        """As :meth:`close`."""
        self.close()

    def close(self) -> None:
        """Give up the rest: the connection is closed, which is how an API learns of it."""
        if self._source is not None:
            self._source.abandon(self)

    def add(self, pieces: list[bytes]) -> None:
        """More has arrived."""
        self._pieces += pieces
        self.size += sum(map(len, pieces))
        self._wake()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing follows: the body is complete, or broke off with ``error``."""
        self._ended = True
        self._error = error
        self._source = None
        self._wake()

    def whole(self) -> bytes | None:
        """All of it, if all of it is here; the iterator yields it nevertheless."""
        if not self._ended or self._error is not None:
            return None
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0] if self._pieces else b""

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
