"""python -m tests.ports.alert_process NAME REDIS_PORT HOOK: what one process of the app does about alerts.

Evaluates and delivers, as the app does, until it is killed; says which alerts it raised.
"""

import asyncio
import sys
import time

from redis.asyncio import Redis

from bff.adapters.alert_webhook import AlertWebhook
from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_alerts import RedisAlerts
from bff.audit.rules import Rule, Signal
from tests.ports.trail import KEY

TAKEOVER_MS = 500


async def main(name: str, port: str, hook: str) -> None:
    """Until killed."""
    redis, names = Redis(port=int(port), protocol=2), AuditNames("bff", KEY)

    def raised(alert: str, rule: Rule, signal: Signal) -> None:
        del rule, signal
        print(alert, flush=True)

    alerts = RedisAlerts(
        redis, names, name, now=time.time, sessions_per_user=3, raised=raised,
        takeover_ms=TAKEOVER_MS,
    )  # fmt: skip
    webhook = AlertWebhook(
        redis, names, name, url=hook, secret=b"s", find=alerts.one, told=lambda *_: None,
        now=time.time, takeover_ms=TAKEOVER_MS,
    )  # fmt: skip
    await asyncio.gather(alerts.run(), webhook.run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
