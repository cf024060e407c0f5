"""The repository as the architecture tests see it.

What would be committed, and nothing that make or git made.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bff", "upstream_mocks")


def ignored_folders() -> frozenset[str]:
    """Folder names that .gitignore keeps out, and git's own."""
    lines = map(str.strip, (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())
    return frozenset({line.rstrip("/") for line in lines if line and line[0] != "#"} | {".git"})


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the repository."""
    ignored = ignored_folders()
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and entry.name not in ignored and not entry.is_symlink():
            yield from files(entry)
        elif entry.is_file():
            yield entry


def texts() -> Iterator[tuple[str, str]]:
    """Path from the root and content, of every file that is text."""
    for path in files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(package: str) -> list[Path]:
    """The package's Python files."""
    return [path for path in files(ROOT / package) if path.suffix == ".py"]


def parse(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
