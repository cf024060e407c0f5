"""Searching a trail of a few thousand entries: exact wherever an index decides, and honest where none does."""

import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bff.adapters import trail_search
from bff.adapters.audit_names import AuditNames
from bff.adapters.trail_pages import TrailPages
from bff.audit import events, operations
from bff.audit.query import parse_query
from bff.audit.record import Origin, Record, record_of
from tests.ports.trail import KEY, Trail

NOW = time.time()
COUNT = 1_600


def one(number: int) -> Record:
    """Ends, failed and refused renewals, looks: a third about Ada; two networks; requests of two."""
    who = events.Who(
        at=NOW - 60, ref=f"s_{number % 50}", issuer="i", subject="ada" if number % 3 else "bob"
    )
    origin = Origin(f"req_{number // 2}", f"192.0.{number % 2}.0/24", None)
    event: events.AuditEvent = (
        events.SessionEnded(**who, reason="admin" if number % 8 else "signed_out"),
        events.RefreshFailed(
            **who, trigger="early", generation=1, reason="timeout", unknown=number % 8 == 1,
            attempts=1, latency=0.1, waiters=0,
        ),
        operations.Looked(**who, actor="eve", page="audit"),
        events.SignedIn(**who, replaced=False),
    )[number % 4]  # fmt: skip
    return record_of(event, origin)


@pytest.fixture
async def here(redis_port: int) -> AsyncIterator[Trail]:
    """All of them written."""
    async with Redis(port=redis_port) as redis:
        await redis.flushall()
        made = Trail(redis, AuditNames("bff", KEY), time.time)
        async with made.writing():
            for number in range(COUNT):
                made.log.take(one(number))
        yield made


def expected(text: str) -> list[int]:
    """Sequence numbers of what a query means, newest first, by looking at every record."""
    query = parse_query(text, time.time())
    return [number + 1 for number in range(COUNT) if query.matches(one(number))][::-1]


async def walked(here: Trail, text: str, limit: int = 170) -> tuple[list[int], int, bool]:
    """All pages: sequence numbers, and what the first page said of their number."""
    query, place, seqs = parse_query(text, time.time()), None, list[int]()
    total, exact = -1, False
    while True:
        found = await here.reader.search(query, place, limit)
        if place is None:
            total, exact = found.total, found.exact
        seqs += [entry.seq for entry, _ in found.entries]
        place = found.next
        if place is None:
            return seqs, total, exact


@pytest.mark.req("S11", "S12")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "event:session_ended",
        "event:session_ended event:sensitive_read",
        "event:session_ended reason:admin",
        "outcome:error reason:timeout",
        "-event:sensitive_read",
        "-reason:admin severity:info",
        "subject:ada",
        "subject:ada subject:bob event:session_ended",
        "actor:eve",
        "actor:ada",
        "subject:ada actor:eve",
        "ref:s_7 event:authn_login_success",
        "ip:192.0.1.0/24",
        "ip:192.0.1.0/24 subject:bob -event:sensitive_read",
        "request:req_77",
        "request:req_77 event:session_ended",
        "subject:nobody",
        "event:nothing",
        "subject:ada -ref:s_7",
        "TIMEOUT",
        "sign",
        "event:session_ended s_8",
        "request:req_7 request:req_8",
    ],
)
async def test_every_page_of_every_query_is_what_looking_at_each_entry_says(
    here: Trail, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Given time, totals are exact; the pages together hold each entry once, newest first."""
    monkeypatch.setattr(trail_search, "SEARCH_SECONDS", 60.0)
    meant = expected(text)
    assert await walked(here, text) == (meant, len(meant), True)


@pytest.mark.req("S11")
@pytest.mark.parametrize(
    "text", ["subject:ada event:session_ended", "subject:ada ip:192.0.1.0/24", "eve"]
)
async def test_without_time_a_search_says_how_far_it_came_and_goes_on(
    here: Trail, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Long lists: pages may be empty, but together they hold everything."""
    monkeypatch.setattr(trail_search, "SEARCH_SECONDS", 0.0)
    monkeypatch.setattr(trail_search, "MEMBERS", 10)
    first = await here.reader.search(parse_query(text, time.time()), None, 50)
    assert not first.exact
    assert first.searched_until is not None or len(first.entries) == 50
    seqs, _, _ = await walked(here, text)
    assert seqs == expected(text)


@pytest.mark.req("S11")
async def test_facets_count_the_whole_and_the_calendar_every_sign_in(here: Trail) -> None:
    """Exactly, however many there are."""
    pages = TrailPages(here.reader, KEY, time.time, budget_seconds=75, dropped=lambda: 0)
    page = await pages.refreshes({}, None, 10)
    assert page.facets == {"outcome": {"failed": 200, "unknown": 200}}
    assert (await pages.refreshes({"outcome": "unknown"}, None, 10)).total == 200
    days = await pages.sign_ins("ada", 90)
    assert len(days) == 90
    assert sum(good for _, good, _ in days) == len(
        expected("subject:ada event:authn_login_success")
    )
