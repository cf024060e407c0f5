"""What one idle session costs in Redis, its tombstone afterwards, and what nothing is left of.

    python -m tests.benchmarks.session_memory [sessions]

A real Redis of its own; sessions written by the real store, with tokens as long as a provider's
JWTs usually are: access token and ID Token 900 characters each, refresh token 64.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.session.model import EndReason, Ref, Session
from tests.builders import LOOKUP_KEY, a_token_set
from tests.ports.conftest import a_redis_server
from tests.ports.held_sessions import LIMITS, SEAL
from tests.ports.test_session_store import a_session_now

AT_ONCE = 50


def a_session_of(number: int) -> Session:
    """Everybody signs in once."""
    session = a_session_now(
        f"{number:043d}",
        core={"ref": Ref(f"s_{number:022d}"), "subject": f"user-{number:08d}"},
    )
    tokens = a_token_set(
        access_token=os.urandom(450).hex(),
        refresh_token=os.urandom(32).hex(),
        id_token=os.urandom(450).hex(),
        issued_at=session.tokens.issued_at,
        expires_at=session.tokens.expires_at,
    )
    return a_session_now(
        f"{number:043d}",
        core={"ref": session.core.ref, "subject": session.core.subject},
        tokens=tokens,
    )


async def used(redis: Redis) -> int:
    """Octets of data."""
    info = await redis.info("memory")
    return int(info["used_memory"])


async def measure(port: int, count: int) -> None:
    """Begin, weigh, end, weigh again."""
    async with Redis(port=port) as redis:
        record = SessionRecord(SEAL, LOOKUP_KEY, os.urandom)
        news = RedisNews(redis, channel("bff"))
        store = RedisSessionStore(redis, record, news, limits=LIMITS, lookup_key=LOOKUP_KEY)
        for number in range(100):  # scripts loaded, connections open
            await store.create(a_session_of(number))
        before, keys = await used(redis), await redis.dbsize()
        sessions = [a_session_of(100 + number) for number in range(count)]
        for at in range(0, count, AT_ONCE):
            await asyncio.gather(*(store.create(one) for one in sessions[at : at + AT_ONCE]))
        full, full_keys = await used(redis), await redis.dbsize()
        for at in range(0, count, AT_ONCE):
            some = sessions[at : at + AT_ONCE]
            now = some[0].touched_at
            await asyncio.gather(*(store.end(one.key, EndReason.SIGNED_OUT, now) for one in some))
        ended, ended_keys = await used(redis), await redis.dbsize()
        name = (await redis.keys("bff:{*}:session"))[0]
        hash_size = await redis.memory_usage(name, samples=0)
    print(f"sessions                      {count:>8}")
    print(f"octets per idle session       {(full - before) / count:>8.0f}")
    print(f"  of these its hash           {hash_size or 0:>8}")
    print(f"keys per idle session         {(full_keys - keys) / count:>8.1f}")
    print(f"octets per ended session      {(ended - before) / count:>8.0f}")
    print(f"keys per ended session        {(ended_keys - keys) / count:>8.1f}")


def main() -> None:
    """Measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder, a_redis_server(Path(folder)) as port:
        asyncio.run(measure(port, count))


if __name__ == "__main__":
    main()
