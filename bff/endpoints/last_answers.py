"""The last answers of a process that is replaced, behind a server that closes idle connections without a word."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bff.endpoints.dependencies import Scope

Inner = Callable[[Any, Any, Any], Awaitable[None]]
CLOSE = (b"connection", b"close")


class Leaving(Protocol):
    """What is known of the end of this process."""

    leaving: bool
    """Another process is there: each answer of this one is its connection's last."""


class LastAnswers:
    """The outermost ASGI layer there."""

    def __init__(self, gate: Inner, closing: Leaving) -> None:
        """Stand before ``gate``."""
        self._gate = gate
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI's
        """Say in each answer over HTTP/1.1 that the connection is closed after it, once that is so."""
        if scope["type"] != "http" or not scope["http_version"].startswith("1"):
            await self._gate(scope, receive, send)
            return

        def sending(message: dict[str, Any]) -> Awaitable[None]:
            if self._closing.leaving and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], CLOSE]}
            return send(message)  # type: ignore[no-any-return]

        await self._gate(scope, receive, sending)
