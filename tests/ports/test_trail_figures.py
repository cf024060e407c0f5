"""The console's figures, from what happened in each five minutes."""

import pytest

from bff.adapters import trail_figures as figures
from bff.audit.record import Record

START = 1_700_000_100.0
COUNTS: list[tuple[float, dict[str, int]]] = [
    (START + 300 * number, {}) for number in range(289)
]  # a day and five minutes, as the reader answers


def with_last(**counted: int) -> list[tuple[float, dict[str, int]]]:
    """The same, with something in the last five minutes."""
    names = {name.replace("__", ":"): count for name, count in counted.items()}
    return [*COUNTS[:-1], (COUNTS[-1][0], names)]


@pytest.mark.req("S11")
def test_what_happened_just_now_is_in_the_tiles() -> None:
    """The five minutes under way belong to the last of the 24 hours."""
    tiles = {
        tile.id: tile
        for tile in figures.tiles(
            with_last(e__authn_login_success=3, e__malicious_csrf=2, r__renewed=9, r__failed=1),
            5,
        )
    }
    assert (tiles["sign_ins"].value, tiles["sign_ins"].trend[-1]) == (3, 3)
    assert len(tiles["sign_ins"].trend) == 24
    assert tiles["refused"].value == 2
    assert tiles["refresh_success"].value == 90
    assert tiles["sessions"].value == 5
    assert figures.tiles([], 0)[1].value == 0


@pytest.mark.req("S11")
def test_live_sessions_are_the_most_of_each_step_and_hold_where_nobody_counted() -> None:
    """Before the first count there are none; a step without one repeats the last."""
    at = START
    counts = [(at + 300, {"sessions": 7}), (at + 350, {"sessions": 5}), (at + 500, {"e:x": 3}),
              (at + 950, {"sessions": 0}), (at + 1_000, {"sessions": 2})]  # fmt: skip
    assert figures.most_live(counts, at, at + 1_000, 5) == [0, 7, 7, 7, 2]
    assert figures.most_live([], at, at + 1_000, 2) == [0, 0]


def test_percentiles_are_upper_bounds_and_none_without_renewals() -> None:
    """Nineteen fast, one slow: half below 50 ms, all below 5 s."""
    counted = [{"l:0.05": 19, "l:5": 1}]
    assert figures.percentile(counted, 0.5) == 0.05
    assert figures.percentile(counted, 0.95) == 0.05
    assert figures.percentile(counted, 0.99) == 5
    assert figures.percentile([{}], 0.5) is None


def test_an_outage_lasts_until_somebody_asks_again() -> None:
    """From the five minutes in which a circuit opened to those in which one closed."""
    counts = [
        (0.0, {}),
        (300.0, {"b:open": 1}),
        (600.0, {}),
        (900.0, {"b:closed": 1}),
        (1200.0, {}),
    ]
    (band,) = figures.outages(counts)
    assert (band.start, band.end) == (300, 1200)
    (still,) = figures.outages(counts[:3])
    assert still.end == 900


def test_live_sessions_are_carried_over_minutes_in_which_nobody_counted() -> None:
    """No dip to zero between two counts."""
    series = figures.sessions_over_time(
        [(0.0, {"sessions": 7}), (300.0, {}), (600.0, {"sessions": 8})]
    )
    assert series.counts["live"] == (7, 7, 8)


@pytest.mark.parametrize(
    ("event", "details", "outcome"),
    [
        ("session_renewed", {}, "renewed"),
        ("session_renewal_refused", {}, "refused"),
        ("session_renewal_failed", {"unknown": True}, "unknown"),
        ("session_renewal_failed", {"unknown": False}, "failed"),
    ],
)
def test_every_renewal_has_one_outcome(event: str, details: dict[str, bool], outcome: str) -> None:
    """Four words, closed."""
    assert (
        figures.refresh_row(1, Record(event=event, at=1.0, details={**details})).outcome == outcome
    )


def test_a_renewal_says_what_the_provider_answered_and_until_when_it_holds() -> None:
    """Two members of the entry; an entry of before they were written has neither."""
    kept = Record(event="session_renewed", at=1.0, details={"expires_at": 901.5})
    refused = Record(event="session_renewal_refused", at=1.0, details={"error": "invalid_grant"})
    assert figures.refresh_row(1, kept).expires_at == 901.5
    assert figures.refresh_row(2, refused).error == "invalid_grant"
    old = figures.refresh_row(3, Record(event="session_renewed", at=1.0, details={}))
    assert (old.error, old.expires_at) == (None, None)


def test_a_sentence_says_what_the_picture_shows() -> None:
    """Counts, the others by name, and how slow."""
    assert figures.summary(with_last()) == "Nothing was renewed in this time."
    said = figures.summary(with_last(r__renewed=1_200, r__failed=3, l__1=1_200))
    assert said == "1,200 of 1,203 renewals succeeded, 3 failed; 95 % took at most 1 s."
