"""A response body watched for the very token that was attached to its request; a hit breaks it off."""

from collections.abc import AsyncIterator, Callable

from bff.errors import TokenLeaked
from bff.resource.leak import LeakGuard
from bff.resource.messages import Body


class WatchedBody:
    """Passes ``body`` on as long as the token does not occur in it, also across pieces.

    Calls ``on_leak`` if it does.
    """

    __slots__ = ("_body", "_guard", "_on_leak")

    def __init__(self, body: Body, guard: LeakGuard, on_leak: Callable[[], None]) -> None:
        """Watch ``body`` with a fresh ``guard``."""
        self._body = body
        self._guard = guard
        self._on_leak = on_leak

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces. Raises TokenLeaked before the token's last octet would pass."""
        try:
            async for piece in self._body:
                if passed := self._guard.feed(piece):
                    yield passed
            if rest := self._guard.finish():
                yield rest
        except TokenLeaked:
            self._on_leak()
            raise

    async def aclose(self) -> None:
        """Give up on the rest."""
        await self._body.aclose()
