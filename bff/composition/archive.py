"""The trail and the alerts for who has the settings but is no process of the app: the command line."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_alerts import RedisAlerts
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.adapters.redis_client import redis_client
from bff.audit.chain import Verifier
from bff.settings import values
from bff.settings.model import Settings

COMMAND_SECONDS = 10.0
SECRETS = re.compile(r"eyJ[A-Za-z0-9_.-]{8,}|__Host-Http-bff=[^;\s]+|Bearer\s+\S+")


@dataclass(frozen=True, slots=True)
class Archive:
    """What a command reads."""

    reader: RedisAuditReader
    alerts: RedisAlerts
    verifier: Verifier


@asynccontextmanager
async def open_archive(settings: Settings) -> AsyncIterator[Archive]:
    """Over a connection of its own."""
    redis = redis_client(
        settings.redis.url.reveal(), timeout_seconds=COMMAND_SECONDS, max_connections=4
    )
    key = values.audit_key(settings)
    names = AuditNames(settings.redis.prefix, key)
    alerts = RedisAlerts(
        redis,
        names,
        "command",
        now=time.time,
        sessions_per_user=settings.alerts.sessions_per_user,
        raised=lambda *_: None,
        runbook=values.runbook(settings),
    )
    try:
        yield Archive(RedisAuditReader(redis, names, time.time), alerts, Verifier(key))
    finally:
        await redis.aclose(close_connection_pool=True)


def masked(text: str) -> str:
    """The same without what looks like a token, with all its parts, or a cookie of ours."""
    return SECRETS.sub("***", text)
