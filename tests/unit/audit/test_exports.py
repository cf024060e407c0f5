"""Rows as files."""

import msgspec
import pytest

from bff.audit.exports import to_csv, to_jsonl


class Line(msgspec.Struct):
    """An example."""

    who: str | None
    count: int
    more: dict[str, str] = {}


@pytest.mark.req("N119", "S11")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    """A user whose name is a formula stays a name."""
    text = to_csv([Line(f"{start}HYPERLINK(1)", -5)]).decode()
    header, line = text.split("\r\n")[:2]
    assert header == "who,count,more"
    assert line.lstrip('"').startswith(("'", " HYPER"))
    assert ",-5," in line


@pytest.mark.req("N119")
def test_a_line_break_cannot_make_a_line() -> None:
    """One row, one line, in both forms."""
    rows = [Line("a\r\nb", 1, {"x": "\n"}), Line(None, 2)]
    assert len(to_csv(rows).decode().splitlines()) == 3
    assert len(to_jsonl(rows).splitlines()) == 2
    assert to_csv([]) == b""


def test_a_second_page_goes_on_below_the_first() -> None:
    """One heading for the whole file."""
    first, second = to_csv([Line("a", 1)]), to_csv([Line("b", 2)], heading=False)
    assert [line.split(",")[0] for line in (first + second).decode().splitlines()] == [
        "who",
        "a",
        "b",
    ]
