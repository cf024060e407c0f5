"""placeholder signature, being filled."""

from collections.abc import AsyncIterator

from bff.resource.messages import ApiRequest, ApiResponse
from bff.resource.routes import ApiRoute


class HttpResourceServer:
    def __init__(self, *, max_connections: int = 100, keep_alive_seconds: float = 30.0) -> None: ...
    async def send(self, route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None) -> ApiResponse: ...
    @property
    def connections(self) -> int: ...
    async def aclose(self) -> None: ...
