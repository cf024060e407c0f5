"""Each fuzz target for a moment, guided by coverage; `make fuzz` is the long run."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

from tests.fuzz.__main__ import ROOT, Outcome, command, read
from tests.fuzz.targets import TARGETS

EXECUTIONS = {"settings": 300}


@pytest.mark.req("N8", "N10", "N11", "N13", "N15", "N25", "N86", "N88", "N89", "N106", "N107")
@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python"
)
@pytest.mark.parametrize("target", TARGETS)
def test_a_short_run_finds_nothing(target: str, tmp_path: Path) -> None:
    """The same inputs each time: no crash, no acceptance of what the specification refuses."""
    runs = EXECUTIONS.get(target, 1500)
    outcome = Outcome(target)
    done = subprocess.run(
        command(target, tmp_path, f"-runs={runs}", "-seed=20261125"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )
    for line in done.stderr.splitlines():
        read(outcome, line)
    assert done.returncode == 0, done.stderr[-3000:]
    assert outcome.finding == ""
    assert outcome.executions >= runs
    assert outcome.edges > 0
