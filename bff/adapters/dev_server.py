"""The dev server of a page's build tool (Vite). Development mode only: whole answers, no streaming."""

import httpx

from bff.errors import ResourceServerUnavailable

Fields = list[tuple[bytes, bytes]]


class HttpDevServer:
    """The port ``DevServer`` over httpx."""

    def __init__(self, origin: str) -> None:
        """``origin``: such as ``http://localhost:5173``. Nothing is opened before the first question."""
        self._origin = origin
        self._http = httpx.AsyncClient(
            base_url=origin, trust_env=False, timeout=30, follow_redirects=False
        )

    @property
    def socket_origin(self) -> str:
        """The same, for WebSockets."""
        return "ws" + self._origin.removeprefix("http")

    async def get(self, target: bytes, headers: Fields) -> tuple[int, Fields, bytes]:
        """Ask it, under its own name: it refuses hosts that it does not know."""
        try:
            answer = await self._http.get(target.decode("ascii"), headers=headers)
        except httpx.HTTPError as error:
            raise ResourceServerUnavailable from error
        fields = [(name.lower(), value) for name, value in answer.headers.raw]
        return answer.status_code, fields, answer.content
