"""What the direct way asks of the world."""

from collections.abc import Callable
from typing import Protocol

from bff.resource.messages import ApiResponse, Fields
from bff.resource.routes import ApiRoute


class Exchange(Protocol):
    """A request that was sent at once."""

    def complete(self) -> tuple[int, Fields, bytes] | None:
        """Status, fields and body, if all of it is here."""
        ...

    def answer(self) -> ApiResponse | None:
        """What came back, each time it is asked; None: nothing was received, and it may be sent again.

        Raises ResourceServerTimedOut, ResourceServerResponseInvalid.
        """
        ...

    def give_up(self) -> None:
        """Nobody waits any more. Harmless at the end and a second time."""
        ...


class ReadyResourceServer(Protocol):
    """The APIs behind the route table, as far as a connection to them waits for work."""

    def send_now(
        self, route: ApiRoute, line: bytes, lines: tuple[bytes, ...], heard: Callable[[], None]
    ) -> Exchange | None:
        """Send a safe request without a body, if that needs no waiting; None: it does.

        ``line`` is the method and the target, ``lines`` the fields as they are written, in pieces,
        without the last line end. ``heard`` is called once, when the head of the answer is there, or
        when there will be none.
        """
        ...
