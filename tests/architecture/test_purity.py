"""What import contracts cannot see in the pure rooms: waiting, speaking, and state that changes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, modules, parse

ROOMS = ("session", "audit", "browser", "oidc", "resource")
WAITING = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
SPEAKING = frozenset({"breakpoint", "exec", "eval", "input", "open", "print"})


def is_signature(node: ast.AST) -> bool:
    """A Protocol's method: a docstring and an ellipsis say what somebody else does."""
    if not isinstance(node, ast.AsyncFunctionDef):
        return False
    constants = [line for line in node.body if isinstance(line, ast.Expr)]
    return node.body == constants and all(
        isinstance(line.value, ast.Constant) for line in constants
    )


def impurities(tree: ast.AST) -> Iterator[str]:
    """Each line that waits, speaks or rebinds a module's names."""
    for node in ast.walk(tree):
        if isinstance(node, WAITING) and not is_signature(node):
            yield f"{node.lineno}: waits"
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield f"{node.lineno}: keeps state"
        elif isinstance(node, ast.Name) and node.id in SPEAKING:
            yield f"{node.lineno}: {node.id}"


def pure_files() -> list[Path]:
    """The pure rooms' files, and the errors."""
    house = ROOT / "bff"
    rooms = [path for path in modules("bff") if path.relative_to(house).parts[0] in ROOMS]
    return [*rooms, house / "errors.py"]


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_file_neither_waits_nor_speaks_nor_remembers(path: Path) -> None:
    """The same arguments give the same answer, at once and without a trace."""
    assert list(impurities(parse(path))) == []


@pytest.mark.parametrize(
    "line",
    ["async def f(): return 1", "print('x')", "open('x')", "def f():\n    global a\n    a = 1"],
)
def test_an_impurity_is_noticed(line: str) -> None:
    """Each kind, planted."""
    assert list(impurities(ast.parse(line)))
