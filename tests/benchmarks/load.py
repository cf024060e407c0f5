"""wrk on the second core: how many requests, how fast, how late."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.programs import library_path, program

SCRIPT = Path(__file__).with_name("sessions.lua")
LOAD_CORE = 1


class BadRound(RuntimeError):
    """Who was asked gave no answers, or bad ones."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw."""

    requests: int
    seconds: float
    octets: int
    p50_us: int
    p99_us: int


def load(
    port: int,
    path: str,
    sessions: Path,
    *,
    connections: int,
    seconds: float,
    pause_ms: int = 0,
) -> Load:
    """Run it. BadRound when not every answer was a good one, or none came."""
    command = [
        "taskset",
        "-c",
        str(LOAD_CORE),
        program("wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{seconds:g}s",
        "--timeout",
        "30s",
        "-s",
        str(SCRIPT),
        f"http://127.0.0.1:{port}",
        "--",
        path,
        str(sessions),
    ]
    done = subprocess.run(
        command,
        env={
            **os.environ,
            **library_path(),
            "PAUSE_MS": str(pause_ms),
            **({"SESSIONS_KEPT": str(sessions)} if pause_ms else {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BadRound(f"{path}: wrk ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return seen_in(done.stdout, path)


def seen_in(said: str, path: str) -> Load:
    """What the script's last line tells. BadRound as above."""
    line = next(line for line in said.splitlines() if line.startswith("RESULT"))
    count, duration, octets, broken, refused, p50, p99 = (int(word) for word in line.split()[1:])
    if broken or refused or not count:
        raise BadRound(f"{path}: {count} requests, {broken} broken, {refused} refused")
    return Load(count, duration / 1e6, octets, p50, p99)
