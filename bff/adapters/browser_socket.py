"""A page's WebSocket: uvicorn's, which at the end of the process leaves the last word to the app.

What is open by then was told 1001 (:mod:`bff.flows.session_watch`), or did not listen. Who came while the
process was ending, or whose handshake is still under way, is answered, and told the same.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from bff.adapters.browser_connection import Closing


class BrowserSocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket of a browser."""

    _late = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  uvicorn's
        """Its handshake is here."""
        closing: Closing | None = getattr(self.config.loaded_app, "closing", None)
        self._late = closing is not None and closing.begun
        super().connection_made(transport)

    def shutdown(self) -> None:
        """The server ends: cut whoever did not listen."""
        if self.handshake_complete and not self._late:
            super().shutdown()
