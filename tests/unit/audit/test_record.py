"""Events as they are written down."""

import msgspec
import pytest

from bff.audit import events, operations
from bff.audit.damper import MOST_SOURCES, Damper
from bff.audit.origin import agent_family, same_browser, shown_address
from bff.audit.record import (
    TITLES,
    Entry,
    Origin,
    Record,
    every_event,
    outcome_of,
    record_of,
    row_of,
    severity_of,
)

WHO = events.Who(at=5.0, ref="s_1", issuer="https://p.example", subject="ada")
ORIGIN = Origin("req_12345678", "192.0.2.0/24", "Firefox 131 on Linux")


@pytest.mark.req("N118", "N119")
def test_a_record_says_who_what_when_where_and_how_it_went() -> None:
    """The shared fields by themselves, the event's own among the details."""
    record = record_of(events.SessionEnded(**WHO, reason="refresh_rejected", generation=3), ORIGIN)
    assert (record.event, record.at, record.subject, record.ref) == (
        "session_ended",
        5.0,
        "ada",
        "s_1",
    )
    assert (record.severity, record.outcome, record.reason) == (
        "warning",
        "success",
        "refresh_rejected",
    )
    assert (record.request_id, record.address) == ("req_12345678", "192.0.2.0/24")
    assert record.details == {"reason": "refresh_rejected", "generation": 3}


@pytest.mark.req("N118")
def test_severity_and_outcome_follow_the_event() -> None:
    """What must never happen is critical; what we refuse is denied."""
    replay = events.HandleReplayed(**WHO, presented=1, generation=3)
    assert (severity_of(replay), outcome_of(replay)) == ("critical", "denied")
    opened, closed = (events.ProviderBreaker(at=1.0, state=state) for state in ("open", "closed"))
    assert (severity_of(opened), severity_of(closed)) == ("warning", "info")
    assert (
        outcome_of(operations.AuditGap(at=1.0, dropped=3, since=0.0, cause="buffer_full"))
        == "error"
    )


@pytest.mark.req("N120", "N121")
def test_every_event_has_a_title_and_no_title_is_left_over() -> None:
    """A new event comes with words for people."""
    assert {event.name for event in every_event()} == set(TITLES)


def test_a_row_names_the_actor_and_counts_chains() -> None:
    """A user acts for themselves; an anchor's map is only its size."""
    place = Entry(id="1-0", seq=7, chain="c", number=2, mac=b"", body=b"")
    anchor = Record(event="audit_anchor", at=1.0, subject="ada", details={"heads": {"a": 1}})
    row = row_of(place, anchor)
    assert (row.actor, row.title, row.details, row.seq) == (
        "ada",
        "Audit anchor",
        {"heads": "1 chains"},
        7,
    )
    strange = row_of(place, Record(event="not_yet_known", at=1.0, actor="eve"))
    assert (strange.title, strange.actor) == ("not yet known", "eve")


@pytest.mark.req("N119")
@pytest.mark.parametrize(
    ("address", "plan", "shown"),
    [
        ("192.0.2.77", "network", "192.0.2.0/24"),
        ("2001:db8:1:2::9", "network", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "network", "192.0.2.0/24"),
        ("[2001:db8::1]", "full", "2001:db8::1"),
        ("192.0.2.77", "none", None),
        ("evil\r\nheader", "full", None),
        ("", "network", None),
    ],
)
def test_an_address_is_kept_as_the_settings_say(address: str, plan: str, shown: str | None) -> None:
    """A network by default; text that is no address, never."""
    assert shown_address(address, plan) == shown  # type: ignore[arg-type]


@pytest.mark.req("N119")
@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox 131 on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0", "Edge 130 on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Version/17.0 Mobile/15E1 Safari/604.1", "Safari 17 on iOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/537.36 Chrome/129.0 Safari/537.36", "Chrome 129 on macOS"),
        ("curl/8.5.0", "curl 8"),
        ("x\r\nSet-Cookie: a=b", "other"),
        (None, None),
        ("", None),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_our_own_words(agent: str | None, family: str | None) -> None:
    """Nothing a browser wrote gets into the trail."""
    assert agent_family(agent) == family


def test_a_browser_that_was_updated_is_the_same_browser() -> None:
    """Another one, or another system, is not."""
    assert same_browser("Firefox 131 on Linux", "Firefox 132 on Linux")
    assert not same_browser("Firefox 131 on Linux", "Firefox 131 on Windows")
    assert same_browser(None, None)


@pytest.mark.req("S12", "S9")
def test_refusals_cannot_push_history_out_of_the_trail() -> None:
    """So many a minute of a kind from a place; the rest is counted and told."""
    damper = Damper(most=3)
    refused = record_of(events.CsrfRefused(at=1.0, signal="origin", method="POST"), ORIGIN)
    assert [damper.passes(refused) for _ in range(5)] == [True, True, True, False, False]
    assert damper.passes(record_of(events.SignedIn(**WHO, replaced=False), ORIGIN))
    assert damper.passes(record_of(events.HandleReplayed(**WHO, presented=1, generation=3), ORIGIN))
    assert damper.due(60.0)
    assert list(damper.turn(60.0)) == [("malicious_csrf", "192.0.2.0/24", 2)]
    assert not damper.due(61.0)
    assert damper.passes(refused)


def test_refusals_from_many_places_are_one_place() -> None:
    """The damper's own memory is bounded."""
    damper = Damper(most=1)
    for number in range(MOST_SOURCES + 2):
        damper.passes(Record(event="malicious_csrf", at=1.0, outcome="denied", address=str(number)))
    assert list(damper.turn(60.0)) == [("malicious_csrf", None, 1)]


def test_a_record_is_small() -> None:
    """What is not known takes no room."""
    assert msgspec.json.encode(Record(event="x", at=1.0)) == b'{"event":"x","at":1.0}'
