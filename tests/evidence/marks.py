"""Which test names which requirement, read from the sources: nothing is imported, nothing runs.

Python: ``@pytest.mark.req("N71", "S7")`` on a function, a class, a parameter, or as ``pytestmark``.
TypeScript: ``// req: S14, S15`` on the line above ``it(``, ``test(`` or ``describe(``, or ``[S14]`` in its name.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SCRIPT_SUFFIXES = (".test.ts", ".test.tsx", ".spec.ts", ".spec.tsx")
BLOCK = re.compile(r"""^\s*(?:it|test|describe)(?:\.[\w.]+)?\(\s*(['"`])(?P<name>.*?)\1""")
COMMENT = re.compile(r"^\s*//\s*req:\s*(?P<ids>.+?)\s*$")
IN_NAME = re.compile(r"\[((?:[A-Z][0-9]+)(?:,\s*[A-Z][0-9]+)*)\]")


@dataclass(frozen=True, order=True)
class Proof:
    """A test that names a requirement: its file from the root, its name, the sentence it says of itself."""

    path: str
    name: str
    says: str = ""


class MarkInvalid(Exception):
    """A mark that cannot be read, or that no test carries."""


Marks = Iterator[tuple[str, Proof]]


def marks_of(path: str, text: str) -> Marks:
    """Each (id, test) of one file. Raises MarkInvalid."""
    if path.endswith(".py"):
        yield from python_marks(path, text)
    elif path.endswith(SCRIPT_SUFFIXES):
        yield from script_marks(path, text)


def python_marks(path: str, text: str) -> Marks:
    """The ``req`` marks of a Python file. Raises MarkInvalid for one that no test carries."""
    if "mark.req" not in text:
        return
    module = ast.parse(text, filename=path)
    used: set[ast.Call] = set()
    shared = _calls(_pytestmarks(module.body), used)
    for name, says, nodes in _tests(module.body):
        for identifier in sorted({*shared, *_calls(nodes, used)}):
            yield identifier, Proof(path, name, says)
    for node in ast.walk(module):
        if _is_mark(node) and node not in used:
            raise MarkInvalid(f"{path}:{getattr(node, 'lineno', 0)}: no test carries this mark")


def _tests(body: list[ast.stmt]) -> Iterator[tuple[str, str, list[ast.AST]]]:
    """Name, sentence, and the nodes that may hold marks, of each test in ``body``."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test(node.name):
            yield node.name, _sentence(node), [*node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            own: list[ast.AST] = [*node.decorator_list, *_pytestmarks(node.body)]
            for name, says, nodes in _tests(node.body):
                yield f"{node.name}.{name}", says, [*own, *nodes]
            if own and not any(True for _ in _tests(node.body)):
                yield node.name, _sentence(node), own
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name != "pytestmark" and any(_is_mark(inner) for inner in ast.walk(node.value)):
                yield name, "", [node.value]


def _pytestmarks(body: Iterable[ast.stmt]) -> list[ast.AST]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id == "pytestmark" for to in node.targets)
    ]


def _calls(nodes: Iterable[ast.AST], used: set[ast.Call]) -> list[str]:
    """The ids named by the marks in ``nodes``; each mark is noted as used."""
    found = []
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and _is_mark(inner):
                used.add(inner)
                found += [_text(argument) for argument in inner.args]
    return found


def _is_mark(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "req"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "mark"
    )


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise MarkInvalid(f"line {getattr(node, 'lineno', 0)}: a mark names its ids in so many words")


def _is_test(name: str) -> bool:
    return name.startswith("test_")


def _sentence(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """The first line of the docstring."""
    lines = (ast.get_docstring(node) or "").splitlines()
    return lines[0] if lines else ""


def script_marks(path: str, text: str) -> Marks:
    """The ids in comments above TypeScript tests, and in brackets in their names."""
    waiting: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if (comment := COMMENT.match(line)) is not None:
            waiting = [part.strip() for part in comment["ids"].split(",")]
        elif (block := BLOCK.match(line)) is not None:
            named = IN_NAME.findall(block["name"])
            ids = {*waiting, *(part.strip() for group in named for part in group.split(","))}
            says = IN_NAME.sub("", block["name"]).strip()
            for identifier in sorted(ids):
                yield identifier, Proof(path, says)
            waiting = []
        elif waiting and line.strip():
            raise MarkInvalid(f"{path}:{number}: a req comment stands directly above its test")


def collect(root: Path, folders: Iterable[Path]) -> dict[str, list[Proof]]:
    """Every id that is named below ``folders``, with its tests in order. Raises MarkInvalid."""
    found: dict[str, set[Proof]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if "node_modules" in path.parts or not path.is_file():
                continue
            if path.suffix == ".py" or path.name.endswith(SCRIPT_SUFFIXES):
                name = path.relative_to(root).as_posix()
                for identifier, proof in marks_of(name, path.read_text(encoding="utf-8")):
                    found.setdefault(identifier, set()).add(proof)
    return {identifier: sorted(proofs) for identifier, proofs in found.items()}
