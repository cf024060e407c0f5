"""What the story of a WebSocket asks of the world: its two ends, and how the API's is opened."""

from typing import Protocol

from bff.errors import BffError
from bff.resource.messages import ApiRequest
from bff.resource.routes import ApiRoute
from bff.resource.sockets import Close, Message, Refusal


class ApiSocket(Protocol):
    """The API's end of a socket. Control frames are answered below (RFC 6455, section 5.5)."""

    @property
    def subprotocol(self) -> str | None:
        """The one the API chose of those offered."""
        ...

    async def receive(self) -> Message:
        """The next message, read from the API only as fast as this is asked. Raises SocketClosed."""
        ...

    async def send(self, message: Message) -> None:
        """Hand one over; waits while the API does not read. Raises SocketClosed."""
        ...

    async def close(self, close: Close) -> None:
        """Close within about a second, whatever the API does. Harmless a second time."""
        ...


class SocketServer(Protocol):
    """The APIs behind the route table, where they speak WebSocket."""

    async def open(
        self, route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> ApiSocket | Refusal:
        """Make the handshake.

        Raises ResourceServerUnavailable (nothing was sent), ResourceServerTimedOut,
        ResourceServerResponseInvalid.
        """
        ...


class BrowserSocket(Protocol):
    """The page's end of a socket."""

    async def accept(self, subprotocol: str | None) -> None:
        """Complete the handshake."""
        ...

    async def receive(self) -> Message:
        """The next message. Raises SocketClosed; ContentTooLarge for one beyond the limit."""
        ...

    async def send(self, message: Message) -> None:
        """Hand one over; waits while the page does not read. Raises SocketClosed."""
        ...

    async def close(self, ending: Close | BffError) -> None:
        """Close it, as the API did, or for a reason of ours."""
        ...
