"""The evidence page is what the marks say, and the marks say something."""

import pytest

from tests.evidence.__main__ import PAGE, evidence
from tests.evidence.marks import MarkInvalid, Proof, python_marks, script_marks
from tests.evidence.page import render
from tests.evidence.requirements import TableInvalid, read_table, requirements

LINE = '[{id}]\nlevel = "MUST"\nsource = "a"\nsays = "b"\n'


def test_the_evidence_page_is_fresh() -> None:
    """It was generated from the marks and the table as they are now."""
    text, _, unknown = evidence()
    assert unknown == []
    assert PAGE.read_text(encoding="utf-8") == text, "stale: run `make generated`"


def test_the_table_has_every_requirement() -> None:
    """S1 to S17, N1 to N128, R1 to R10, in order and without a hole."""
    expected = [
        f"{letter}{number}"
        for letter, last in (("S", 17), ("N", 128), ("R", 10))
        for number in range(1, last + 1)
    ]
    assert list(requirements()) == expected


@pytest.mark.parametrize(
    "text",
    [
        LINE.format(id="X1"),
        LINE.format(id="N01"),
        '[N1]\nlevel = "MUST"\nsays = "b"\n',
        LINE.format(id="N1").replace('"a"', '""'),
        LINE.format(id="N1") + '[reasons]\nN2 = "c"\n',
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(text: str) -> None:
    """An unknown letter, a field left out or empty, a reason for nothing."""
    with pytest.raises(TableInvalid):
        read_table(text)


PLACES = {
    "a function": ('@pytest.mark.req("N1", "S2")\ndef test_a():\n    """Says so."""\n', "test_a"),
    "a class": (
        '@pytest.mark.req("N1", "S2")\nclass TestA:\n    def test_b(self): ...',
        "TestA.test_b",
    ),
    "a parameter": (
        (
            '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("N1", "S2"))])\n'
            "async def test_a(x): ..."
        ),
        "test_a",
    ),
    "the module": ('pytestmark = [pytest.mark.req("N1", "S2")]\ndef test_a(): ...', "test_a"),
    "a machine": ('TestA = pytest.mark.req("N1", "S2")(Machine.TestCase)', "TestA"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_mark_is_found_wherever_a_test_may_carry_it(place: str) -> None:
    """On a function, a class, a parameter, a module, a state machine."""
    text, name = PLACES[place]
    found = list(python_marks("tests/test_x.py", text))
    assert [(identifier, proof.name) for identifier, proof in found] == [("N1", name), ("S2", name)]


@pytest.mark.parametrize(
    "text",
    [
        '@pytest.mark.req("N1")\ndef helper(): ...',
        'CASES = 1\nprint(pytest.mark.req("N1"))',
        "@pytest.mark.req(NAME)\ndef test_a(): ...",
    ],
)
def test_a_mark_that_proves_nothing_is_refused(text: str) -> None:
    """On no test, or with an id that only running would tell."""
    with pytest.raises(MarkInvalid):
        list(python_marks("tests/test_x.py", text))


def test_marks_in_typescript_are_found() -> None:
    """In a comment above, or in brackets in the name."""
    text = (
        "// req: S14, S15\nit('waits', () => {\n})\n  test.each(x)('no')\ntest('shows [N49]', f)\n"
    )
    assert list(script_marks("web/a.test.ts", text)) == [
        ("S14", Proof("web/a.test.ts", "waits")),
        ("S15", Proof("web/a.test.ts", "waits")),
        ("N49", Proof("web/a.test.ts", "shows")),
    ]
    with pytest.raises(MarkInvalid):
        list(script_marks("web/a.test.ts", "// req: S14\nconst a = 1\n"))


def test_what_nothing_shows_is_called_a_gap() -> None:
    """Shown, reasoned or missing: never nothing."""
    table = read_table(LINE.format(id="N1") + LINE.format(id="N2") + LINE.format(id="N3"))
    table |= read_table(LINE.format(id="N2") + '[reasons]\nN2 = "The operator decides."\n')
    page = render(table, {"N1": [Proof("tests/test_x.py", "test_a", "Says so.")]})
    assert "1 shown by 1 tests, 1 with a reason, 1 gaps" in page
    assert "- [N3](#n3): b" in page
    assert "Reason: The operator decides." in page
    assert "  - test_a: Says so." in page
