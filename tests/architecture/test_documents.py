"""Documents about security say what the repository holds."""

import re

import pytest

from tests.architecture.tree import ROOT, files
from tests.evidence.__main__ import FOLDERS
from tests.evidence.marks import collect
from tests.evidence.requirements import requirements

MODEL = ROOT / "docs/security/threat-model.md"
BRACKETS = re.compile(r"\[((?:[SNR]\d+|to|,|\s)+)\](?!\()")
WINDOW_MESSAGE = re.compile(
    r"""\.postMessage\([^)]*,\s*['"`*]|\.(?:parent|opener)\b|addEventListener\(\s*['"]message['"]"""
)


def named_in_the_model() -> set[str]:
    """Every id in brackets; ``N4 to N7`` names those between too."""
    ids: set[str] = set()
    for group in BRACKETS.findall(MODEL.read_text(encoding="utf-8")):
        for part in group.split(","):
            ends = re.findall(r"([SNR])(\d+)", part)
            letter, first, last = ends[0][0], int(ends[0][1]), int(ends[-1][1])
            ids |= {f"{letter}{number}" for number in range(first, last + 1)}
    return ids


def test_the_threat_model_leans_on_tests_that_exist() -> None:
    """Each id it names is in the table, and a test shows it."""
    named = named_in_the_model()
    assert len(named) > 60
    assert named - set(requirements()) == set()
    assert sorted(named - set(collect(ROOT, FOLDERS))) == []


@pytest.mark.req("N49")
def test_no_window_speaks_to_another_window() -> None:
    """Tabs hear each other over a channel of their own origin; nothing is posted to, or heard from, a stranger's window."""
    said = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for folder in (ROOT / "web", ROOT / "bff")
        for path in files(folder)
        if path.suffix in {".ts", ".tsx", ".js", ".html", ".py"} and "tests" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if WINDOW_MESSAGE.search(line)
    ]
    assert said == []
