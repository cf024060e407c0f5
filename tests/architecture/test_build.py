"""The build's own promises.

Each rule bites when it is broken, each tier runs, each mark means something.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.architecture.tree import ROOT
from tests.conftest import unknown_requirements

BIN = Path(sys.executable).parent
# One violation for each import contract: where, what, and which contract must say no.
PLANTED = [
    ("bff/session/model.py", "import bff.flows", "layers"),
    ("bff/strangers.py", "", "layers"),
    ("bff/endpoints/__init__.py", "import bff.adapters", "adapters"),
    ("bff/session/model.py", "import time", "pure"),
    ("bff/errors.py", "import logging", "pure"),
    ("bff/flows/ports.py", "import asyncio", "flows"),
    ("bff/endpoints/__init__.py", "import bff.oidc", "endpoints"),
    ("bff/adapters/__init__.py", "import litestar", "sockets"),
    ("bff/flows/ports.py", "import bff.flows.access", "cycles"),
    ("upstream_mocks/__init__.py", "import bff.errors", "second-reading"),
]
BANNED = [
    "import secrets",
    "import random",
    "import time\n\nprint(time.time())",
    "import os\n\nprint(os.environ)",
    "import datetime\n\nprint(datetime.datetime.now(datetime.UTC))",
]


def lint_imports(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """One contract over the packages in ``folder``."""
    return subprocess.run(
        [str(BIN / "lint-imports"), "--no-logo", "--no-cache", "--contract", contract],
        cwd=folder,
        env={"PATH": str(BIN), "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, to break."""
    folder = tmp_path_factory.mktemp("house")
    for package in ("bff", "upstream_mocks"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("where", "line", "contract"), PLANTED, ids=str)
def test_a_broken_import_rule_is_noticed(house: Path, where: str, line: str, contract: str) -> None:
    """Each contract says no to a violation planted for it."""
    path = house / where
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        outcome = lint_imports(house, contract)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "BROKEN" in outcome.stdout or "strangers" in outcome.stdout


@pytest.mark.parametrize("source", BANNED)
@pytest.mark.parametrize(
    "where", ["bff/flows/access.py", "bff/adapters/redis_sessions.py", "bff/settings.py"]
)
def test_the_clock_the_dice_and_the_environment_are_banned_outside_the_root(
    source: str, where: str
) -> None:
    """Ruff refuses them by name everywhere but in the composition root."""
    outcome = subprocess.run(
        [
            str(BIN / "ruff"),
            "check",
            "--quiet",
            "--select=TID251",
            f"--stdin-filename={where}",
            "-",
        ],
        cwd=ROOT,
        input=source + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in outcome.stdout, outcome.stdout + outcome.stderr


def test_every_folder_of_tests_is_a_tier_of_make_test() -> None:
    """A tier that nobody runs proves nothing."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tiers = re.search(r"^TIERS\s*:=(.*)$", makefile, re.MULTILINE)
    assert tiers
    folders = {
        path.parent.relative_to(ROOT / "tests").parts[0]
        for path in (ROOT / "tests").glob("*/**/test_*.py")
    }
    assert folders - set(tiers[1].split()) == set()


@pytest.mark.parametrize(
    ("named", "unknown"),
    [
        (("N71", "S7"), []),
        (("R10", "S17", "N128"), []),
        (("N129",), ["N129"]),
        (("R0", "S18", "T1", "n5"), ["R0", "S18", "T1", "n5"]),
        ((), ["a mark without a name"]),
    ],
)
def test_a_mark_that_names_no_requirement_is_refused(
    named: tuple[str, ...], unknown: list[str]
) -> None:
    """Evidence is collected from these marks, so each must point somewhere."""
    item = SimpleNamespace(iter_markers=lambda _name: [SimpleNamespace(args=named)])
    assert unknown_requirements(item) == unknown  # type: ignore[arg-type]
