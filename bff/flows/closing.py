"""The end of this process, as those see it who would stay open for ever."""

from contextlib import AbstractContextManager
from typing import Protocol


class Closing(Protocol):
    """Whether this process is about to end, and how much it still holds open.

    Server-sent events and WebSockets have no last message of their own. They end when the closing
    has begun; the server is stopped once they have (RFC 6455, section 7.4.1: 1001, going away).
    """

    @property
    def begun(self) -> bool:
        """Nothing that stays open may begin any more. Those who listen for other news are woken."""
        ...

    async def heard(self) -> None:
        """Wait until the closing has begun."""
        ...

    def holding(self) -> AbstractContextManager[None]:
        """Something stays open meanwhile, its last words included."""
        ...
