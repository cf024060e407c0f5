"""docs/acceptance.md names the tests of each case, and each of them is there."""

import re

from tests.architecture.tree import ROOT

PAGE = ROOT / "docs/acceptance.md"
CASES = 35
ROW = re.compile(r"^\| (\d+) \|.*\| (.+) \|$", re.MULTILINE)
NUMBERED = re.compile(r"^def (test(?:_(?:and_)?\d\d)+_\w+)\(", re.MULTILINE)


def rows() -> dict[int, list[str]]:
    """``file::test`` by case."""
    text = PAGE.read_text(encoding="utf-8")
    return {int(number): re.findall(r"`([^`]+)`", tests) for number, tests in ROW.findall(text)}


def is_there(test: str) -> bool:
    """A function of a Python file; the title of a block of a TypeScript file."""
    path, _, name = test.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    wanted = f"def {name}(" if path.endswith(".py") else f"('{name}'"
    return wanted in text


def numbers(name: str) -> set[int]:
    """The cases in the name of a test: test_12_and_13_… is of two."""
    return {int(each) for each in re.findall(r"_(\d\d)(?=_)", name)}


def test_every_case_has_a_test_that_is_there() -> None:
    """No hole in the list, and no name that is nobody's."""
    named = rows()
    assert list(named) == list(range(1, CASES + 1))
    assert [case for case, tests in named.items() if not tests] == []
    assert [each for tests in named.values() for each in tests if not is_there(each)] == []


def test_every_test_with_a_number_is_named_for_its_case() -> None:
    """So that the page stays whole when a test is added."""
    named = rows()
    missing = [
        f"{path.name}::{name} for case {case}"
        for path in sorted((ROOT / "tests/e2e").glob("test_*.py"))
        for name in NUMBERED.findall(path.read_text(encoding="utf-8"))
        for case in numbers(name)
        if f"tests/e2e/{path.name}::{name}" not in named.get(case, [])
    ]
    assert missing == []
