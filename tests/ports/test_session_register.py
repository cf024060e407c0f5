"""One suite for the port SessionRegister: the memory fake that flow tests trust, and Redis."""

import os
import time
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_register import RedisSessionRegister
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.session_record import SessionRecord
from bff.flows.ports import SessionStore
from bff.flows.register_ports import SessionRegister
from bff.session.limits import SessionLimits
from bff.session.model import EndedSession, EndReason, Ref, Replaced, Session
from bff.session.overview import PagePlace
from bff.session.seal import Seal, SealingKey
from tests.builders import LOOKUP_KEY, a_journal, a_key, a_session, a_token_set
from tests.flows.fake_register import MemorySessionRegister
from tests.flows.fakes import Memory, MemorySessionStore
from tests.flows.virtual_time import World

LIMITS = SessionLimits(idle=1800, absolute=28_800)
NOW = float(int(time.time()))


@dataclass
class Vault:
    """The store and its register."""

    store: SessionStore
    register: SessionRegister
    redis: Redis | None = None

    async def begin(self, number: int, *, at: float = NOW, **core: Any) -> Session:
        """A session that began at ``at``."""
        session = a_session(
            key=a_key(f"{number:043d}"),
            touched_at=at,
            core={"ref": Ref(f"s_{number}"), "created_at": at, "absolute_expires_at": at + 28_800, **core},
            tokens={"issued_at": at, "expires_at": at + 900},
        )  # fmt: skip
        assert await self.store.create(session)
        return session

    async def refs(self, limit: int = 100) -> list[str]:
        """All of them, page by page."""
        found: list[str] = []
        place: PagePlace | None = None
        while True:
            page = await self.register.page(place, limit, NOW)
            found += [overview.core.ref for overview in page.sessions]
            place = page.next
            if place is None:
                return found


@pytest.fixture(params=["memory", "redis"])
async def vault(request: pytest.FixtureRequest, redis_port: int) -> Any:
    """The port, twice."""
    if request.param == "memory":
        memory = Memory(World(start=NOW), LIMITS)
        yield Vault(MemorySessionStore(memory), MemorySessionRegister(memory))
        return
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        yield a_redis_vault(redis)


def a_redis_vault(redis: Redis) -> Vault:
    """The real adapters."""
    record = SessionRecord(Seal((SealingKey("new", b"n" * 32),)), LOOKUP_KEY, os.urandom)
    news = RedisNews(redis, channel("bff"))
    return Vault(
        RedisSessionStore(redis, record, news, limits=LIMITS, lookup_key=LOOKUP_KEY),
        RedisSessionRegister(redis, lookup_key=LOOKUP_KEY, prefix="bff", channel=channel("bff")),
        redis,
    )


@pytest.mark.req("N60", "S11")
async def test_pages_hold_every_session_once_newest_first(vault: Vault) -> None:
    """Whatever the size of a page, also where many began in the same instant."""
    for number in range(40):
        await vault.begin(number, at=NOW - number // 10)
    for limit in (1, 7, 40, 100):
        refs = await vault.refs(limit)
        assert len(refs) == 40
        assert len(set(refs)) == 40
        assert [int(ref[2:]) // 10 for ref in refs] == [n // 10 for n in range(40)]
    assert await vault.register.count(NOW) == 40


async def test_a_place_stays_good_when_sessions_begin_and_end_meanwhile(vault: Vault) -> None:
    """Nobody who was there all along is skipped or shown twice."""
    sessions = [await vault.begin(number, at=NOW - number) for number in range(10)]
    first = await vault.register.page(None, 4, NOW)
    assert first.next is not None
    await vault.begin(50, at=NOW + 1)
    await vault.store.end(sessions[3].key, EndReason.ADMIN, NOW)
    rest = await vault.register.page(first.next, 100, NOW)
    assert [overview.core.ref for overview in rest.sessions] == [f"s_{n}" for n in range(4, 10)]
    assert rest.next is None


@pytest.mark.req("S12")
async def test_what_ended_is_neither_counted_nor_listed(vault: Vault) -> None:
    """By whatever end."""
    one, two = await vault.begin(1), await vault.begin(2)
    await vault.store.end(one.key, EndReason.SIGNED_OUT, NOW)
    assert await vault.register.count(NOW) == 1
    assert await vault.refs() == ["s_2"]
    overviews = await vault.register.overviews([two.key, one.key, a_key("Z" * 43)])
    assert [overview.core.ref for overview in overviews] == ["s_2"]


@pytest.mark.req("N59")
async def test_a_new_epoch_ends_everybody_and_the_next_sign_in_lives(vault: Vault) -> None:
    """Counted, listed and loaded so, at once."""
    old = await vault.begin(1)
    assert await vault.register.end_everybody() == 1
    new = await vault.begin(2)
    ended = await vault.store.load(old.key)
    assert isinstance(ended, EndedSession)
    assert ended.reason is EndReason.ADMIN
    assert isinstance(await vault.store.load(new.key), Session)
    assert await vault.register.count(NOW) == 1
    assert await vault.refs() == ["s_2"]
    assert await vault.register.overviews([old.key]) == []


@pytest.mark.req("N60", "N65")
async def test_an_overview_tells_how_a_session_stands_and_no_token(vault: Vault) -> None:
    """After a renewal, and while one is under way."""
    session = await vault.begin(1, device="Firefox on Linux", network="192.0.2.0/24")
    new = a_token_set(access_token="access-1", refresh_token="refresh-1", issued_at=NOW)
    assert await vault.store.replace_tokens(session.key, 0, new, session.core) is Replaced.WRITTEN
    await vault.store.try_lock(session.key, "owner-1", 30)
    await vault.store.write_journal(session.key, a_journal(generation=1, outcome="late"))
    (overview,) = (await vault.register.page(None, 10, NOW)).sessions
    assert overview.generation == overview.facts.generation == 1
    assert overview.core == session.core
    assert overview.facts.scope == new.scope
    assert overview.facts.sealed_under == "new"
    assert overview.journal is not None
    assert overview.journal.outcome == "late"
    assert b"access-1" not in msgspec.json.encode(overview)
    assert b"refresh-1" not in msgspec.json.encode(overview)


@pytest.mark.req("N111", "N57")
async def test_the_users_index_outlives_a_refresh_token_that_is_renewed(vault: Vault) -> None:
    """A provider that gives each refresh token half an hour: hours later the user is still found."""
    short = a_token_set(issued_at=NOW, refresh_expires_at=NOW + 1000)
    session = a_session(
        key=a_key("B" * 43), touched_at=NOW, tokens=short,
        core={"ref": Ref("s_b"), "created_at": NOW, "absolute_expires_at": NOW + 28_800},
    )  # fmt: skip
    await vault.store.create(session)
    longer = a_token_set(issued_at=NOW, refresh_expires_at=NOW + 5000)
    await vault.store.replace_tokens(session.key, 0, longer, session.core)
    await vault.begin(3, at=NOW + 1500)
    assert session.key in await vault.store.keys_of_subject(session.core.issuer, "ada")
    assert await vault.register.count(NOW + 1500) == 2
    page = await vault.register.page(None, 10, NOW + 1500)
    assert [overview.core.ref for overview in page.sessions] == ["s_3", "s_b"]


# --- Redis alone


@pytest.mark.req("S12", "N54")
async def test_what_redis_forgot_leaves_the_register_by_itself(redis_port: int) -> None:
    """An idle end writes nothing; count, page and bucket agree all the same, and use moves the moment."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        vault = a_redis_vault(redis)
        idle, used = await vault.begin(1), await vault.begin(2)
        await vault.store.touch(used, NOW + 600)
        later = NOW + 1801
        assert await vault.register.count(NOW) == 2
        assert await vault.register.count(later) == 1
        page = await vault.register.page(None, 10, later)
        assert [overview.core.ref for overview in page.sessions] == ["s_2"]
        await redis.delete(f"bff:{{{used.key}}}:session")
        for looked_at in (NOW, NOW + 10):  # the second look is sure
            assert (await vault.register.page(None, 10, looked_at)).sessions == ()
        buckets: Any = await redis.keys("bff:live:*")
        assert buckets == []
        assert idle.core.ref == "s_1"


@pytest.mark.req("S12")
async def test_a_session_on_its_way_in_is_not_taken_for_gone(redis_port: int) -> None:
    """It is entered before it is stored; who looks in between leaves it where it is."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        vault = a_redis_vault(redis)
        session = await vault.begin(1)
        name = f"bff:{{{session.key}}}:session"
        stored: Any = await redis.dump(name)
        await redis.delete(name)
        for looked_at in (NOW, NOW + 1, NOW + 9):
            assert (await vault.register.page(None, 10, looked_at)).sessions == ()
        await redis.restore(name, 0, stored)
        assert await vault.register.count(NOW) == 1
        assert await vault.refs() == ["s_1"]


@pytest.mark.req("S12")
async def test_a_session_left_out_by_a_crash_returns_with_its_next_use(redis_port: int) -> None:
    """The buckets mend themselves."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        vault = a_redis_vault(redis)
        session = await vault.begin(1)
        for name in await redis.keys("bff:live:*"):
            await redis.delete(name)
        assert await vault.register.count(NOW) == 0
        await vault.store.touch(session, NOW + 60)
        assert await vault.refs() == ["s_1"]


@pytest.mark.req("N59")
async def test_ending_everybody_is_two_commands_however_many_there_are(redis_port: int) -> None:
    """Redis itself counts them; what follows for each session follows when it is looked at."""
    async with Redis(port=redis_port, protocol=2) as redis:
        await redis.flushall()
        vault = a_redis_vault(redis)
        for number in range(300):
            await vault.begin(number)
        await redis.config_resetstat()
        await vault.register.end_everybody()
        stats: dict[str, Any] = await redis.info("commandstats")
        counts = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
        others = {name for name in counts if name.split("|")[0] not in {"config", "info"}}
        assert others == {"incrby", "publish"}
        assert (counts["incrby"], counts["publish"]) == (1, 1)
        assert await vault.register.count(NOW) == 0
