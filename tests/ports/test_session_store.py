"""One suite for the port SessionStore: the memory fake that flow tests trust, and Redis."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.errors import StoreUnavailable
from bff.flows.ports import SessionStore
from bff.session.limits import SessionLimits
from bff.session.model import (
    Acknowledgement,
    AudienceToken,
    EndedSession,
    EndReason,
    Locked,
    Ref,
    Replaced,
    Session,
)
from bff.session.seal import Seal, SealingKey
from tests.builders import LOOKUP_KEY, a_journal, a_key, a_session, a_token_set
from tests.flows.fakes import Memory, MemorySessionStore
from tests.flows.virtual_time import World
from tests.ports.held_sessions import a_process, until

LIMITS = SessionLimits(idle=1800, absolute=28_800)
SEAL = Seal((SealingKey("old", b"o" * 32), SealingKey("new", b"n" * 32)))


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Redis]:
    """An empty Redis."""
    async with Redis(port=redis_port, protocol=2) as client:
        await client.flushall()
        yield client


def a_redis_store(redis: Redis, seal: Seal = SEAL) -> RedisSessionStore:
    """The real adapter."""
    record = SessionRecord(seal, LOOKUP_KEY, os.urandom)
    return RedisSessionStore(
        redis, record, RedisNews(redis, channel("bff")), limits=LIMITS, lookup_key=LOOKUP_KEY
    )


@pytest.fixture
async def cached_store(redis: Redis) -> AsyncIterator[SessionStore]:
    """The real adapter, its reads answered by the cache wherever it may answer."""
    async with a_process(redis) as process:
        await until(lambda: process.cache.vouched)
        yield process.store


@pytest.fixture(params=["memory", "redis", "cached"])
def store(request: pytest.FixtureRequest) -> SessionStore:
    """The port, three times."""
    if request.param == "memory":
        return MemorySessionStore(Memory(World(start=time.time()), LIMITS))
    if request.param == "cached":
        cached: SessionStore = request.getfixturevalue("cached_store")
        return cached
    return a_redis_store(request.getfixturevalue("redis"))


def a_session_now(session_id: str = "A" * 43, **overrides: Any) -> Session:
    """A session begun at this moment of the wall clock, which Redis goes by."""
    now = float(int(time.time()))
    session = a_session(
        key=a_key(session_id),
        touched_at=now,
        acknowledged=Acknowledgement(0, now, 0, now),
        core={
            "created_at": now,
            "absolute_expires_at": now + 28_800,
            **overrides.pop("core", {}),
        },
        tokens={"issued_at": now, "expires_at": now + 900},
    )
    return msgspec.structs.replace(session, **overrides)


async def test_what_was_created_is_loaded_as_it_was(store: SessionStore) -> None:
    """Every field survives the way there and back."""
    session = a_session_now()
    assert await store.create(session)
    assert await store.load(session.key) == session


async def test_an_unknown_key_is_nothing(store: SessionStore) -> None:
    """Not ended: never seen."""
    assert await store.load(a_key()) is None


@pytest.mark.req("N71", "R8")
async def test_the_fenced_write_wants_the_generation_that_was_read(store: SessionStore) -> None:
    """The first writer wins, the second learns it.

    The journal is cleared, the acknowledgement stays.
    """
    session = a_session_now()
    await store.create(session)
    await store.try_lock(session.key, "owner-1", 30)
    assert await store.write_journal(session.key, a_journal()) is Replaced.WRITTEN
    bills = AudienceToken("for-bills", session.touched_at, session.touched_at + 60.5, ("read",))
    new = a_token_set(
        access_token="access-1", issued_at=session.touched_at, audiences={"bills": bills}
    )
    assert await store.replace_tokens(session.key, 0, new, session.core) is Replaced.WRITTEN
    assert (
        await store.replace_tokens(session.key, 0, a_token_set(access_token="x"), session.core)
        is Replaced.CONFLICT
    )
    stored = await store.load(session.key)
    assert isinstance(stored, Session)
    assert (stored.tokens, stored.generation, stored.journal) == (new, 1, None)


@pytest.mark.req("R6", "N56")
async def test_an_ended_session_takes_no_tokens_and_never_comes_back(store: SessionStore) -> None:
    """The write finds no session; the tombstone keeps its first reason."""
    session = a_session_now()
    await store.create(session)
    assert await store.end(session.key, EndReason.SIGNED_OUT, session.touched_at) == session
    assert await store.replace_tokens(session.key, 0, a_token_set(), session.core) is Replaced.ENDED
    assert await store.write_journal(session.key, a_journal()) is Replaced.ENDED
    assert await store.end(session.key, EndReason.ADMIN, session.touched_at) is None
    await store.touch(session, session.touched_at + 100)
    await store.acknowledge(
        session.key, Acknowledgement(3, session.touched_at, 0, session.touched_at)
    )
    assert await store.load(session.key) == EndedSession(EndReason.SIGNED_OUT, session.touched_at)
    assert not await store.create(session)


async def test_a_conditional_end_spares_a_newer_generation(store: SessionStore) -> None:
    """What a sibling has renewed is not ended by somebody who read the old one."""
    session = a_session_now()
    await store.create(session)
    await store.replace_tokens(session.key, 0, a_token_set(), session.core)
    assert (
        await store.end(
            session.key, EndReason.REFRESH_REJECTED, session.touched_at, only_generation=0
        )
        is None
    )
    assert isinstance(await store.load(session.key), Session)
    assert (
        await store.end(
            session.key, EndReason.REFRESH_REJECTED, session.touched_at, only_generation=1
        )
        is not None
    )


@pytest.mark.req("R7")
async def test_writers_of_different_fields_do_not_undo_each_other(store: SessionStore) -> None:
    """A touch by somebody who read an old session leaves the new tokens alone, and the other way round."""
    session = a_session_now()
    await store.create(session)
    new = a_token_set(access_token="access-1")
    await store.replace_tokens(session.key, 0, new, session.core)
    await store.touch(session, session.touched_at + 60)
    await store.acknowledge(
        session.key, Acknowledgement(1, session.touched_at + 61, 0, session.touched_at)
    )
    await store.acknowledge(
        session.key, Acknowledgement(0, session.touched_at + 99, 0, session.touched_at)
    )
    await store.touch(session, session.touched_at + 30)
    stored = await store.load(session.key)
    assert isinstance(stored, Session)
    assert (stored.tokens.access_token, stored.touched_at) == ("access-1", session.touched_at + 60)
    assert stored.acknowledged == Acknowledgement(1, session.touched_at + 61, 0, session.touched_at)


async def test_the_journal_is_fenced_by_generation(store: SessionStore) -> None:
    """An attempt on another generation leaves no trace."""
    session = a_session_now()
    await store.create(session)
    await store.try_lock(session.key, "owner-1", 30)
    journal = a_journal(outcome="token: status 503", attempts=2, retry_at=5.0)
    assert await store.write_journal(session.key, journal) is Replaced.WRITTEN
    assert await store.write_journal(session.key, a_journal(generation=1)) is Replaced.CONFLICT
    stored = await store.load(session.key)
    assert isinstance(stored, Session)
    assert stored.journal == journal


@pytest.mark.req("R3", "R9")
async def test_the_journal_is_fenced_by_owner(store: SessionStore) -> None:
    """Who slept through the lease begins nothing and reports over nobody else's attempt.

    Who began may report without the lock.
    """
    session = a_session_now()
    await store.create(session)
    assert await store.write_journal(session.key, a_journal()) is Replaced.CONFLICT
    await store.try_lock(session.key, "owner-1", 30)
    assert await store.write_journal(session.key, a_journal()) is Replaced.WRITTEN
    await store.release_lock(session.key, "owner-1")
    assert await store.write_journal(session.key, a_journal(outcome="late")) is Replaced.WRITTEN
    await store.try_lock(session.key, "owner-2", 30)
    assert await store.write_journal(session.key, a_journal(owner="owner-2")) is Replaced.WRITTEN
    assert await store.write_journal(session.key, a_journal(outcome="later")) is Replaced.CONFLICT


@pytest.mark.req("R2", "R3")
async def test_one_owner_holds_the_lock(store: SessionStore) -> None:
    """Others are refused at once; nobody releases or renews somebody else's lock.

    Asking again as the owner says yes.
    """
    key = a_key()
    assert await store.try_lock(key, "a", 30)
    assert not await store.try_lock(key, "b", 30)
    assert await store.try_lock(key, "a", 30)
    await store.release_lock(key, "b")
    assert not await store.renew_lock(key, "b", 30)
    assert await store.renew_lock(key, "a", 30)
    assert not await store.try_lock(key, "b", 30)
    await store.release_lock(key, "a")
    assert await store.try_lock(key, "b", 30)


@pytest.mark.req("R2", "R8", "N71")
async def test_who_gets_the_lock_is_handed_what_is_stored(store: SessionStore) -> None:
    """The session as it is now; why there is none; nothing to whom the lock is refused."""
    session = a_session_now()
    await store.create(session)
    renewed = a_token_set(access_token="access-1", issued_at=session.touched_at)
    await store.replace_tokens(session.key, 0, renewed, session.core)
    locked = await store.try_lock(session.key, "a", 30)
    assert locked == Locked(await store.load(session.key))
    assert isinstance(locked.found, Session)
    assert locked.found.tokens == renewed
    assert await store.try_lock(session.key, "b", 30) is None
    await store.end(session.key, EndReason.ADMIN, session.touched_at)
    ended = await store.try_lock(session.key, "b", 30)
    assert ended == Locked(EndedSession(EndReason.ADMIN, session.touched_at))
    assert await store.try_lock(a_key("C" * 43), "a", 30) == Locked(None)


@pytest.mark.req("R2", "R3", "N71")
async def test_the_fenced_write_lets_go_of_the_writers_own_lock(store: SessionStore) -> None:
    """Of nobody else's, and not if it wrote nothing."""
    session = a_session_now()
    await store.create(session)
    await store.try_lock(session.key, "a", 30)
    tokens = a_token_set(issued_at=session.touched_at)
    for generation, owner in ((0, "b"), (0, "a")):  # the second one is late: a conflict
        await store.replace_tokens(session.key, generation, tokens, session.core, owner)
        assert await store.try_lock(session.key, "c", 30) is None
    written = await store.replace_tokens(session.key, 1, tokens, session.core, "a")
    assert written is Replaced.WRITTEN
    assert await store.try_lock(session.key, "c", 30)


@pytest.mark.req("N18", "N57", "N111")
async def test_sessions_are_found_by_user_provider_session_and_reference(
    store: SessionStore,
) -> None:
    """The same subject at another issuer is somebody else; what ended is not found."""
    mine = a_session_now("A" * 43)
    other = a_session_now("B" * 43, core={"ref": Ref("s_2"), "provider_sid": "sid-2"})
    elsewhere = a_session_now("C" * 43, core={"ref": Ref("s_3"), "issuer": "https://other.example"})
    for session in (mine, other, elsewhere):
        await store.create(session)
    issuer = mine.core.issuer
    assert set(await store.keys_of_subject(issuer, "ada")) == {mine.key, other.key}
    assert list(await store.keys_of_provider_session(issuer, "sid-1")) == [mine.key]
    assert await store.key_of_ref(Ref("s_2")) == other.key
    await store.end(other.key, EndReason.ADMIN, other.touched_at)
    assert list(await store.keys_of_subject(issuer, "ada")) == [mine.key]
    assert await store.key_of_ref(Ref("s_2")) is None


async def test_ending_by_index_overtakes_a_sign_in(store: SessionStore) -> None:
    """A tombstone that came first refuses the session it was meant for."""
    session = a_session_now()
    assert await store.end(session.key, EndReason.IDP_LOGOUT, session.touched_at) is None
    assert not await store.create(session)


@pytest.mark.req("N109")
async def test_a_logout_token_is_remembered(store: SessionStore) -> None:
    """By issuer and jti."""
    assert not await store.logout_token_seen("https://a.example", "1")
    await store.remember_logout_token("https://a.example", "1", 60)
    assert await store.logout_token_seen("https://a.example", "1")
    assert not await store.logout_token_seen("https://b.example", "1")


# --- Redis alone
# -------------------------------------------------------------------------------------------------------


@pytest.mark.req("N66", "N67", "S8", "N34")
async def test_a_dump_of_redis_shows_no_token_and_no_session_id(redis: Redis) -> None:
    """Every key and every value, read as a thief would."""
    store = a_redis_store(redis)
    session = a_session_now()
    await store.create(session)
    await store.replace_tokens(
        session.key,
        0,
        a_token_set(access_token="access-1", refresh_token="refresh-1"),
        session.core,
    )
    keys: Any = await redis.keys()
    dump = b"".join([key + (await redis.dump(key) or b"") for key in keys])
    for secret in (b"access-", b"refresh-", b"A" * 43):
        assert secret not in dump
    assert session.key.encode() in dump


@pytest.mark.req("N66")
async def test_swapping_the_sealed_tokens_of_two_sessions_is_noticed(redis: Redis) -> None:
    """The seal names its key, field and generation."""
    store = a_redis_store(redis)
    one, two = a_session_now("A" * 43), a_session_now("B" * 43, core={"ref": Ref("s_2")})
    await store.create(one)
    await store.create(two)
    names = [f"bff:{{{session.key}}}:session" for session in (one, two)]
    stolen: Any = await redis.hget(names[0], "tokens")
    await redis.hset(names[1], "tokens", stolen)
    with pytest.raises(StoreUnavailable):
        await store.load(two.key)


@pytest.mark.req("N54", "S12")
async def test_redis_forgets_at_the_earlier_limit_and_indexes_do_not_outlive_their_sessions(
    redis: Redis,
) -> None:
    """TTLs of the record and of every index entry, before and after use."""
    store = a_redis_store(redis)
    session = a_session_now()
    await store.create(session)
    name = f"bff:{{{session.key}}}:session"
    start = int(session.touched_at * 1000)
    assert await _expires_at(redis, name) == start + 1_800_000
    await store.touch(session, session.touched_at + 60)
    assert await _expires_at(redis, name) == start + 1_860_000
    await store.touch(session, session.touched_at + 28_000)
    assert await _expires_at(redis, name) == start + 28_800_000
    for key in await redis.keys():
        assert await redis.pttl(key) > 0


async def _expires_at(redis: Redis, name: str) -> int:
    """Redis 6.2 has no PEXPIRETIME; to the nearest second it is now plus the TTL."""
    return round((time.time() * 1000 + await redis.pttl(name)) / 1000) * 1000


@pytest.mark.req("N53")
async def test_an_expired_record_still_says_which_limit_it_was(redis: Redis) -> None:
    """Redis dropped the session; its limits stayed behind."""
    store = a_redis_store(redis)
    idle, over = a_session_now("A" * 43), a_session_now("B" * 43)
    for session in (idle, over):
        await store.create(session)
        await redis.delete(f"bff:{{{session.key}}}:session")
    await redis.set(f"bff:{{{over.key}}}:limits", msgspec.json.encode({"absolute_expires_at": 1.0}))
    reasons = [getattr(await store.load(session.key), "reason", None) for session in (idle, over)]
    assert reasons == [EndReason.IDLE_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT]


@pytest.mark.req("N59")
async def test_a_new_epoch_ends_everybody(redis: Redis) -> None:
    """One increment; sessions of the new epoch live."""
    store = a_redis_store(redis)
    old, new = a_session_now("A" * 43), a_session_now("B" * 43)
    await store.create(old)
    await redis.incr("bff:epoch")
    await store.create(new)
    ended = await store.load(old.key)
    assert isinstance(ended, EndedSession)
    assert ended.reason is EndReason.ADMIN
    assert isinstance(await store.load(new.key), Session)


@pytest.mark.req("N59")
async def test_who_gets_the_lock_learns_of_a_new_epoch(redis: Redis) -> None:
    """As whoever reads the session does."""
    store = a_redis_store(redis)
    session = a_session_now()
    await store.create(session)
    await redis.incr("bff:epoch")
    locked = await store.try_lock(session.key, "a", 30)
    assert locked == Locked(EndedSession(EndReason.ADMIN, session.touched_at))


@pytest.mark.req("N72")
async def test_a_redis_that_forgot_the_scripts_is_taught_them_again(redis: Redis) -> None:
    """As after a failover; before every step of a renewal."""
    store = a_redis_store(redis)
    session = a_session_now()
    await store.create(session)
    await redis.script_flush()
    assert await store.try_lock(session.key, "owner-1", 30) == Locked(session)
    await redis.script_flush()
    assert await store.write_journal(session.key, a_journal()) is Replaced.WRITTEN
    await redis.script_flush()
    written = await store.replace_tokens(session.key, 0, a_token_set(), session.core, "owner-1")
    assert written is Replaced.WRITTEN


@pytest.mark.req("N54", "N57")
async def test_the_buckets_are_told_only_if_the_time_to_forget_has_moved(redis: Redis) -> None:
    """A renewal moves it when a refresh token's own end is what the session ends by."""
    store = a_redis_store(redis)
    session = a_session_now()
    await store.create(session)
    (bucket,) = [name async for name in redis.scan_iter("bff:live:*:until")]

    async def entered() -> Any:
        return await redis.zscore(bucket, session.key)

    until = await entered()
    await redis.zadd(bucket, {session.key: until + 1})
    await store.replace_tokens(session.key, 0, a_token_set(), session.core)
    assert await entered() == until + 1, "told, and nothing had moved"
    soon = a_token_set(refresh_expires_at=session.touched_at + 900)
    await store.replace_tokens(session.key, 1, soon, session.core)
    assert await entered() == int((session.touched_at + 900) * 1000)
    await store.replace_tokens(session.key, 2, a_token_set(), session.core)
    assert await entered() == until


@pytest.mark.req("N126")
async def test_a_session_sealed_under_an_older_key_of_the_ring_lives(redis: Redis) -> None:
    """Rotation of the sealing key logs nobody out."""
    session = a_session_now()
    await a_redis_store(redis, Seal((SealingKey("old", b"o" * 32),))).create(session)
    assert await a_redis_store(redis).load(session.key) == session


@pytest.mark.req("S1")
async def test_a_change_is_heard_within_an_instant(redis: Redis) -> None:
    """Ears of another connection hear a refresh, an end and a bare tell; not each other's sessions."""
    news = RedisNews(redis, channel("bff"))
    store = RedisSessionStore(
        redis,
        SessionRecord(SEAL, LOOKUP_KEY, os.urandom),
        news,
        limits=LIMITS,
        lookup_key=LOOKUP_KEY,
    )
    session = a_session_now()
    await store.create(session)
    hearing = asyncio.create_task(news.run())
    with store.listen(session.key) as ear, store.listen(a_key("B" * 43)) as deaf:
        await ear.news(5)  # the subscription itself wakes every ear
        await deaf.news(5)
        changes: list[Callable[[], object]] = [
            lambda: store.replace_tokens(session.key, 0, a_token_set(), session.core),
            lambda: store.tell(session.key),
            lambda: store.end(session.key, EndReason.ADMIN, 0.0),
        ]
        for change in changes:
            assert not await ear.news(0)
            await change()  # type: ignore[misc]
            assert await ear.news(5)
        assert not await deaf.news(0)
    hearing.cancel()
    with suppress(asyncio.CancelledError):
        await hearing


async def test_a_store_that_is_away_is_a_typed_error() -> None:
    """Nothing of redis-py gets out."""
    async with Redis(port=1, host="127.0.0.1", protocol=2, retry=Retry(NoBackoff(), 0)) as nobody:
        store = a_redis_store(nobody)
        session = a_session_now()
        for call in (
            store.load(session.key),
            store.create(session),
            store.touch(session, 0.0),
            store.end(session.key, EndReason.ADMIN, 0.0),
            store.try_lock(session.key, "a", 1),
            store.keys_of_subject("i", "s"),
        ):
            with pytest.raises(StoreUnavailable):
                await call
