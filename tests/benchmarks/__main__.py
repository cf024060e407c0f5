"""make bench: ``python -m tests.benchmarks [install | run SECTION | table]``.

    install          everything the peers need, from the package registries
    run SECTION      one section, added to what was measured before: small, connections, large, storm
    table            the Markdown tables of all that was measured

Sections are run one at a time, so that each is short; ``make bench`` runs them all.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.benchmarks.field import Standing, standing
from tests.benchmarks.programs import CACHE, install
from tests.benchmarks.subjects import SUBJECTS

RESULTS = CACHE / "results.jsonl"
ROUNDS = 5
READY = [name for name in SUBJECTS if name != "bff-storm"]
"""Those that all sections but the storm compare."""
SECONDS = 2.0  # wrk takes whole ones


def note(section: str, subject: str, **figures: float) -> None:
    """Keep one measurement."""
    row = {"section": section, "subject": subject, "at": int(time.time()), **figures}
    with RESULTS.open("a") as results:
        results.write(json.dumps(row) + "\n")
    said = ", ".join(f"{name} {value:.1f}" for name, value in figures.items())
    print(f"{section}: {subject}: {said}", file=sys.stderr, flush=True)


def measure(
    section: str, here: Standing, path: str, connections: int, seconds: float, pause_ms: int = 0
) -> None:
    """One run of one subject."""
    seen, cpu = here.measured(path, connections=connections, seconds=seconds, pause_ms=pause_ms)
    note(
        section,
        here.subject.name,
        cpu_us=cpu,
        rps=seen.requests / seen.seconds,
        mb_s=seen.octets / seen.seconds / 1e6,
        p50_ms=seen.p50_us / 1000,
        p99_ms=seen.p99_us / 1000,
    )


def small(names: list[str]) -> None:
    """1 KB at 16 connections: rounds interleaved, so that a slow minute is everybody's."""
    with standing(names) as (_, up):
        for _ in range(ROUNDS):
            for here in up.values():
                measure("small", here, "/api/1k", 16, SECONDS)


def connections(names: list[str]) -> None:
    """1 KB at 1 and at 64 connections."""
    with standing(names) as (_, up):
        for _ in range(3):
            for here in up.values():
                for count in (1, 64):
                    measure(f"small at {count}", here, "/api/1k", count, 2.0)


def large(names: list[str]) -> None:
    """100 KB and 1 MB at 16 connections."""
    with standing(names) as (_, up):
        for _ in range(3):
            for here in up.values():
                for size in ("100k", "1m"):
                    measure(size, here, f"/api/{size}", 16, 2.0)


def storm(names: list[str]) -> None:
    """A thousand sessions due for renewal at once, at a steady pace; then the same when all is quiet."""
    del names
    with standing(["bff"], sessions=1000, access_token_seconds=90) as (_, up):
        here = up["bff"]
        time.sleep(max(0.0, 62 - (time.time() - here.sessions.stat().st_mtime)))
        measure("storm", here, "/api/1k", 32, 10.0, pause_ms=60)
        measure("quiet", here, "/api/1k", 32, 10.0, pause_ms=60)


SECTIONS: dict[str, Callable[[list[str]], None]] = {
    "small": small,
    "connections": connections,
    "large": large,
    "storm": storm,
}


def rows() -> list[dict[str, Any]]:
    """All that was measured."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def table(section: str, columns: Iterable[str]) -> str:
    """Medians of one section, and how far the rounds lie apart."""
    columns = list(columns)
    measured = [row for row in rows() if row["section"] == section]
    lines = [
        f"| {section} | " + " | ".join(columns) + " | CPU, rounds |",
        "|---|" + "--:|" * (len(columns) + 1),
    ]
    for name, subject in SUBJECTS.items():
        own = [row for row in measured if row["subject"] == name]
        if own:
            medians = [statistics.median(row[column] for row in own) for column in columns]
            spread = [row["cpu_us"] for row in own]
            figures = " | ".join(f"{value:,.1f}" for value in medians)
            lines.append(
                f"| {subject.title} | {figures} | {len(own)}: {min(spread):.0f}-{max(spread):.0f} |"
            )
    return "\n".join(lines)


def tables() -> None:
    """All of them."""
    everything = ("cpu_us", "rps", "p50_ms", "p99_ms")
    for section in ("small", "small at 1", "small at 64", "storm", "quiet"):
        print(table(section, everything) + "\n")
    for section in ("100k", "1m"):
        print(table(section, ("mb_s", "cpu_us", "p99_ms")) + "\n")


def main(arguments: list[str]) -> None:
    """As above."""
    match arguments:
        case ["install"]:
            install()
        case ["run", section, *chosen]:
            SECTIONS[section](chosen or READY)
        case ["table"]:
            tables()
        case ["all"]:
            install()
            for section, run in SECTIONS.items():
                print(f"section {section}", file=sys.stderr, flush=True)
                run(READY)
            tables()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
