"""What every request passes first: it is counted, suffers what is scripted, and shows its token."""

from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from upstream_mocks.api import answers
from upstream_mocks.api.bearer import BearerRefused, KeysUnavailable, bearer_token, fingerprint
from upstream_mocks.api.faults import Fault
from upstream_mocks.api.party import CLAIMS, TOKEN, Api, api_of, header_pairs, method_of, raw_path
from upstream_mocks.connections import hang_up


def gate(app: ASGIApp) -> ASGIApp:
    """Litestar middleware. A handler's ``opt`` says what it needs.

    ``scope="leads.read"`` a scope, ``public=True`` no token, ``control=True`` nothing at all.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        needs: dict[str, Any] = scope["route_handler"].opt
        if needs.get("control"):
            await app(scope, receive, send)
            return
        api = api_of(scope)
        stats = api.stats  # the counters of this request, even if they are reset meanwhile
        method = method_of(scope)
        query = scope["query_string"].decode("latin-1")
        stats.arrived(method, raw_path(scope), query, shown_headers(scope))
        try:
            if await admitted(api, needs, scope, send, method):
                await app(scope, receive, send)
        finally:
            stats.in_flight -= 1

    return guarded


async def admitted(api: Api, needs: dict[str, Any], scope: Scope, send: Send, method: str) -> bool:
    """Whether the request may go on; if not, it has been answered."""
    for fault in api.faults.take(method, raw_path(scope)):
        api.stats.faults_applied += 1
        if not await survives(api, fault, scope, send):
            return False
    if needs.get("public"):
        return True
    try:
        await check_token(api, needs.get("scope"), scope)
    except BearerRefused as error:
        api.stats.refused[error.error or "no_token"] += 1
        await refuse(scope, send, error)
        return False
    except KeysUnavailable as error:
        detail = f"The provider's keys are not to be had: {error}."
        await say_no(scope, send, 503, detail, [("retry-after", "1")])
        return False
    return True


async def check_token(api: Api, needed_scope: str | None, scope: Scope) -> None:
    """Raises BearerRefused or KeysUnavailable."""
    fields = [value for name, value in header_pairs(scope) if name.lower() == "authorization"]
    if len(fields) > 1:
        raise BearerRefused("invalid_request", "More than one Authorization field.", 400)
    token = bearer_token(fields[0] if fields else None)
    claims = await api.verifier.verify(token)
    if needed_scope is not None and needed_scope not in claims.scope:
        error = BearerRefused("insufficient_scope", f"{needed_scope} is needed.", 403)
        error.scope = needed_scope
        raise error
    scope["state"][CLAIMS], scope["state"][TOKEN] = claims, token
    api.stats.accepted(fingerprint(token), claims)


async def survives(api: Api, fault: Fault, scope: Scope, send: Send) -> bool:
    """Whether the request goes on in spite of the fault; if not, it has been answered."""
    match fault.fault:
        case "slow":
            await api.faults.holding.hold(fault.seconds)
            return True
        case "drop":
            await hang_up(scope)
        case "invalid_token":
            await refuse(scope, send, BearerRefused("invalid_token", "The token was revoked."))
        case "insufficient_scope":
            await refuse(scope, send, BearerRefused("insufficient_scope", "Not enough.", 403))
        case "status":
            wait = [] if fault.retry_after is None else [("retry-after", str(fault.retry_after))]
            await say_no(scope, send, fault.status, "Out of order.", wait)
    return False


async def refuse(scope: Scope, send: Send, error: BearerRefused) -> None:
    """401 or 403, with a challenge (RFC 6750, section 3)."""
    fields = [("www-authenticate", error.challenge)]
    await say_no(scope, send, error.status, error.description, fields)


async def say_no(
    scope: Scope, send: Send, status: int, detail: str, fields: list[tuple[str, str]]
) -> None:
    """A problem, or to a handshake the same status (ASGI extension websocket.http.response)."""
    head = [answers.PROBLEM, answers.NO_STORE, *fields]
    if scope["type"] != ScopeType.WEBSOCKET:
        await answers.whole(send, status, answers.problem(status, detail), head)
        return
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head]
    start: Any = {"type": "websocket.http.response.start", "status": status, "headers": encoded}
    body: Any = {"type": "websocket.http.response.body", "body": answers.problem(status, detail)}
    await send(start)
    await send(body)


def shown_headers(scope: Scope) -> list[list[str]]:
    """Every field line, with tokens replaced by their fingerprints."""
    shown = []
    for name, value in header_pairs(scope):
        scheme, _, token = value.partition(" ")
        hidden = f"{scheme} {fingerprint(token.strip())}" if token else fingerprint(value)
        shown.append([name, hidden if name.lower() == "authorization" else value])
    return shown
