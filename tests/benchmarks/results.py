"""What was measured: kept one row a line, and told as the Markdown tables of docs/performance.md."""

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.subjects import SUBJECTS

Row = dict[str, Any]
FLOOR = "nginx"
"""The subject above whose latency that of the others is told: the plain proxy, without sessions."""
NONE = "-"
"""Where there is no figure."""
EVERYTHING = ("cpu_us", "rps", "p50_ms", "p99_ms")
SIZES = ("mb_s", "cpu_us", "p99_ms")
TABLES = {
    **dict.fromkeys(("small", "small at 1", "small at 64", "storm", "quiet"), EVERYTHING),
    **dict.fromkeys(("100k", "1m"), SIZES),
}


@dataclass(frozen=True)
class Results:
    """The rows in a file. A round that failed has a row too: it says why, under ``failed``."""

    path: Path

    def add(self, section: str, subject: str, **figures: float | str) -> None:
        """Keep one row."""
        row = {"section": section, "subject": subject, "at": int(time.time()), **figures}
        with self.path.open("a") as kept:
            kept.write(json.dumps(row) + "\n")

    def rows(self) -> list[Row]:
        """All of them."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def begin_anew(self) -> None:
        """Put aside what was measured before, so that the medians are those of one run."""
        if self.path.exists():
            self.path.replace(self.path.with_suffix(f".{int(self.path.stat().st_mtime)}.jsonl"))


def table(rows: Sequence[Row], section: str, columns: Sequence[str]) -> str:
    """The medians of one section, and how far its rounds lie apart.

    With both latencies among the columns there is one more: how far each lies above the plain
    proxy's. A subject some of whose rounds failed says how many of them gave its figures.
    """
    own = [row for row in rows if row["section"] == section]
    floor = _medians(own, FLOOR)
    latencies = [name for name in ("p50_ms", "p99_ms") if name in columns]
    added = ["above nginx, p50 and p99 ms"] if floor and len(latencies) == 2 else []
    names = [*columns, *added, "CPU, rounds"]
    lines = [f"| {section} | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for name, subject in SUBJECTS.items():
        tried = [row for row in own if row["subject"] == name]
        medians = _medians(tried, name)
        figures = [f"{medians[column]:,.1f}" if medians else NONE for column in columns]
        if added:
            apart = [round(medians[it] - floor[it], 1) for it in latencies] if medians else []
            told = ", ".join(f"{value + 0.0:+,.1f}" for value in apart)
            figures.append(NONE if name == FLOOR or not apart else told)
        if tried:
            lines.append("| " + " | ".join([subject.title, *figures, _rounds(tried)]) + " |")
    return "\n".join(lines)


def _medians(rows: Sequence[Row], subject: str) -> dict[str, float]:
    good = [row for row in rows if row["subject"] == subject and "failed" not in row]
    names = {name for row in good for name in row} - {"section", "subject", "at"}
    return {name: statistics.median(row[name] for row in good) for name in names}


def _rounds(tried: Sequence[Row]) -> str:
    """How many rounds, and the least and the most CPU a call in them."""
    cpu = [row["cpu_us"] for row in tried if "failed" not in row]
    count = str(len(cpu)) if len(cpu) == len(tried) else f"{len(cpu)} of {len(tried)}"
    return f"{count}: {min(cpu):.0f}-{max(cpu):.0f}" if cpu else f"{count} rounds"
