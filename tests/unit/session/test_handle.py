"""The session handle: its text, its key, and when an old one is a replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.session.handle import (
    Handle,
    HandleVerdict,
    acknowledge,
    acknowledgement_due,
    judge_handle,
    read_handle,
    session_key,
    write_handle,
)
from bff.session.model import Acknowledgement, SessionId
from tests.builders import LOOKUP_KEY, NOW, SESSION_ID, a_session

GRACE = 60.0


def test_a_handle_reads_back_as_it_was_written() -> None:
    """Id and generation survive."""
    handle = Handle(SESSION_ID, 12)
    assert read_handle(write_handle(handle)) == handle


@pytest.mark.req("N36")
@pytest.mark.parametrize(
    "text",
    ["", ".", f"{SESSION_ID}", f"{SESSION_ID}.", f"{SESSION_ID}.-1", f"{SESSION_ID}.01", f"{SESSION_ID}.1 ",
     f"{SESSION_ID}A.1", f"{SESSION_ID[1:]}.1", f"{SESSION_ID[1:]}*.1", f"{SESSION_ID}.1\n", f"{SESSION_ID}.9999999999"],
)  # fmt: skip
def test_anything_else_is_no_handle(text: str) -> None:
    """Only the exact form we write is read."""
    assert read_handle(text) is None


@given(st.text())
def test_reading_never_fails(text: str) -> None:
    """Arbitrary text is a handle that writes back the same, or none."""
    handle = read_handle(text)
    assert handle is None or write_handle(handle) == text


@pytest.mark.req("N67", "N66")
def test_the_key_tells_nothing_of_the_id_without_the_lookup_key() -> None:
    """Another lookup key, another name; the id does not occur in it."""
    key = session_key(SESSION_ID, LOOKUP_KEY)
    assert len(key) == 43
    assert SESSION_ID not in key
    assert key != session_key(SESSION_ID, b"another")
    assert key != session_key(SessionId("B" * 43), LOOKUP_KEY)


def test_neither_handle_nor_session_shows_its_secret() -> None:
    """Their repr is safe to log."""
    shown = repr(Handle(SESSION_ID, 3)) + repr(a_session()) + repr(a_session().tokens)
    assert SESSION_ID not in shown
    assert "access-0" not in shown
    assert "refresh-0" not in shown


CASES = [
    # stored, acknowledged (generation, at, previous, previous_at), presented, seconds later,
    # verdict
    (5, (5, 0, 4, -600), 5, 10, HandleVerdict.CURRENT),
    (5, (5, 0, 4, -600), 6, 10, HandleVerdict.CURRENT),
    (6, (5, 0, 4, -600), 5, 10_000, HandleVerdict.SUPERSEDED),
    (6, (6, 0, 5, -600), 5, 59, HandleVerdict.SUPERSEDED),
    (6, (6, 0, 5, -600), 5, 60, HandleVerdict.REPLAYED),
    (6, (6, 0, 4, -600), 5, 59, HandleVerdict.SUPERSEDED),
    (6, (6, 0, 5, -600), 4, 1, HandleVerdict.REPLAYED),
    (6, (6, 0, 5, -30), 4, 1, HandleVerdict.SUPERSEDED),
]


@pytest.mark.req("S7", "S8")
@pytest.mark.parametrize(("stored", "acknowledged", "presented", "later", "verdict"), CASES)
def test_an_old_handle_is_honoured_until_its_successor_is_known_to_have_arrived(
    stored: int,
    acknowledged: tuple[int, float, int, float],
    presented: int,
    later: float,
    verdict: HandleVerdict,
) -> None:
    """A lost response locks nobody out; a handle used after its successor and a grace is a replay."""
    generation, at, previous, previous_at = acknowledged
    session = a_session(
        generation=stored,
        acknowledged=Acknowledgement(generation, NOW + at, previous, NOW + previous_at),
    )
    assert judge_handle(session, presented, NOW + later, GRACE) is verdict


def test_presenting_a_newer_generation_is_acknowledged_once() -> None:
    """The acknowledgement moves up, and remembers the one before."""
    session = a_session(generation=2)
    assert acknowledgement_due(session, 2)
    assert not acknowledgement_due(session, 0)
    assert not acknowledgement_due(session, 3)
    assert acknowledge(session.acknowledged, 2, NOW + 5) == Acknowledgement(2, NOW + 5, 0, NOW)
