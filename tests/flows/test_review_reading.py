"""A reading says the same as whoever looks at every row."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bff.audit.rows import SessionRow
from bff.flows.review_reading import FIELDS, Reading, SessionFilter

USERS, AGENTS, NETWORKS = ("ada", "Grace", ""), ("Chrome", "curl", None), ("192.0.2.0/24", None)
STATES = ("active", "idle", "stuck")


def a_row(number: int, **given_: Any) -> SessionRow:
    """One of a few, so that many are alike."""
    fields: dict[str, Any] = {
        "name": None,
        "idle_expires_at": 0.0,
        "absolute_expires_at": 0.0,
        "access_lifetime": 1.0,
        "alerts": 0,
        "own": False,
    }
    return SessionRow(ref=f"s_{number:02}", **(fields | given_))


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(STATES),
            "subject": st.sampled_from(USERS),
            "agent": st.sampled_from(AGENTS),
            "address": st.sampled_from(NETWORKS),
            "started_at": st.sampled_from([1.0, 2.0, 3.0]),
            "seen_at": st.sampled_from([1.0, 2.0]),
            "access_expires_at": st.sampled_from([1.0, 2.0]),
            "refreshes": st.integers(0, 2),
            "client_changed": st.booleans(),
        }
    ),
    max_size=20,
)
FILTERS = st.builds(
    SessionFilter,
    q=st.sampled_from(["", "a", "GRACE", "s_01", "nobody"]),
    state=st.sampled_from(["", *STATES]),
    subject=st.sampled_from(["", "ada"]),
    address=st.sampled_from(["", "192.0.2.0/24"]),
    agent=st.sampled_from(["", "curl"]),
    client_changed=st.booleans(),
    started_after=st.sampled_from([None, 2.0]),
    started_before=st.sampled_from([None, 3.0]),
    sort=st.sampled_from([*FIELDS, *(f"-{name}" for name in FIELDS)]),
)


def is_meant(row: SessionRow, wanted: SessionFilter) -> bool:
    """One row, one condition after the other."""
    texts = (row.subject, row.ref, row.name or "", row.address or "", row.agent or "")
    return (
        any(wanted.q.lower() in text.lower() for text in texts)
        and wanted.state in {"", row.state}
        and wanted.subject in {"", row.subject}
        and wanted.address in {"", row.address}
        and wanted.agent in {"", row.agent}
        and (row.client_changed or not wanted.client_changed)
        and (wanted.started_after is None or row.started_at >= wanted.started_after)
        and (wanted.started_before is None or row.started_at < wanted.started_before)
    )


@given(rows=ROWS, wanted=st.lists(FILTERS, min_size=1, max_size=4))
def test_it_says_what_every_row_says(
    rows: list[dict[str, Any]], wanted: list[SessionFilter]
) -> None:
    """Which, in which order, how many of each kind; the second look as the first."""
    made = [a_row(number, **row) for number, row in enumerate(rows)]
    reading = Reading(0.0, made, complete=True)
    for each in [*wanted, *wanted]:
        look = reading.look(each)
        field = FIELDS[each.sort.removeprefix("-")]
        meant = [row for row in made if is_meant(row, each)]
        meant.sort(
            key=lambda row: (getattr(row, field), row.ref),
            reverse=each.sort.startswith("-"),
        )
        assert list(look.rows) == meant
        without = SessionFilter(
            **{name: getattr(each, name) for name in SessionFilter.__struct_fields__}
            | {"state": "", "sort": "started"}
        )
        near = [row for row in made if is_meant(row, without)]
        assert look.facets["state"] == Counter(row.state for row in near)
        assert look.facets["agent"] == Counter(row.agent or "unknown" for row in near)


def test_looks_are_forgotten_in_the_end() -> None:
    """A reading that many look at stays small."""
    reading = Reading(
        0.0,
        [
            a_row(
                1,
                **dict.fromkeys(("state", "subject", "agent", "address"), "x"),
                started_at=1.0,
                seen_at=1.0,
                access_expires_at=1.0,
                refreshes=0,
                client_changed=False,
            )
        ],
        complete=True,
    )
    for number in range(100):
        reading.look(SessionFilter(q=str(number)))
    assert len(reading._looks) == 16
