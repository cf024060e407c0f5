"""Alerts delivered to a webhook: signed, tried again with growing pauses, one process at a time each.

``BFF-Signature: t=<unix seconds>,v1=<hex>`` is HMAC-SHA-256 over ``<t>.<body>``. A delivery may
come twice (its answer was lost): ``BFF-Alert`` is the same both times.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bff.adapters.audit_names import AuditNames
from bff.audit.rows import AlertRow
from bff.errors import StoreUnavailable

GROUP, TRIES, TAKEOVER_MS = "webhook", 6, 120_000
Find = Callable[[str], Awaitable[AlertRow | None]]
Told = Callable[[str, str, int], None]


class AlertWebhook:
    """Takes alerts from the outbox to a URL."""

    def __init__(  # noqa: PLR0913  what stands behind each call is an argument
        self,
        redis: Redis,
        names: AuditNames,
        consumer: str,
        *,
        url: str,
        secret: bytes,
        find: Find,
        told: Told,
        now: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
        takeover_ms: int = TAKEOVER_MS,
    ) -> None:
        """``told`` hears of each alert: id, outcome (``delivered`` or why not), attempts."""
        self._redis = redis
        self._outbox = names.plain("outbox")
        self._consumer = consumer
        self._url = url
        self._secret = secret
        self._find = find
        self._told = told
        self._now = now
        self._pause = pause
        self._takeover_ms = takeover_ms
        self._client = httpx.AsyncClient(
            transport=transport, trust_env=False, timeout=10.0, follow_redirects=False
        )

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            busy = 0
            try:
                busy = await self.deliver()
            except ResponseError as error:
                if "NOGROUP" in str(error):
                    with suppress(RedisError, OSError, TimeoutError):
                        await self.prepare()
            except (RedisError, OSError, TimeoutError, StoreUnavailable):
                pass
            if not busy:
                await self._pause(1.0)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def prepare(self) -> None:
        """Make the group, if there is none."""
        with suppress(ResponseError):
            await self._redis.xgroup_create(self._outbox, GROUP, id="0", mkstream=True)

    async def deliver(self) -> int:
        """What waits, and what a process that died had taken; how many."""
        left: Any = await self._redis.xautoclaim(
            self._outbox, GROUP, self._consumer, self._takeover_ms, count=10
        )
        read: Any = await self._redis.xreadgroup(
            GROUP, self._consumer, {self._outbox: ">"}, count=10
        )
        waiting = [each for each in left[1] if each[1]]
        waiting += [entry for _, found in read for entry in found]
        for identifier, fields in waiting:
            alert = await self._find(fields[b"alert"].decode())
            if alert is not None:
                outcome, attempts = await self._send(alert)
                self._told(alert.id, outcome, attempts)
            await self._redis.xack(self._outbox, GROUP, identifier)
            await self._redis.xdel(self._outbox, identifier)
        return len(waiting)

    async def _send(self, alert: AlertRow) -> tuple[str, int]:
        """Until it is accepted, six times at most."""
        body = msgspec.json.encode(alert)
        outcome = ""
        for attempt in range(1, TRIES + 1):
            outcome = await self._post(alert.id, body)
            if outcome == "delivered":
                return outcome, attempt
            if attempt < TRIES:
                await self._pause(float(2 ** (attempt - 1)))
        return outcome, TRIES

    async def _post(self, identifier: str, body: bytes) -> str:
        at = str(int(self._now()))
        signature = hmac.digest(self._secret, at.encode() + b"." + body, hashlib.sha256).hex()
        headers = {
            "content-type": "application/json",
            "bff-signature": f"t={at},v1={signature}",
            "bff-alert": identifier,
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "delivered" if answer.is_success else f"status {answer.status_code}"
