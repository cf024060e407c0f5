"""``make fuzz``: every target for ten minutes, two at a time, politely; a table at the end, exit 1 for a finding.

``python -m tests.fuzz --seconds 60 return_to`` runs some for less; ``python -m tests.fuzz TARGET FILE`` replays one
input in this process.
"""

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import SEEDS, TARGETS

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / ".cache/fuzz"
STATUS = re.compile(
    r"#(?P<runs>\d+)\s+(?P<event>\w+)\s+cov: (?P<cov>\d+) ft: (?P<ft>\d+) corp: (?P<corp>\d+)"
)
PROGRESS_SECONDS = 30


@dataclass
class Outcome:
    """What one run came to: executions, code edges at the start and at the end, inputs kept, and what was found."""

    target: str
    executions: int = 0
    edges_before: int = 0
    edges: int = 0
    features: int = 0
    corpus: int = 0
    finding: str = ""

    def row(self) -> str:
        """A line of the table."""
        return (
            f"| {self.target} | {self.executions:,} | {self.edges_before} | {self.edges} "
            f"| {self.features} | {self.corpus} | {self.finding or 'none'} |"
        )


def command(target: str, corpus: Path, *options: str) -> list[str]:
    """How a target is run under atheris; seeds are read, ``corpus`` grows."""
    return [
        *(sys.executable, "-m", "tests.fuzz.guided", target, "-max_len=4096", "-timeout=20"),
        *("-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={corpus}-"),
        *(*options, str(corpus), str(SEEDS / target)),
    ]


def read(outcome: Outcome, line: str) -> None:
    """Take what a line of libFuzzer's says."""
    match = STATUS.match(line)
    if match is not None:
        outcome.executions = int(match["runs"])
        outcome.edges, outcome.features = int(match["cov"]), int(match["ft"])
        outcome.corpus = int(match["corp"])
        if match["event"] == "INITED":
            outcome.edges_before = outcome.edges
    elif line.startswith("stat::number_of_executed_units:"):
        outcome.executions = int(line.rsplit(maxsplit=1)[-1])
    elif "Test unit written to" in line and "slow-unit" not in line:
        outcome.finding = line.rsplit(maxsplit=1)[-1]


def run(target: str, seconds: int, say: threading.Lock) -> Outcome:
    """One target until its time is over or something is found."""
    corpus = FOUND / target
    corpus.mkdir(parents=True, exist_ok=True)
    outcome = Outcome(target)
    nice = ["nice", "-n", "19"] if shutil.which("nice") else []
    arguments = [
        *nice,
        *command(target, corpus, f"-max_total_time={seconds}", "-report_slow_units=5"),
    ]
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        log = []
        for line in process.stderr:
            log.append(line)
            read(outcome, line)
            if " pulse " in line or "INITED" in line:
                with say:
                    print(f"{target}: {line.strip()}", flush=True)
    (FOUND / f"{target}.log").write_text("".join(log), encoding="utf-8")
    if process.returncode != 0 and not outcome.finding:
        outcome.finding = f"exit {process.returncode}, see .cache/fuzz/{target}.log"
    with say:
        print(
            f"{target}: {outcome.executions:,} executions, found: {outcome.finding or 'nothing'}",
            flush=True,
        )
    return outcome


def main() -> int:
    """Run, and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long each target runs (600)")
    parser.add_argument("--at-once", type=int, default=2, help="how many targets run together (2)")
    parser.add_argument("target", nargs="*", help="targets, or one target and the file to replay")
    given = parser.parse_args()
    if len(given.target) == 2 and Path(given.target[1]).is_file():
        TARGETS[given.target[0]](Path(given.target[1]).read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: it has wheels for Linux on x86-64, Python 3.11 to 3.13.")
        return 1
    say = threading.Lock()
    with ThreadPoolExecutor(given.at_once) as pool:
        targets = given.target or list(TARGETS)
        outcomes = list(pool.map(lambda target: run(target, given.seconds, say), targets))
    print("\n| target | executions | edges at start | edges | features | corpus | finding |")
    print("|---|--:|--:|--:|--:|--:|---|")
    print(*(outcome.row() for outcome in outcomes), sep="\n")
    return 1 if any(outcome.finding for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
