"""The table of requirements: requirements.toml, read and checked."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("requirements.toml")
ID = re.compile(r"([SNR])([1-9][0-9]*)")
GROUPS = "SNR"


@dataclass(frozen=True)
class Requirement:
    """One line: how strongly it is asked, where it comes from, what it says; a reason, where one is written."""

    id: str
    level: str
    source: str
    says: str
    reason: str | None = None


class TableInvalid(Exception):
    """The table says something that cannot be meant."""


def order(identifier: str) -> tuple[int, int]:
    """S before N before R, then by number. Raises TableInvalid."""
    match = ID.fullmatch(identifier)
    if match is None:
        raise TableInvalid(f"{identifier}: expected S, N or R and a number")
    return GROUPS.index(match[1]), int(match[2])


def read_table(text: str) -> dict[str, Requirement]:
    """Every requirement by its id, in order.

    Raises:
        TableInvalid: a field missing, empty or unknown; a reason for an id that is not there.
    """
    content = tomllib.loads(text)
    reasons = content.pop("reasons", {})
    if strangers := set(reasons) - set(content):
        raise TableInvalid(f"reasons for {', '.join(sorted(strangers))}, which the table lacks")
    table = {}
    for identifier in sorted(content, key=order):
        fields = content[identifier]
        if set(fields) != {"level", "source", "says"} or not all(fields.values()):
            raise TableInvalid(f"{identifier}: expected level, source and says")
        table[identifier] = Requirement(identifier, reason=reasons.get(identifier), **fields)
    return table


def requirements() -> dict[str, Requirement]:
    """The table of this repository."""
    return read_table(TABLE.read_text(encoding="utf-8"))
