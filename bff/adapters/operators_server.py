"""The operators' address, served from inside each worker.

The kernel chooses which of them answers, and any may.
"""

import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import uvicorn


class OperatorsServer(uvicorn.Server):
    """uvicorn without its signal handlers: those are the worker's."""

    def __init__(self, app: Any, host: str, port: int) -> None:  # noqa: ANN401  an ASGI app
        """Nothing listens before :meth:`run`."""
        super().__init__(
            uvicorn.Config(
                app, host=host, port=port, log_config=None, lifespan="off", access_log=False
            )
        )

    async def run(self) -> None:  # type: ignore[override]
        """Answer until ``should_exit`` is set. Raises OSError if the address cannot be had."""
        await self.serve(sockets=[_shared_socket(self.config.host, self.config.port)])

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """None of ours."""
        return nullcontext()


def _shared_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening
