"""Logout Tokens on their way to the clients (OIDC Back-Channel Logout 1.0, section 2.5)."""

from typing import Any

import httpx
import msgspec

from upstream_mocks.provider import minting
from upstream_mocks.provider.keys import Forgery
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.settings import CLIENT_ID


class LogoutOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom a Logout Token names, and what is wrong with it; None in ``claims`` removes one."""

    sub: str | None = None
    sid: str | None = None
    client_id: str = CLIENT_ID
    header: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    forgery: Forgery | None = None


class Delivery(msgspec.Struct, kw_only=True):
    """What came of sending one: ``status`` is None if nobody answered."""

    client_id: str
    status: int | None
    body: str = ""


def mint(provider: Provider, order: LogoutOrder) -> str:
    """The token that ``order`` describes."""
    return minting.logout_token(
        provider,
        client_id=order.client_id,
        sub=order.sub,
        sid=order.sid,
        header=order.header,
        claims=order.claims,
        forgery=order.forgery,
    )


async def send(provider: Provider, order: LogoutOrder) -> Delivery:
    """To the client's registered address; failing is the client's loss."""
    client = provider.clients[order.client_id]
    delivery = Delivery(client_id=order.client_id, status=None)
    if client.backchannel_logout_uri is None:
        return delivery
    provider.stats.events["logout_tokens_sent"] += 1
    try:
        answer = await provider.http_client.post(
            client.backchannel_logout_uri, data={"logout_token": mint(provider, order)}
        )
    except httpx.HTTPError as error:
        delivery.body = type(error).__name__
        return delivery
    if answer.is_success:
        provider.stats.events["logout_tokens_accepted"] += 1
    delivery.status, delivery.body = answer.status_code, answer.text
    return delivery


async def notify_clients(provider: Provider, sid: str) -> list[Delivery]:
    """A sign-in ended: everyone who was told of it is told of the end."""
    told = sorted(provider.grants.clients_of(sid=sid))
    provider.grants.forget_clients_of(sid)
    return [
        await send(provider, LogoutOrder(client_id=client_id, sub=sub, sid=known_sid))
        for client_id, sub, known_sid in told
    ]
