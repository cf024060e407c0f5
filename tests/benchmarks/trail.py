"""How long the trail's lists take over a million events, and what they weigh.

python -m tests.benchmarks.trail [events]: a redis-server of its own, filled in bulk through the very
script that the product writes with.
"""

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_audit import RedisAuditLog
from bff.adapters.redis_audit_reader import RedisAuditReader
from bff.audit import events
from bff.audit.chain import first_link
from bff.audit.query import parse_query
from bff.audit.record import Origin, Record, record_of
from upstream_mocks.redis_server import redis_executable

KEY = b"k" * 32
PORT = 36_399
QUERIES = {
    "everything": "",
    "one event": "event:session_renewed",
    "one session": "ref:s_77",
    "one user": "subject:user77",
    "denied": "outcome:denied",
    "warnings since an hour": "severity:warning after:-1h",
    "a word, rare": "nothing-like-it",
    "two qualifiers": "event:session_ended reason:admin",
}
ORIGIN = Origin("req_Zm9vYmFyYmF6", "192.0.2.0/24", "Firefox 131 on Linux")


class Quiet:
    """No log."""

    def error(self, *_: object, **__: object) -> None:
        """Nothing."""

    warning = error


def one(number: int, dice: random.Random) -> Record:
    """A day's mixture: nine renewals, some sign-ins and ends, a few refusals."""
    session = dice.randrange(100_000)
    who = events.Who(
        at=time.time(),
        ref=f"s_{session}",
        issuer="https://id.example",
        subject=f"user{session // 2}",
    )
    chance = number % 20
    if chance < 14:
        event: events.AuditEvent = events.SessionRenewed(
            **who, trigger="early", generation=3, rotated=True, seconds_left=dice.uniform(200, 300),
            latency=dice.uniform(0.02, 0.4), waiters=0, after_unknown=False,
        )  # fmt: skip
    elif chance < 17:
        event = events.SignedIn(**who, replaced=False)
    elif chance < 19:
        event = events.SessionEnded(
            **who, reason=dice.choice(["signed_out", "admin"]), generation=4
        )
    else:
        event = events.CsrfRefused(at=who["at"], signal="origin", method="POST")
    return record_of(event, ORIGIN)


async def fill(redis: Redis, count: int) -> float:
    """Through the writer itself; seconds."""
    dice, names = random.Random(7), AuditNames("bff", KEY)
    log = RedisAuditLog(
        redis, names, KEY, new_chain=lambda: "bench", now=time.time, log=Quiet(), keep_seconds=864_000,
        buffer=count,
    )  # fmt: skip
    assert log._link == first_link("bench")
    writing, began = asyncio.create_task(log.run()), time.perf_counter()
    for number in range(count):
        log.take(one(number, dice))
        if number % 2_000 == 0:
            await log.flush(60)
    await log.flush(60)
    writing.cancel()
    return time.perf_counter() - began


async def measure(redis: Redis) -> None:
    """Each list nine times, the first page and the one after it."""
    reader = RedisAuditReader(redis, AuditNames("bff", KEY), time.time)
    print("| list | total | exact | first page, ms | next page, ms |\n|---|--:|---|--:|--:|")
    for name, text in QUERIES.items():
        times: list[list[float]] = [[], []]
        found: Any = None
        for _ in range(9):
            place = None
            for page in times:
                began = time.perf_counter()
                found = await reader.search(parse_query(text, time.time()), place, 50)
                page.append((time.perf_counter() - began) * 1000)
                place = found.next
        first = await reader.search(parse_query(text, time.time()), None, 50)
        middle = [f"{statistics.median(page):.0f} (most {max(page):.0f})" for page in times]
        print(f"| {name} | {first.total} | {first.exact} | {middle[0]} | {middle[1]} |")
    began = time.perf_counter()
    await reader.five_minutes(time.time() - 86_400, time.time())
    print(f"\n24 hours of five minutes: {(time.perf_counter() - began) * 1000:.0f} ms")
    began = time.perf_counter()
    await reader.sample(
        parse_query("event:session_renewed", time.time()),
        (time.time() - 3_600, time.time()),
        100,
        7,
    )
    print(f"a sample for the plots: {(time.perf_counter() - began) * 1000:.0f} ms")


async def main(count: int) -> None:
    """Fill, weigh, measure."""
    redis = Redis(port=PORT, socket_timeout=60)
    while True:
        try:
            await redis.ping()
            break
        except OSError:
            await asyncio.sleep(0.1)
    before = int((await redis.info("memory"))["used_memory"])
    seconds = await fill(redis, count)
    weight = int((await redis.info("memory"))["used_memory"]) - before
    print(
        f"{count} events in {seconds:.0f} s; {weight / count:.0f} bytes each with their indexes; {weight / 2**20:.0f} MiB\n"
    )
    await measure(redis)
    body = len(msgspec.json.encode(one(0, random.Random(1))))
    print(f"a renewal's body: {body} bytes")
    await redis.aclose()


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        command = [str(redis_executable()), "--port", str(PORT), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                asyncio.run(main(wanted))
            finally:
                server.terminate()
