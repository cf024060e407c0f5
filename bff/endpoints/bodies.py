"""Bodies that are read whole, up to a limit."""

from typing import Any

from litestar import Request as LitestarRequest

from bff.errors import ContentTooLarge


async def body_of(request: LitestarRequest[Any, Any, Any], limit_bytes: int) -> bytes:
    """The request's body. Raises ContentTooLarge as soon as it is longer than allowed."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > limit_bytes:
            raise ContentTooLarge(limit_bytes)
    return body
