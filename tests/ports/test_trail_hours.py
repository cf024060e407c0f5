"""The hours of the trail's plots, against the entries that were written."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters.audit_names import HOUR, AuditNames
from bff.adapters.trail_pages import SLICES, TrailPages
from bff.audit import events
from bff.audit.query import AuditQuery
from bff.audit.record import Record
from tests.ports.trail import KEY, Trail

NOW = float(int(time.time()))
ENTRIES, APART = 200, 907
"""A little more than fifty hours of them, never on the same second of an hour."""


@pytest.fixture
async def trail(redis_port: int) -> AsyncIterator[Trail]:
    """Failures every quarter of an hour, every third of them unknown; and how many sessions lived."""
    client: Any = Redis(port=redis_port)
    await client.flushall()
    found = Trail(client, AuditNames("bff", KEY), lambda: NOW, keep_seconds=864_000.0)
    async with found.writing():
        for number in range(ENTRIES):
            found.record(_failed(number))
    await client.hset(found.names.five(NOW), "sessions", 77)
    yield found
    await client.aclose()


def _at(number: int) -> float:
    return NOW - number * APART


def _failed(number: int) -> events.RefreshFailed:
    return events.RefreshFailed(
        at=_at(number), ref="s_1", issuer="i", subject="ada", trigger="early", generation=1,
        latency=0.2, waiters=2, attempts=1, reason="timeout", unknown=number % 3 == 0,
    )  # fmt: skip


@pytest.mark.req("S11")
async def test_an_hour_is_what_was_written_in_it(trail: Trail) -> None:
    """Counted one by one; from the five minutes in which the time begins, and no level added up."""
    after = _at(150)
    hours = await trail.reader.hours(after, NOW)
    begins = after // 300 * 300
    counted = Counter(
        (_at(n) // HOUR * HOUR, "unknown" if n % 3 == 0 else "failed")
        for n in range(ENTRIES)
        if _at(n) >= begins
    )
    assert {
        (hour, name): counts[f"r:{name}"]
        for hour, counts in hours
        for name in ("failed", "unknown")
        if f"r:{name}" in counts
    } == counted
    assert sum(counts.get("r:coalesced", 0) for _, counts in hours) == 2 * counted.total()
    assert all("sessions" not in counts for _, counts in hours)
    assert [hour for hour, _ in hours] == [hours[0][0] + HOUR * n for n in range(len(hours))]


@pytest.mark.req("S11")
async def test_plots_of_more_than_a_day_are_by_the_hour_and_count_the_same(trail: Trail) -> None:
    """Five minutes each up to a day."""
    pages = TrailPages(trail.reader, KEY, lambda: NOW, budget_seconds=5.0, dropped=lambda: 0)
    day, week = await pages.plots({"after": "-24h"}), await pages.plots({"after": "-7d"})
    assert (day.outcomes.step, day.latency.step) == (300, 300)
    assert (week.outcomes.step, week.latency.step) == (HOUR, HOUR)
    unknown = sum(n % 3 == 0 for n in range(ENTRIES))
    assert sum(week.outcomes.counts["unknown"]) == unknown
    assert sum(week.outcomes.counts["failed"]) == ENTRIES - unknown
    assert len(week.outcomes.counts["failed"]) == len(week.latency.counts["p95"]) <= 169
    await pages.aclose()


class FewPoints:
    """A reader that counted five renewals in one whole five minutes, and shows some of them."""

    def __init__(self, shown: int) -> None:
        self._shown = shown

    async def five_minutes(self, start: float, _end: float) -> list[tuple[float, dict[str, int]]]:
        """Two steps; the first begins before what is asked for."""
        return [(start - 200, {"r:renewed": 7}), (start + 100, {"r:renewed": 5})]

    async def sample(self, query: AuditQuery, *_: object) -> list[tuple[None, Record]]:
        """Of renewals that succeeded alone."""
        count = self._shown if query.wanted["renewal"] == ("renewed",) else 0
        return [(None, Record(event="session_renewed", at=NOW, details={}))] * count


@pytest.mark.req("S11")
@pytest.mark.parametrize(("shown", "sampled"), [(5, False), (4, True)])
async def test_a_sample_says_that_it_is_one(shown: int, sampled: bool) -> None:
    """Fewer points than were counted; steps that began before what is shown do not count."""
    reader: Any = FewPoints(shown)
    pages = TrailPages(reader, KEY, lambda: NOW, budget_seconds=5.0, dropped=lambda: 0)
    assert (await pages.plots({})).sampled is sampled


def test_slices_are_short_enough() -> None:
    """Ten minutes of a day."""
    assert 86_400 / SLICES <= 600
