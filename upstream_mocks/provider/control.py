"""The levers, for tests and demonstrations; nothing under ``/__`` is part of any standard.

POST /__faults   one fault or a list; GET: those in force; DELETE: none any more
GET /__stats     what happened; DELETE: count anew
POST /__reset    forget every sign-in, grant, fault and count
POST /__keys/rotate          {"drop_old": false} -> {"kids": [...]}
POST /__logout-token         {"sub", "sid", "header", "claims", "forgery"} -> {"logout_token"}
POST /__backchannel-logout   the same, sent to the client's address -> {"status", "body"}
POST /__withdraw-consent     {"sub"} -> {"families_revoked"}: refreshing fails with invalid_grant
"""

from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency

from upstream_mocks.provider import backchannel
from upstream_mocks.provider.answers import OAuthError, json_answer
from upstream_mocks.provider.faults import Fault
from upstream_mocks.provider.grants import Grants
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.stats import Stats

Order = TypeVar("Order")
READER = msgspec.json.Decoder(list[Fault])


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """Of the signing keys."""

    drop_old: bool = False


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True):
    """Of everything a user granted."""

    sub: str


async def _read(request: Request[Any, Any, Any], kind: type[Order]) -> Order:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise OAuthError("invalid_request", str(error)) from error


@post("/__faults", status_code=200)
async def add_faults(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """Script a bad day."""
    raw = (await request.body()).strip() or b"null"
    try:
        provider.faults.add(READER.decode(raw if raw.startswith(b"[") else b"[" + raw + b"]"))
    except msgspec.DecodeError as error:
        raise OAuthError("invalid_request", str(error)) from error
    return json_answer(provider.faults.in_force)


@get("/__faults")
async def list_faults(provider: NamedDependency[Provider]) -> Response[Any]:
    """Those in force, with the times left."""
    return json_answer(provider.faults.in_force)


@delete("/__faults", status_code=200)
async def clear_faults(provider: NamedDependency[Provider]) -> Response[Any]:
    """Good weather."""
    provider.faults.clear()
    return json_answer([])


@get("/__stats")
async def show_stats(provider: NamedDependency[Provider]) -> Response[Any]:
    """What happened since the start, or since DELETE; ``held``: requests held back right now."""
    return json_answer({**provider.stats.as_dict(), "held": provider.faults.holding.held})


@delete("/__stats", status_code=200)
async def reset_stats(provider: NamedDependency[Provider]) -> Response[Any]:
    """Count anew."""
    provider.stats = Stats()
    return json_answer(provider.stats.as_dict())


@post("/__reset", status_code=200)
async def reset(provider: NamedDependency[Provider]) -> Response[Any]:
    """As if just started; the keys stay."""
    provider.faults.clear()
    provider.grants = Grants()
    provider.stats = Stats()
    return json_answer({})


@post("/__keys/rotate", status_code=200)
async def rotate_keys(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """New signing keys."""
    order = await _read(request, Rotation)
    return json_answer({"kids": provider.keys.rotate(drop_old=order.drop_old)})


@post("/__logout-token", status_code=200)
async def mint_logout_token(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """A Logout Token, good or bad, handed to the caller."""
    order = await _read(request, backchannel.LogoutOrder)
    return json_answer({"logout_token": backchannel.mint(provider, order)})


@post("/__backchannel-logout", status_code=200)
async def send_logout_token(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """A Logout Token, good or bad, sent to the client."""
    order = await _read(request, backchannel.LogoutOrder)
    if order.client_id not in provider.clients:
        raise OAuthError("invalid_request", "no such client")
    return json_answer(await backchannel.send(provider, order))


@post("/__withdraw-consent", status_code=200)
async def withdraw_consent(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """Revoke every family of a subject."""
    order = await _read(request, Withdrawal)
    families = [
        family
        for family in provider.grants.families.values()
        if family.authorization.sub == order.sub and family.revoked is None
    ]
    for family in families:
        provider.revoke(family, "consent withdrawn")
    return json_answer({"families_revoked": len(families)})
