"""The console's desk over the alerts of a real Redis: listed, narrowed, decided, silenced."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from bff.adapters import alert_desk
from bff.adapters.alert_desk import AlertDesk
from bff.audit.acts import AlertDecision, MuteRequest
from bff.errors import RequestMalformed
from tests.ports.test_alerts import engine, replayed, write


@pytest.fixture
async def desk(redis_port: int) -> AsyncIterator[AlertDesk]:
    """Three sessions of Ada's were replayed."""
    client: Any = Redis(port=redis_port)
    await client.flushall()
    alerts = engine(client, "p1", [])
    await alerts.prepare()
    await write(client, *(replayed(number) for number in range(3)))
    while await alerts.evaluate():
        pass
    yield AlertDesk(alerts, time.time)
    await client.aclose()


@pytest.mark.req("S10", "S11")
async def test_open_alerts_are_listed_and_narrowed(desk: AlertDesk) -> None:
    """All of them, those of one session, and none of a session that had no trouble."""
    page = await desk.page({}, None, 50)
    assert page.total == len(page.rows) >= 1
    assert page.facets["status"]["open"] == page.total
    ref = page.rows[0].ref
    assert ref is not None
    mine = await desk.page({"ref": ref}, None, 50)
    assert mine.total >= 1
    assert {row.ref for row in mine.rows} == {ref}
    assert (await desk.page({"ref": "s_calm"}, None, 50)).rows == ()
    assert (await desk.counts([ref, "s_calm"])).get("s_calm") is None
    assert (await desk.counts([ref]))[ref] >= 1


@pytest.mark.req("S10", "S11")
async def test_narrowed_is_what_a_look_at_each_alert_finds(desk: AlertDesk) -> None:
    """By one field and by several, in each status, last seen first."""
    everything = (await desk.page({"status": "all"}, None, 50)).rows
    await desk.decide(everything[0].id, AlertDecision(status="closed"), "rita")
    for status in ("open", "closed", "all"):
        listed = (await desk.page({"status": status}, None, 50)).rows
        for narrow in (
            {"subject": "ada"},
            {"rule": everything[0].rule},
            {"rule": everything[0].rule, "ref": "s_1"},
            {"subject": "ada", "rule": "no_such_rule"},
        ):
            found = await desk.page({"status": status, **narrow}, None, 50)
            meant = [row for row in listed if all(getattr(row, n) == v for n, v in narrow.items())]
            assert list(found.rows) == meant
            assert found.total == len(meant)
    refs = [row.ref for row in everything if row.ref]
    listed = (await desk.page({}, None, 50)).rows
    assert await desk.counts(refs) == Counter(row.ref for row in listed if row.ref)


@pytest.mark.req("S10", "S11")
async def test_what_was_not_looked_at_is_not_called_exact(
    desk: AlertDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more alerts than are looked through, narrowed totals are a lower bound and say so."""
    everything = await desk.page({}, None, 50)
    narrow = {"subject": "ada"}
    assert (await desk.page(narrow, None, 50)).exact
    monkeypatch.setattr(alert_desk, "SEARCHED", everything.total - 1)
    assert not (await desk.page(narrow, None, 50)).exact
    assert (await desk.page({**narrow, "status": "closed"}, None, 50)).exact
    assert (await desk.page({}, None, 50)).exact


@pytest.mark.req("S10")
async def test_an_alert_leads_to_its_runbook(redis_port: int, desk: AlertDesk) -> None:
    """The rule's name, appended to where the runbook is."""
    async with Redis(port=redis_port) as client:
        alerts = engine(client, "p2", [], runbook="https://bff.test/runbook?rule=")
        page = await AlertDesk(alerts, time.time).page({}, None, 50)
    assert {row.runbook for row in page.rows} == {
        f"https://bff.test/runbook?rule={row.rule}" for row in page.rows
    }


@pytest.mark.req("S10")
async def test_pages_follow_each_other(desk: AlertDesk) -> None:
    """One at a time, none twice."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await desk.page({}, cursor, 1)
        seen += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == (await desk.page({}, None, 50)).total


@pytest.mark.req("S10", "N119")
async def test_a_decision_keeps_who_and_why_and_no_secret(desk: AlertDesk) -> None:
    """Closed alerts leave the open list; a pasted token does not stay in the note."""
    (first, *_) = (await desk.page({}, None, 50)).rows
    note = "looked at eyJhbGciOiJSUzI1NiJ9"
    decided = await desk.decide(first.id, AlertDecision(status="closed", note=note), "rita")
    assert decided is not None
    assert (decided.status, decided.by, decided.note) == ("closed", "rita", "looked at ***")
    assert first.id not in {row.id for row in (await desk.page({}, None, 50)).rows}
    assert first.id in {row.id for row in (await desk.page({"status": "closed"}, None, 50)).rows}
    assert await desk.decide("a_unknown", AlertDecision(status="closed"), "rita") is None


async def test_a_rule_is_silenced_for_a_while_and_heard_again(desk: AlertDesk) -> None:
    """No longer than a month; for no time at all ends it."""
    muted = await desk.mute(MuteRequest(rule="csrf_burst", seconds=60, group="g"), "rita")
    assert [(mute.rule, mute.group, mute.by) for mute in muted.mutes] == [
        ("csrf_burst", "g", "rita")
    ]
    assert (await desk.mute(MuteRequest(rule="csrf_burst", seconds=0, group="g"), "r")).mutes == ()
    for seconds in (-1.0, 1e9):
        with pytest.raises(RequestMalformed):
            await desk.mute(MuteRequest(rule="csrf_burst", seconds=seconds), "rita")


@pytest.mark.parametrize(("filters", "cursor"), [({"status": "odd"}, None), ({}, "odd")])
async def test_what_is_none_of_ours_is_refused(
    desk: AlertDesk, filters: dict[str, str], cursor: str | None
) -> None:
    """A status or a place that the desk never gave out."""
    with pytest.raises(RequestMalformed):
        await desk.page(filters, cursor, 5)
