"""What counting sessions by state costs, for :mod:`tests.benchmarks.lists`: a walk without its pauses."""

import asyncio
import time
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bff.adapters.redis_register import RedisSessionRegister
from bff.adapters.redis_sessions import channel
from bff.flows.review_listing import READ_AT_ONCE
from bff.flows.session_census import PAUSE_SECONDS, SessionCensus
from bff.settings import values
from bff.settings.read import load_settings


class WallClock:
    """The port Clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()


def census(port: int, config: Path) -> str:
    """One line: how many, what CPU in the process and in Redis, how long with its pauses."""
    return asyncio.run(_census(port, config.read_text()))


async def _census(port: int, text: str) -> str:
    settings = load_settings(text, {}, lambda name: name)[0]
    prefix = settings.redis.prefix
    pauses = 0

    async def pause(_: float) -> None:
        nonlocal pauses
        pauses += 1

    async with Redis(port=port, protocol=2) as redis:
        register = RedisSessionRegister(
            redis, lookup_key=values.lookup_key(settings), prefix=prefix, channel=channel(prefix)
        )
        before, own, began = await _cpu(redis), time.process_time(), time.perf_counter()
        counts = await SessionCensus(register, WallClock(), pause).take()
        took = time.perf_counter() - began
        own, theirs = time.process_time() - own, await _cpu(redis) - before
    total = sum(counts.values())
    return (
        f"Counting {total:,} sessions by state: {own:.1f} s of the process, {theirs:.1f} s of Redis, "
        f"{pauses + 1} pages of {READ_AT_ONCE}; {took + pauses * PAUSE_SECONDS:.0f} s with its pauses. {dict(counts)}"
    )


async def _cpu(redis: Any) -> float:
    found = await redis.info("cpu")
    return float(found["used_cpu_user"]) + float(found["used_cpu_sys"])
