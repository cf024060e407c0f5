"""A configuration for other ports: the demo's own file, with every address of the demo moved."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomli_w

LOCAL_ADDRESS = re.compile(r"(?P<host>localhost|127\.0\.0\.1|\[::1\]):(?P<port>\d+)")


def move_ports(value: object, ports: Mapping[int, int], *, key: str = "") -> object:
    """``value`` with its local addresses moved.

    A number counts as one under a key that ends in "port".
    """
    match value:
        case dict():
            return {name: move_ports(inner, ports, key=name) for name, inner in value.items()}
        case list():
            return [move_ports(inner, ports, key=key) for inner in value]
        case str():
            return LOCAL_ADDRESS.sub(
                lambda found: (
                    f"{found['host']}:{ports.get(int(found['port']), int(found['port']))}"
                ),
                value,
            )
        case int() if key.endswith("port"):
            return ports.get(value, value)
        case _:
            return value


def anchor_folders(value: object, folder: Path, *, key: str = "") -> object:
    """``value`` with each relative path under a key that ends in "_dir" made absolute."""
    match value:
        case dict():
            return {name: anchor_folders(inner, folder, key=name) for name, inner in value.items()}
        case str() if key.endswith("_dir"):
            return str(folder / value)
        case _:
            return value


def set_value(table: dict[str, object], path: str, value: object) -> None:
    """Set ``a.b.c``, making tables that are missing; a number counts in an array."""
    *parents, last = path.split(".")
    here: object = table
    for part in parents:
        if isinstance(here, list):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here.setdefault(part, {})
        else:
            raise TypeError(f"{path}: {part} lies in something that holds no values")
    if isinstance(here, list):
        here[int(last)] = value
    elif isinstance(here, dict):
        here[last] = value
    else:
        raise TypeError(f"{path}: {last} lies in something that holds no values")


def write_moved(
    base: Path, target: Path, ports: Mapping[int, int], values: Mapping[str, object]
) -> None:
    """``base`` with its addresses moved and then ``values`` set, as a TOML file."""
    moved = move_ports(tomllib.loads(base.read_text(encoding="utf-8")), ports)
    moved = anchor_folders(moved, base.resolve().parent)
    if not isinstance(moved, dict):  # a TOML document is a table
        raise TypeError(base)
    for path, value in values.items():
        set_value(moved, path, value)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(tomli_w.dumps(moved), encoding="utf-8")
