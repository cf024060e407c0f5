"""The hash chain, against everybody who would rewrite history."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.audit.chain import Link, Verifier, first_link, next_link
from bff.audit.record import Entry, Record

KEY = b"k" * 32


def trail(*chains: str, length: int = 6) -> list[Entry]:
    """Entries of several chains, taking turns."""
    links = {name: first_link(name) for name in chains}
    entries = []
    for number in range(1, length + 1):
        for name in chains:
            body = msgspec.json.encode(Record(event="session_ended", at=float(number)))
            links[name] = next_link(KEY, links[name], body)
            entries.append(entry(links[name], body))
    return entries


def entry(link: Link, body: bytes) -> Entry:
    """A link in its place."""
    return Entry(
        id=f"{link.number}-0", seq=1, chain=link.chain, number=link.number, mac=link.mac, body=body
    )


def told(entries: list[Entry], heads: dict[str, int] | None = None) -> list[str]:
    """What the verifier says."""
    verifier = Verifier(KEY)
    verifier.anchor(heads or {})
    for each in entries:
        verifier.read(each)
    return [str(finding) for finding in verifier.findings()]


def about(entries: list[Entry], event: str, **details: object) -> list[Entry]:
    """The same trail with one more entry of its first chain."""
    last = [each for each in entries if each.chain == entries[0].chain][-1]
    body = msgspec.json.encode(Record(event=event, at=9.0, details=details))  # type: ignore[arg-type]
    return [*entries, entry(next_link(KEY, Link(last.chain, last.number, last.mac), body), body)]


@pytest.mark.req("S12")
def test_a_trail_as_it_was_written_is_intact() -> None:
    """Two processes, one trail."""
    assert told(trail("a", "b"), {"a": 6, "b": 6}) == []


@pytest.mark.req("S12")
@given(st.integers(0, 11), st.binary(min_size=1, max_size=20))
def test_an_edited_entry_is_noticed(place: int, junk: bytes) -> None:
    """Whatever was written over it, wherever."""
    entries = trail("a", "b")
    entries[place] = msgspec.structs.replace(entries[place], body=junk)
    assert any(f"altered: entry {entries[place].number} of chain" in each for each in told(entries))


@pytest.mark.req("S12")
@given(st.integers(0, 9))
def test_a_dropped_entry_is_noticed(place: int) -> None:
    """In the middle, by its number."""
    entries = trail("a", "b")
    gone = entries.pop(place)
    what = "cut before" if gone.number == 1 else "missing"
    assert told(entries) == [f"{what}: entry {gone.number} of chain {gone.chain}"]


@pytest.mark.req("S12")
def test_swapped_entries_are_noticed() -> None:
    """Order is part of what is kept."""
    entries = trail("a")
    entries[2], entries[3] = entries[3], entries[2]
    assert "moved: entry 3 of chain a" in told(entries)


@pytest.mark.req("S12")
def test_an_end_cut_off_is_noticed_by_an_anchor() -> None:
    """Of Redis, of a log, or of another chain."""
    assert told(trail("a")[:4], {"a": 6}) == ["cut off: entry 5 to 6 of chain a"]
    anchored = about(trail("a", "b"), "audit_anchor", heads={"b": 6})
    cut = [each for each in anchored if (each.chain, each.number) != ("b", 6)]
    assert told(cut) == ["cut off: entry 6 of chain b"]
    without = [each for each in anchored if each.chain != "b"]
    assert told(without) == ["cut off: entry 1 to 6 of chain b"]


@pytest.mark.req("S12")
def test_a_front_may_only_go_by_retention() -> None:
    """A floor says which entry went last, with its MAC."""
    entries = trail("a", "b")
    front = {each.chain: each for each in entries[:6]}
    floors = {name: f"{each.number}:{each.mac.hex()}" for name, each in front.items()}
    assert told(about(entries, "audit_trimmed", floors=floors)[6:]) == []
    assert told(entries[6:]) == [
        "cut before: entry 1 to 3 of chain a",
        "cut before: entry 1 to 3 of chain b",
    ]
    wrong = {**floors, "b": f"3:{'00' * 32}"}
    assert told(about(entries, "audit_trimmed", floors=wrong)[6:]) == [
        "altered: entry 4 of chain b"
    ]


@pytest.mark.req("S12")
def test_an_entry_written_again_or_with_another_key_is_noticed() -> None:
    """A copy is not history, and only the key makes links."""
    entries = trail("a")
    assert told([*entries, entries[2]]) == ["repeated: entry 3 of chain a"]
    forged = next_link(b"x" * 32, Link("a", 6, entries[-1].mac), b"{}")
    assert "altered: entry 7 of chain a" in told([*entries, entry(forged, b"{}")])


def test_an_unreadable_body_is_said_so() -> None:
    """Even one with a good MAC."""
    link = next_link(KEY, first_link("a"), b"no json")
    assert told([entry(link, b"no json")]) == ["unreadable: entry 1 of chain a"]


def test_separate_losses_are_told_separately() -> None:
    """Neighbours together."""
    entries = [each for each in trail("a", length=9) if each.number not in {2, 3, 6}]
    assert told(entries) == ["missing: entry 2 to 3 of chain a", "missing: entry 6 of chain a"]
