"""Calls that show what arrived, or answer in a peculiar way: every method, raw paths."""

import hashlib

from litestar import asgi
from litestar.types import Receive, Scope, Send

from upstream_mocks.api import answers
from upstream_mocks.api.bearer import BearerRefused
from upstream_mocks.api.gate import refuse, shown_headers
from upstream_mocks.api.party import method_of, raw_path, token_of
from upstream_mocks.api.query import first, number, query_of
from upstream_mocks.api.streams import BYTES, body_of
from upstream_mocks.connections import hang_up

LEAK_PIECE = 7
BEYOND = 1000


@asgi("/echo", is_mount=True, copy_scope=False)
async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The request as it arrived, its token as a fingerprint.

    ``leak`` = body, header or chunked gives the token away, for those who watch for that.
    """
    await _echo(scope, receive, send)


@asgi("/public/echo", is_mount=True, copy_scope=False, opt={"public": True})
async def public_echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The same for anybody."""
    await _echo(scope, receive, send)


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    length, digest = 0, hashlib.sha256()
    async for piece in body_of(receive):
        length += len(piece)
        digest.update(piece)
    seen = {
        "method": method_of(scope),
        "path": raw_path(scope),
        "query": scope["query_string"].decode("latin-1"),
        "http_version": scope["http_version"],
        "headers": shown_headers(scope),
        "body": {"length": length, "sha256": digest.hexdigest()},
    }
    leak, token = first(query_of(scope), "leak"), token_of(scope) or ""
    if leak == "body":
        seen["token"] = token
    if leak == "chunked":
        await leak_in_pieces(send, token)
    else:
        await answers.json(send, seen, headers=[("x-token", token)] if leak == "header" else ())


async def leak_in_pieces(send: Send, token: str) -> None:
    """The token, cut so that no piece holds much of it."""
    body = f'{{"padding": "{"." * 100}", "token": "{token}"}}'.encode()
    await answers.start(send, 200, [answers.JSON, answers.NO_STORE])
    for at in range(0, len(body), LEAK_PIECE):
        await answers.part(send, body[at : at + LEAK_PIECE])
    await answers.part(send, b"", more=False)


@asgi("/status", is_mount=True, copy_scope=False)
async def status(scope: Scope, receive: Receive, send: Send) -> None:
    """/status/{code}, with Retry-After ``retry_after``; 401 and 403 carry a bearer challenge."""
    del receive
    code = raw_path(scope).rsplit("/", 1)[-1]
    if not code.isdecimal() or not 200 <= int(code) <= 599:  # noqa: PLR2004 - final status codes
        await answers.whole(send, 404, answers.problem(404, "No such status."), [answers.PROBLEM])
        return
    query = query_of(scope)
    if int(code) in {401, 403}:
        error = {401: "invalid_token", 403: "insufficient_scope"}[int(code)]
        await refuse(scope, send, BearerRefused(error, "As asked.", int(code)))
        return
    wait = [("retry-after", first(query, "retry_after"))] if "retry_after" in query else []
    await answers.json(send, {"status": int(code)}, int(code), wait)


@asgi("/headers", copy_scope=False)
async def headers(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer with the header fields that ``h=Name:Value`` names, once for each."""
    del receive
    fields = [field.partition(":") for field in query_of(scope).get("h", [])]
    named = [(name.strip(), value.strip()) for name, _, value in fields]
    own = {name.lower() for name, _ in named}
    kept = [field for field in (answers.JSON, answers.NO_STORE) if field[0] not in own]
    await answers.whole(send, 200, b"{}", [*kept, *named])


@asgi("/redirect", copy_scope=False)
async def redirect(scope: Scope, receive: Receive, send: Send) -> None:
    """To ``to`` (default /me), with ``status`` (default 302)."""
    del receive
    query = query_of(scope)
    location = ("location", first(query, "to", "/me"))
    await answers.whole(send, int(number(query, "status", 302)), b"", [location])


@asgi("/die", copy_scope=False)
async def die(scope: Scope, receive: Receive, send: Send) -> None:
    """Promises ``length`` bytes, hangs up after ``after``; after=-1: before the answer begins.

    With ``chunked`` it promises nothing.
    """
    del receive
    query = query_of(scope)
    after = int(number(query, "after", 0))
    if after >= 0:
        length = ("content-length", str(int(number(query, "length", after + BEYOND))))
        await answers.start(send, 200, [BYTES] if "chunked" in query else [BYTES, length])
        await answers.part(send, b"x" * after)
    await hang_up(scope)
