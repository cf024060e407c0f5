"""The audit trail on a real Redis: written behind everybody's back, found again, and never rewritten."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.audit import events
from bff.audit.query import parse_query
from tests.ports.trail import KEY, Trail

NOW = time.time()


@pytest.fixture
async def redis(redis_port: int) -> AsyncIterator[Any]:
    """A client, over an empty Redis."""
    client = Redis(port=redis_port)
    await client.flushall()
    yield client
    await client.aclose()


def trail(redis: Any, **options: object) -> Trail:
    """One process's."""
    return Trail(redis, AuditNames("bff", KEY), time.time, **options)  # type: ignore[arg-type]


def ended(number: int, reason: str = "signed_out") -> events.SessionEnded:
    """One of many."""
    return events.SessionEnded(at=NOW, ref=f"s_{number}", subject="ada", issuer="i", reason=reason)


async def found(
    here: Trail, query: str, limit: int = 50, before: str | None = None
) -> tuple[list[str], int, bool]:
    """References, total, and whether that is exact."""
    answer = await here.reader.search(parse_query(query, time.time()), before, limit)
    return [record.ref or "" for _, record in answer.entries], answer.total, answer.exact


@pytest.mark.req("S12")
async def test_what_two_processes_write_is_one_trail_that_verifies(redis: Any) -> None:
    """Each with a chain of its own, all numbered together."""
    one, two = trail(redis), trail(redis)
    async with one.writing(), two.writing():
        for number in range(300):
            (one, two)[number % 2].record(ended(number))
    seqs = [entry.seq async for entry in one.reader.every()]
    assert seqs == list(range(1, 301))
    assert await one.findings() == []


@pytest.mark.req("S12")
@pytest.mark.parametrize("attack", ["edit", "drop", "swap", "cut_off", "cut_front", "wipe_a_chain"])
async def test_whoever_rewrites_history_in_redis_is_noticed(redis: Any, attack: str) -> None:
    """With full access to Redis, but without the key."""
    here, other = trail(redis), trail(redis)
    async with here.writing(), other.writing():
        for number in range(20):
            (here, other)[number % 2].record(ended(number))
    async with other.writing():
        await other.keeper.anchor()
    assert await here.findings() == []
    entries = await redis.xrange(here.names.trail)
    mine = [
        number
        for number, (_, fields) in enumerate(entries)
        if fields[b"c"] == here.log.chain.encode()
    ]
    first, second, last = mine[3], mine[4], mine[-1]
    if attack == "edit":
        entries[first][1][b"b"] = entries[first][1][b"b"].replace(b"ada", b"eve")
    elif attack == "drop":
        del entries[first]
    elif attack == "swap":
        one, two = entries[first], entries[second]
        entries[first], entries[second] = (one[0], two[1]), (two[0], one[1])
    elif attack == "cut_off":
        del entries[last]
        await redis.hset(here.names.plain("heads"), here.log.chain, 9)
    elif attack == "cut_front":
        del entries[mine[0]]
    else:
        entries = [each for each in entries if each[1][b"c"] != here.log.chain.encode()]
        await redis.hdel(here.names.plain("heads"), here.log.chain)
    await redis.delete(here.names.trail)
    for identifier, fields in entries:
        await redis.xadd(here.names.trail, fields, id=identifier)
    assert any(here.log.chain in finding for finding in await here.findings())


@pytest.mark.req("S12", "N123")
async def test_while_redis_is_away_nothing_is_lost_silently(redis: Any, redis_port: int) -> None:
    """What the buffer holds is written later; what it cannot hold is counted, logged, and told by the chain."""
    here = trail(Redis(port=1, socket_connect_timeout=0.2), buffer=10)
    for number in range(12):
        here.record(ended(number))
    assert (here.log.meter.dropped, ("error", "audit_gap") in here.said.lines) == (2, True)
    writing = asyncio.create_task(here.log.run())
    while not here.log.meter.failed_writes:  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.01)
    writing.cancel()
    assert here.log.meter.failed_writes >= 1
    assert ("error", "audit_write_failed") in here.said.lines
    here.log._redis = redis
    back = trail(redis)
    here.record(ended(99))  # the buffer is full: one more for the gap
    async with here.writing():
        here.log._wake.set()
    assert await back.findings() == []
    read = await back.reader.search(parse_query("event:sys_monitor_disabled", time.time()), None, 5)
    assert [record.details["dropped"] for _, record in read.entries] == [1, 2]
    assert len((await found(back, "event:session_ended"))[0]) == 10


@pytest.mark.req("S12")
async def test_a_redis_that_forgot_the_chain_begins_another_and_says_so(redis: Any) -> None:
    """An emptied store is a gap in the trail, not an error for anybody."""
    here = trail(redis)
    async with here.writing():
        here.record(ended(1))
    await redis.flushall()
    async with here.writing():
        here.record(ended(2))
    read = await here.reader.search(parse_query("", time.time()), None, 5)
    assert [record.reason for _, record in read.entries] == ["signed_out", "history_lost"]
    assert await here.findings() == []


@pytest.mark.req("S12")
async def test_a_write_whose_answer_was_lost_is_not_written_twice(redis: Any) -> None:
    """The chain's number decides."""
    here = trail(redis)
    async with here.writing():
        here.record(ended(1))
        assert await here.log.flush(5.0) == 0
        before = here.log._link
        here.record(ended(2))
        sent = here.log._linked()
    here.log._sent, here.log._link = sent, before  # as if the answer to the second had not come
    here.log._note_gap(1, "buffer_full")
    here.record(ended(2))
    async with here.writing():
        assert await here.log.flush(5.0) == 0
        here.record(ended(3))
    assert (await redis.xlen(here.names.trail), await here.findings()) == (4, [])


@pytest.mark.req("S12")
async def test_lists_are_paged_by_place_with_exact_totals(redis: Any) -> None:
    """By everything, by event, by session, by severity; what is new meanwhile moves no page."""
    here = trail(redis)
    async with here.writing():
        for number in range(30):
            here.record(ended(number, "signed_out" if number % 3 else "handle_replayed"))
    refs, total, exact = await found(here, "", 10)
    assert (refs, total, exact) == ([f"s_{number}" for number in range(29, 19, -1)], 30, True)
    first = await here.reader.search(parse_query("", time.time()), None, 10)
    async with here.writing():
        here.record(ended(99))
    assert (await found(here, "", 10, first.next))[0] == [f"s_{n}" for n in range(19, 9, -1)]
    assert (await found(here, "severity:warning", 4))[1:] == (10, True)
    assert await found(here, "ref:s_7") == (["s_7"], 1, True)
    assert (await found(here, "event:session_ended", 5))[1:] == (31, True)
    assert await found(here, "subject:ada reason:handle_replayed s_27") == (["s_27"], 1, True)
    assert (await found(here, "nothing like it"))[:2] == ([], 0)
    assert (await found(here, "after:-1h"))[1] == 31
    assert (await found(here, "before:-1h"))[1] == 0


@pytest.mark.req("S12")
async def test_retention_leaves_a_trail_that_verifies(redis: Any) -> None:
    """Floors say what went; nothing of it is left in any index."""
    here, other = trail(redis, most=20), trail(redis, most=20)
    async with here.writing(), other.writing():
        for number in range(60):
            (here, other)[number % 2].record(ended(number))
        await here.log.flush(5.0)
        await other.log.flush(5.0)
        assert await here.keeper.trim() == 40
    assert await redis.xlen(here.names.trail) == 21
    assert await here.findings() == []
    assert (await found(here, "event:session_ended"))[1] == 20
    assert await found(here, "ref:s_3") == ([], 0, True)
    async with here.writing(), other.writing():
        for number in range(60, 120):
            (here, other)[number % 2].record(ended(number))
        await here.keeper.trim()
    assert await here.findings() == []


@pytest.mark.req("N65", "N66", "N119")
async def test_redis_keys_of_the_trail_name_nobody(redis: Any) -> None:
    """Users and sessions are keyed hashes in names."""
    here = trail(redis)
    async with here.writing():
        here.record(ended(7))
    names = b" ".join(await redis.keys("*"))
    assert b"ada" not in names
    assert b"s_7" not in names
