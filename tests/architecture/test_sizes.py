"""Small functions, honest files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, modules, parse

FUNCTION_LINES = 60
FILE_LINES = 300


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function, its docstring not counted."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None and isinstance(first, ast.Expr)
            docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
            yield (
                f"{node.name}:{node.lineno}",
                (node.end_lineno or node.lineno) - node.lineno + 1 - docstring,
            )


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_is_longer_than_a_screen(package: str) -> None:
    """At most 60 lines, signature included."""
    long = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in modules(package)
        for name, lines in functions(path)
        if lines > FUNCTION_LINES
    }
    assert long == {}


def test_no_file_of_the_product_is_longer_than_its_budget() -> None:
    """At most 300 lines."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules("bff")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }
    assert long == {}
