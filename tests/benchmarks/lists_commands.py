"""What the commands of the terminal take on the same ground, for :mod:`tests.benchmarks.lists`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

COMMANDS = {
    "sessions list, 50": ("sessions", "list", "--json"),
    "sessions list, all": ("sessions", "list", "--json", "--limit", "1000000"),
    "report of 7 days": ("report", "--since", "7d", "--out", "-"),
    "sessions end, of one browser": (
        "sessions", "end", "--filter", "agent=Firefox on Linux", "--reason", "benchmark", "--yes",
    ),
}  # fmt: skip


def commands(config: Path) -> Iterator[str]:
    """A row for each: seconds, CPU seconds and MiB of the command, octets it wrote."""
    yield "| command | s | CPU s | MiB at most | octets | exit |"
    yield "|---|--:|--:|--:|--:|--:|"
    program = Path(sys.executable).parent / "bff"
    for name, words in COMMANDS.items():
        out = config.with_name("command.out")
        began = time.perf_counter()
        with out.open("wb") as said:
            running = subprocess.Popen(
                [program, *words, "--config", config], stdout=said, stderr=subprocess.DEVNULL
            )
            _, status, used = os.wait4(running.pid, 0)
        took = time.perf_counter() - began
        running.returncode = code = os.waitstatus_to_exitcode(status)
        yield (
            f"| {name} | {took:.1f} | {used.ru_utime + used.ru_stime:.1f} | {used.ru_maxrss / 1024:.0f} "
            f"| {out.stat().st_size:,} | {code} |"
        )
