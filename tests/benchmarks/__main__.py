"""make bench: ``python -m tests.benchmarks [install | run SECTION | table | clients]``.

    install          everything the peers need, from the package registries
    run SECTION      one section, added to what was measured before: small, connections, large, storm
    table            the Markdown tables of all that was measured
    clients          five forwarding clients side by side

Sections are run one at a time, so that each is short; ``make bench`` runs them all.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.benchmarks.field import Standing, standing
from tests.benchmarks.ground import Ground, asked
from tests.benchmarks.programs import CACHE, ROOT, install, python
from tests.benchmarks.subjects import SUBJECTS

RESULTS = CACHE / "results.jsonl"
ROUNDS = 5
APART = {"bff-ordinary", "bff-storm", "bff-traced", "bff-unsampled"}
READY = [name for name in SUBJECTS if name not in APART]
"""Those that all sections but the storm compare. The others are run by their names: ``run small bff bff-traced``."""
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


STORM_SESSIONS = 1000
STORM_PART_SECONDS, STORM_PARTS, QUIET_PARTS = 10.0, 14, 3
STORM_TOKEN_SECONDS = 900
"""The tokens that the product is made for: renewed five minutes early."""
STORM_DUE_SECONDS = 601
"""After its sign-in, when a session is due: a third of the lifetime before expiry, without jitter."""


def storm(names: list[str]) -> None:
    """A thousand sessions due for renewal together, at a steady pace, until all have renewed; then the same when all is quiet.

    Measured in parts of ten seconds, so that the worst ten can be told from the rest; in the first
    everybody comes back after ten minutes, is read from Redis and recorded. RuntimeError
    when not every session renewed in the one half, or any session in the other.
    """
    del names
    started = time.time()
    with standing(
        ["bff-storm"], sessions=STORM_SESSIONS, access_token_seconds=STORM_TOKEN_SECONDS
    ) as (
        ground,
        up,
    ):
        here = up["bff-storm"]
        wait_for_all_due(started, here.sessions.stat().st_mtime)
        before = seen = renewals(ground)
        for number in range(STORM_PARTS):
            section = "storm" if number else "storm, everybody back after ten minutes"
            measure(section, here, "/api/1k", 32, STORM_PART_SECONDS, pause_ms=60)
            granted = renewals(ground)
            note("storm, granted meanwhile", here.subject.name, granted=granted - seen)
            seen = granted
            if granted - before >= STORM_SESSIONS:
                break
        expect_renewals("storm", settled_renewals(ground) - before, STORM_SESSIONS)
        before = renewals(ground)
        for _ in range(QUIET_PARTS):
            measure("quiet", here, "/api/1k", 32, STORM_PART_SECONDS, pause_ms=60)
        expect_renewals("quiet", settled_renewals(ground) - before, 0)


def expect_renewals(section: str, granted: int, expected: int) -> None:
    """RuntimeError when a half of the storm was not what it is called."""
    note(f"{section}, granted in all", "bff-storm", granted=granted)
    if granted != expected:
        raise RuntimeError(f"{section}: {granted} renewals, not {expected}")


def wait_for_all_due(began: float, signed_in: float) -> None:
    """Until the last who signed in is due; RuntimeError if the first has expired by then."""
    due = signed_in + STORM_DUE_SECONDS
    if due > began + STORM_TOKEN_SECONDS:
        raise RuntimeError(f"signing in took {signed_in - began:.0f} s: too long for one storm")
    while (left := due - time.time()) > 0:
        print(f"storm: all are due in {left:.0f} s", file=sys.stderr, flush=True)
        time.sleep(min(left, 20.0))


def renewals(ground: Ground) -> int:
    """The refresh grants that the provider has given."""
    issued: dict[str, int] = json.loads(asked(f"{ground.issuer}/__stats"))["issued"]
    return issued.get("refresh_token", 0)


def settled_renewals(ground: Ground) -> int:
    """The same, once none has been added for a second."""
    seen = -1
    while (now := renewals(ground)) != seen:
        seen = now
        time.sleep(1.0)
    return seen


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


def clients() -> None:
    """The table of the forwarding clients, in the Python that has them all."""
    subprocess.run([python(), "-m", "tests.benchmarks.clients"], cwd=ROOT, check=True)


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
            clients()
        case ["clients"]:
            clients()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
