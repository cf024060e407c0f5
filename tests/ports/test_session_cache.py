"""Sessions held in the process: honest, bounded, silent when in doubt. Against a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from bff.adapters import session_cache
from bff.adapters.session_cache import HELD_SECONDS, SessionCache
from bff.session.model import (
    Acknowledgement,
    EndedSession,
    EndReason,
    Replaced,
    Session,
    SessionKey,
)
from tests.builders import a_key, a_session, a_token_set
from tests.ports.conftest import a_redis_server
from tests.ports.held_sessions import WITHIN_SECONDS, Process, a_cached_store, a_process, until
from tests.ports.test_session_store import a_session_now

Writer = Callable[[Redis, Session], Awaitable[object]]


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """An empty Redis."""
    async with Redis(port=redis_port, protocol=2) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def process(redis: Redis) -> AsyncIterator[Process]:
    """One process whose cache may answer."""
    async with a_process(redis) as process:
        await until(lambda: process.cache.vouched)
        yield process


def name_of(session: Session) -> str:
    """Its key in Redis."""
    return f"bff:{{{session.key}}}:session"


async def held(process: Process, session: Session) -> None:
    """Let the process hold the session."""
    await process.store.create(session)
    await until(lambda: process.cache.vouched)
    while process.cache.get(session.key) is None:  # news of its own creation may be on its way
        assert await process.store.load(session.key) == session
        await asyncio.sleep(0.01)


async def elsewhere(redis: Redis, session: Session, change: str) -> None:
    """What another process, or an operator with a Redis prompt, does."""
    other = a_cached_store(redis, SessionCache(1, lambda: 0.0))
    name = name_of(session)
    changes: dict[str, Callable[[], Any]] = {
        "refresh": lambda: other.replace_tokens(session.key, 0, a_token_set(), session.core),
        "logout": lambda: other.end(session.key, EndReason.SIGNED_OUT, session.touched_at),
        "revocation": lambda: other.end(session.key, EndReason.ADMIN, session.touched_at),
        "touch": lambda: other.touch(session, session.touched_at + 60),
        "bare DEL": lambda: redis.delete(name),
        "bare HSET": lambda: redis.hset(name, "touch", 1),
        "expiry": lambda: redis.pexpire(name, 1),
        "rename": lambda: redis.rename(name, "elsewhere"),
        "new epoch": lambda: redis.incr("bff:epoch"),
        "FLUSHDB": redis.flushdb,
        "FLUSHALL": redis.flushall,
    }
    await changes[change]()


async def test_a_held_session_is_answered_without_redis(redis: Redis, process: Process) -> None:
    """The copy is the session; a second look sends no command."""
    session = a_session_now()
    await held(process, session)
    before = process.cache.hits
    assert process.cache.get(session.key) == session
    assert process.cache.hits == before + 1


@pytest.mark.parametrize(
    "change",
    [
        "refresh",
        "logout",
        "revocation",
        "touch",
        "bare DEL",
        "bare HSET",
        "expiry",
        "rename",
        "new epoch",
        "FLUSHDB",
        "FLUSHALL",
    ],
)
@pytest.mark.req("R6", "N56", "N59")
async def test_whatever_changes_a_session_elsewhere_is_learnt_of(
    redis: Redis, process: Process, change: str
) -> None:
    """The copy goes by itself, without anybody asking for the session."""
    session = a_session_now()
    await held(process, session)
    await elsewhere(redis, session, change)
    await until(lambda: len(process.cache) == 0)
    assert process.cache.get(session.key) is None


async def test_another_sessions_change_is_none_of_this_ones(redis: Redis, process: Process) -> None:
    """And a lock says nothing of a session at all."""
    mine, other = a_session_now(), a_session_now("B" * 43)
    await held(process, mine)
    await process.store.try_lock(mine.key, "somebody", 30)
    await held(process, other)
    await elsewhere(redis, other, "bare DEL")
    await until(lambda: process.cache.get(other.key) is None)
    assert process.cache.get(mine.key) == mine


@pytest.mark.req("R6")
async def test_a_change_by_this_process_needs_no_news(redis: Redis, process: Process) -> None:
    """Ended here, gone here, before Redis can have told us."""
    session = a_session_now()
    await held(process, session)
    process.cache.vouch(float("inf"))
    await process.store.end(session.key, EndReason.SIGNED_OUT, session.touched_at)
    assert process.cache.get(session.key) is None
    assert isinstance(await process.store.load(session.key), EndedSession)


OWN: dict[str, Callable[[Process, Session], Awaitable[object]]] = {
    "touch": lambda process, session: process.store.touch(session, session.touched_at + 60),
    "acknowledge": lambda process, session: process.store.acknowledge(
        session.key, Acknowledgement(1, session.touched_at, 0, session.touched_at)
    ),
    "refresh": lambda process, session: process.store.replace_tokens(
        session.key, 0, a_token_set(), session.core
    ),
}


@pytest.mark.parametrize("change", OWN)
async def test_a_change_by_this_process_is_held_again(
    redis: Redis, process: Process, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Once its own news has come, which would spoil an earlier reading: no request must read it first."""
    monkeypatch.setattr(session_cache, "NEWS_SECONDS", WITHIN_SECONDS)
    session = a_session_now()
    await held(process, session)
    await OWN[change](process, session)
    copy = process.cache.get(session.key)
    assert copy is not None
    assert copy != session
    assert copy == await a_cached_store(redis, SessionCache(1, lambda: 0.0)).load(session.key)


@pytest.mark.parametrize("change", OWN)
async def test_what_news_does_not_tell_of_is_not_held_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Use and an acknowledgement leave the copy, which is only less; new tokens take it away."""
    monkeypatch.setattr(session_cache, "NEWS_SECONDS", 0.0)
    cache = SessionCache(10, lambda: 0.0)
    cache.vouch(1.0)
    deaf = Process(cache, a_cached_store(redis, cache))
    session = a_session_now()
    await deaf.store.create(session)
    await deaf.store.load(session.key)
    await OWN[change](deaf, session)
    assert cache.get(session.key) == (None if change == "refresh" else session)


async def test_tokens_that_were_not_written_wait_for_no_news(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There will be none."""
    monkeypatch.setattr(session_cache, "NEWS_SECONDS", 3600.0)
    session = a_session_now()
    await held(process, session)
    async with asyncio.timeout(WITHIN_SECONDS):
        late = process.store.replace_tokens(session.key, 7, a_token_set(), session.core)
        assert await late is Replaced.CONFLICT


@pytest.mark.parametrize("change", ["bare HSET", "new epoch", "FLUSHALL"])
async def test_news_that_overtakes_a_reading_spoils_it(
    redis: Redis, process: Process, change: str
) -> None:
    """What was read before the change, and arrives after its news, is used once and not held."""
    session, witness = a_session_now(), a_session_now("B" * 43)
    await process.store.create(session)
    await held(process, witness)
    with process.cache.reading(session.key) as hold:
        await elsewhere(redis, session, change)
        await redis.hset(name_of(witness), "touch", 1)
        await until(lambda: process.cache.get(witness.key) is None)
        hold(session)
    assert process.cache.get(session.key) is None


async def test_a_reading_begun_before_anybody_listened_is_not_held(redis: Redis) -> None:
    """A change before the subscription would never be told."""
    session = a_session_now()
    async with a_process(redis) as process:
        with process.cache.reading(session.key) as hold:
            await until(lambda: process.cache.vouched)
            hold(session)
        assert process.cache.get(session.key) is None


@pytest.mark.req("N123")
async def test_a_cut_channel_silences_the_cache_at_once_and_it_comes_back(
    redis: Redis, process: Process
) -> None:
    """CLIENT KILL: everything is dropped; a new channel vouches for what is read anew."""
    session = a_session_now()
    await held(process, session)
    [listener] = [client for client in await redis.client_list() if client["sub"] == "1"]
    await redis.client_kill_filter(_id=listener["id"])
    await until(lambda: process.reports == [True, False])
    assert len(process.cache) == 0
    await until(lambda: process.cache.vouched)
    assert process.reports == [True, False, True]
    assert await process.store.load(session.key) == session
    assert process.cache.get(session.key) == session


@pytest.mark.req("N123")
async def test_a_stalled_redis_silences_the_cache(redis: Redis, process: Process) -> None:
    """No beat comes back: nobody vouches, although no connection has broken."""
    session = a_session_now()
    await held(process, session)
    stalled = asyncio.create_task(redis.execute_command("DEBUG", "SLEEP", "2"))  # type: ignore[no-untyped-call]
    await until(lambda: process.reports == [True, False])
    assert process.cache.get(session.key) is None
    await stalled
    await until(lambda: process.cache.vouched)


@pytest.mark.req("N123")
async def test_a_channel_to_another_redis_than_the_sessions_vouches_for_nothing(
    redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As after a failover that only the pool has followed: connected, subscribed, and not believed."""
    with a_redis_server(tmp_path_factory.mktemp("other")) as port:
        async with (
            Redis(port=port, protocol=2) as old,
            a_process(old, beats=redis) as process,
        ):
            for _ in range(2):  # it has subscribed, waited in vain, and subscribed again
                before = await _subscriptions(old)
                deadline = asyncio.get_running_loop().time() + 20
                while await _subscriptions(old) <= before:
                    assert asyncio.get_running_loop().time() < deadline
                    await asyncio.sleep(0.02)
            assert process.reports == []
            assert not process.cache.vouched


async def _subscriptions(redis: Redis) -> int:
    stats: Any = await redis.info("commandstats")
    return int(stats.get("cmdstat_subscribe", {}).get("calls", 0))


# --- the bookkeeping alone, with a clock in hand


class Hand:
    """A clock that stands still until moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def a_cache(capacity: int = 3) -> tuple[SessionCache, Hand]:
    """A cache vouched for until the clock is moved by a second."""
    clock = Hand()
    cache = SessionCache(capacity, clock)
    cache.vouch(clock.now + 1)
    return cache, clock


def hold(cache: SessionCache, *names: str) -> list[SessionKey]:
    """Hold a session for each name."""
    keys = [a_key(name * 43) for name in names]
    for key in keys:
        with cache.reading(key) as held:
            held(msgspec.structs.replace(a_session(), key=key))
    return keys


def test_the_least_recently_used_goes_first() -> None:
    """The bound is kept, and what was just used stays."""
    cache, _ = a_cache(3)
    first, second, third = hold(cache, "A", "B", "C")
    cache.get(first)
    [fourth] = hold(cache, "D")
    assert len(cache) == 3
    assert cache.get(second) is None
    assert all(cache.get(key) for key in (first, third, fourth))


def test_nothing_is_answered_or_held_when_nobody_vouches() -> None:
    """The moment the time is up, and not after."""
    cache, clock = a_cache()
    [key] = hold(cache, "A")
    clock.now += 0.999
    assert cache.get(key) is not None
    clock.now += 0.001
    assert cache.get(key) is None
    hold(cache, "B")
    assert len(cache) == 1


def test_doubt_drops_everything_and_spoils_what_is_being_read() -> None:
    """Trust that returns does not bring back what was held before."""
    cache, clock = a_cache()
    [key] = hold(cache, "A")
    with cache.reading(a_key("B" * 43)) as held:
        cache.doubt()
        cache.vouch(clock.now + 1)
        held(a_session(key=a_key("B" * 43)))
    assert cache.get(key) is None
    assert len(cache) == 0


def test_two_readings_of_one_session_are_spoiled_together() -> None:
    """A reading that ends does not unwatch the other."""
    cache, _ = a_cache()
    key = a_key()
    with cache.reading(key) as slow:
        with cache.reading(key):
            pass
        cache.drop(key)
        slow(a_session())
    assert cache.get(key) is None
    assert cache._watches == {}


@pytest.mark.req("N66")
def test_tokens_do_not_stay_in_memory_for_longer_than_stated() -> None:
    """What nobody has read anew for two minutes is forgotten, used or not."""
    cache, clock = a_cache()
    hold(cache, "A")
    clock.now += HELD_SECONDS / 2
    cache.vouch(clock.now + 1)
    [young] = hold(cache, "B")
    clock.now += HELD_SECONDS / 2 + 1
    cache.vouch(clock.now + 1)
    assert len(cache) == 1
    assert cache.get(young) is not None
