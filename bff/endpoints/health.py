"""The operators' address.

/healthz (the process lives), /readyz (Redis and provider answer), /metrics. Never public.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

Check = Callable[[], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]


class OperatorsApp:
    """Three GETs, plain ASGI."""

    def __init__(
        self, checks: Mapping[str, Check], metrics: Callable[[], tuple[bytes, str]]
    ) -> None:
        """``checks`` raise when what they are named after is not usable.

        ``metrics`` renders text and its media type.
        """
        self._checks = checks
        self._metrics = metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI's
        """Answer one request."""
        del receive
        if scope["type"] != "http":
            return
        status, body, media_type = await self._answer(scope["path"])
        headers: Fields = [
            (b"content-type", media_type.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, path: str) -> tuple[int, bytes, str]:
        if path == "/healthz":
            return 200, b'{"status":"ok"}', "application/json"
        if path == "/readyz":
            return await self._ready()
        if path == "/metrics":
            body, media_type = self._metrics()
            return 200, body, media_type
        return (
            404,
            b'{"status":"not found","try":["/healthz","/readyz","/metrics"]}',
            "application/json",
        )

    async def _ready(self) -> tuple[int, bytes, str]:
        """503 while anything needed is away, naming it."""
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                await check()
            except Exception as error:  # noqa: BLE001  whatever is wrong, it is not ready
                found[name] = type(error).__name__
            else:
                found[name] = "ok"
        ready = all(word == "ok" for word in found.values())
        body = msgspec.json.encode({"status": "ready" if ready else "not ready", **found})
        return (200 if ready else 503), body, "application/json"
