"""A stretch of the trail in figures."""

from typing import Any

import msgspec
import pytest

from bff.audit.record import Entry, Record
from bff.audit.tally import MOST, STEPS, Tally


def an_entry(seq: int, event: str, at: float, **fields: Any) -> Entry:
    """One line of the trail."""
    body = msgspec.json.encode(Record(event=event, at=at, **fields))
    return Entry(id=f"{seq}-0", seq=seq, chain="a", number=seq, mac=b"m%d" % seq, body=body)


def tallied(*entries: Entry) -> Tally:
    """Read, for a stretch of 84 seconds: a second is a step."""
    tally = Tally(since=0.0, until=float(STEPS))
    for entry in entries:
        tally.read(entry)
    return tally


@pytest.mark.req("S11")
def test_only_what_lies_within_is_counted() -> None:
    """From the first moment on, and before the last."""
    tally = tallied(
        an_entry(1, "malicious_csrf", -0.1, reason="origin"),
        an_entry(2, "malicious_csrf", 0.0, reason="origin"),
        an_entry(3, "malicious_csrf", 83.9),
        an_entry(4, "malicious_csrf", 84.0),
    )
    assert (tally.entries, tally.first, tally.last) == (2, 2, 3)
    assert tally.reasons == {"csrf": {"origin": 1, "unknown": 1}}
    steps = tally.over_time("malicious_csrf")
    assert (steps[0], steps[83], sum(steps)) == (1, 1, 2)
    assert tally.over_time("never") == [0] * STEPS


@pytest.mark.req("S11")
def test_the_digest_is_of_the_entries_in_their_order() -> None:
    """Another order is another digest."""
    one, two = an_entry(1, "sys_error", 1.0), an_entry(2, "sys_error", 2.0)
    assert tallied(one, two).digest != tallied(two, one).digest
    assert tallied(one, two).digest == tallied(one, two).digest


@pytest.mark.req("S11")
def test_renewals_are_told_apart_by_outcome_and_reason() -> None:
    """Also over time."""
    tally = tallied(
        an_entry(1, "session_renewed", 1.0),
        an_entry(2, "session_renewal_failed", 1.0, reason="timeout", details={"unknown": True}),
        an_entry(3, "session_renewal_failed", 1.0, reason="status"),
    )
    assert tally.renewals == {
        ("renewed", ""): 1,
        ("unknown", "timeout"): 1,
        ("failed", "status"): 1,
    }
    assert tally.over_time("renewal unknown")[1] == 1


@pytest.mark.req("S11")
def test_notable_events_are_told_one_by_one_and_no_more_than_so_many() -> None:
    """Who did what to whom, in words; which keys processes started with."""
    started = {"signing_keys": "s1 s2", "sealing_keys": "", "heads": {"a": 1}, "cut": None}
    ended = [
        an_entry(number, "authz_admin", 2.0, actor="ada", ref="s_1", details={"action": "end"})
        for number in range(2, MOST + 4)
    ]
    tally = tallied(an_entry(1, "sys_startup", 1.0, details=started), *ended)
    assert tally.keys == {("signing_keys", "s1 s2"): 1, ("sealing_keys", ""): 1}
    assert tally.told["processes"][0].words == "signing keys s1 s2"
    assert [len(tally.told["acts"]), tally.told["acts"][-1].seq] == [MOST, MOST + 3]
    last = tally.told["acts"][-1]
    assert (last.who, last.about, last.words) == ("ada", "s_1", "action end")
