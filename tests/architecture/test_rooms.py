"""Every room has a card on its door, and no drawer."""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, files, modules, parse

LABELS = ("For:", "Answers to:", "May import:", "Never knows:", "Called by:")
DRAWERS = frozenset(
    {"base", "common", "core", "helper", "helpers", "lib", "manager", "managers", "misc"}
    | {"service", "services", "shared", "util", "utils"}
)
CARDS = [
    path
    for package in PACKAGES
    for path in modules(package)
    if path.name == "__init__.py" and path.parent.parent != ROOT
]
MAPS = [ROOT / package / "__init__.py" for package in PACKAGES]


def name_of(path: Path) -> str:
    """For pytest's output."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CARDS + MAPS, ids=name_of)
def test_a_package_file_holds_a_docstring_and_no_code(path: Path) -> None:
    """Importing a package runs nothing."""
    body = parse(path).body
    assert len(body) == 1
    assert ast.get_docstring(parse(path))


@pytest.mark.parametrize("path", CARDS, ids=name_of)
def test_a_room_has_a_card_with_five_lines(path: Path) -> None:
    """What it is for, what it answers to, may import, never knows, and who calls it."""
    card = (ast.get_docstring(parse(path)) or "").splitlines()
    labels = [line.split(":")[0] + ":" for line in card if line.startswith(LABELS)]
    assert labels == list(LABELS)
    assert all(
        len(line.strip()) > len(label)
        for label in LABELS
        for line in card
        if line.startswith(label)
    )


def test_the_map_names_every_room() -> None:
    """The docstring of bff lists its rooms."""
    house = ROOT / "bff"
    rooms = {path.parent.name for path in CARDS if path.parent.parent == house}
    rooms |= {path.stem for path in house.glob("*.py") if not path.name.startswith("__")}
    text = ast.get_docstring(parse(house / "__init__.py")) or ""
    assert rooms
    assert {room for room in rooms if room not in text} == set()


def test_every_folder_with_modules_is_a_room() -> None:
    """A folder without a card would be a room nobody described."""
    folders = {path.parent for package in PACKAGES for path in modules(package)}
    assert {name_of(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_there_are_no_drawers() -> None:
    """A file called utils or helpers has no party it answers to."""
    named = [path for part in (*PACKAGES, "web") for path in files(ROOT / part)]
    drawers = {
        name_of(path)
        for path in named
        if DRAWERS
        & {path.stem.lower(), *(part.lower() for part in path.relative_to(ROOT).parts[:-1])}
    }
    assert drawers == set()
