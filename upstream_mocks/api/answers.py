"""Answers at the ASGI level, and problems (RFC 9457)."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import Send

from upstream_mocks.api.records import Invalid

Fields = Iterable[tuple[str, str]]
JSON = ("content-type", "application/json")
PROBLEM = ("content-type", "application/problem+json")
NO_STORE = ("cache-control", "no-store")


async def start(send: Send, status: int, headers: Fields) -> None:
    """The head of an answer; ``headers`` as they stand."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def part(send: Send, body: bytes, *, more: bool = True) -> None:
    """A piece of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def whole(send: Send, status: int, body: bytes, headers: Fields = (JSON,)) -> None:
    """An answer whose length is known."""
    length = () if status in {204, 304} else (("content-length", str(len(body))),)
    await start(send, status, (*headers, *length))
    await part(send, b"" if status in {204, 304} else body, more=False)


async def json(send: Send, content: object, status: int = 200, headers: Fields = ()) -> None:
    """JSON that nobody stores."""
    await whole(send, status, msgspec.json.encode(content), (JSON, NO_STORE, *headers))


def problem(status: int, detail: str, **members: object) -> bytes:
    """A problem document."""
    title = HTTPStatus(status).phrase
    return msgspec.json.encode(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    )


def problem_answer(
    status: int, detail: str, headers: Fields = (), **members: object
) -> Response[bytes]:
    """The same as a Litestar response."""
    return Response(
        problem(status, detail, **members),
        status_code=status,
        media_type=PROBLEM[1],
        headers=dict((NO_STORE, *headers)),
    )


def invalid(_request: Request[Any, Any, Any], error: Invalid) -> Response[bytes]:
    """422, with what is wrong by field."""
    return problem_answer(422, "Some fields need another look.", errors=error.errors)


def refused(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Litestar itself refuses: no such path, no such method."""
    return problem_answer(error.status_code, error.detail)
