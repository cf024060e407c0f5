"""``make chaos``: every scenario at full length, progress as it goes, Markdown tables at the end. Exit 1 if a promise broke."""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos import scenarios
from tests.chaos.ground import QUICK_LEASE, Ground, Row, a_ground
from tests.chaos.killing import STEPS, killed
from tests.chaos.redis_trouble import TROUBLES, redis_in_trouble
from tests.e2e.processes import Stack

STALL: dict[str, object] = {"fault": "slow", "seconds": 60, "count": 1}
DOWN: dict[str, object] = {"fault": "status", "status": 503, "retry_after": 5}
Scenario = Callable[[Ground], Row]


@dataclass(frozen=True)
class Act:
    """Scenarios that follow each other on one stack."""

    name: str
    bffs: int
    scenarios: tuple[Scenario, ...]
    settings: Mapping[str, object]


def acts() -> tuple[list[Act], list[Act]]:
    """Those that may go on side by side, being about what happens; then those that measure."""
    stall = partial(scenarios.bad_provider, name="stalls 60 s", lasts=65, fault=STALL)
    down = partial(scenarios.bad_provider, name="answers 503 for 2 minutes", lasts=120, fault=DOWN)
    race = partial(scenarios.logout_race, rounds=1000)
    beside = [
        Act("stall", 4, (stall,), {}),
        Act("outage", 4, (down,), {}),
        Act("races", 2, (partial(race, back_channel=False), partial(race, back_channel=True)), {}),
        Act(
            "mishaps",
            2,
            (
                scenarios.lost_answer,
                partial(scenarios.down_past_expiry, lasts=30),
                *(partial(redis_in_trouble, how=how) for how in TROUBLES),
                *(partial(killed, name=step) for step in STEPS),
            ),
            QUICK_LEASE,
        ),
    ]
    alone = [
        Act(
            "bursts",
            4,
            (
                partial(scenarios.storm, expiries=20, at_once=200),
                partial(scenarios.soon_is_not_slower, rounds=20, at_once=200),
            ),
            {},
        )
    ]
    return beside, alone


class Show:
    """The progress, on standard error; keeps the rows."""

    def __init__(self, total: int) -> None:
        self.rows: dict[str, list[Row]] = {}
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._one_at_a_time = threading.Lock()

    def done(self, act: Act, row: Row) -> None:
        """One more."""
        with self._one_at_a_time:
            self._done += 1
            self.rows.setdefault(act.name, []).append(row)
            minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
            verdict = "held" if row.held else "BROKEN"
            print(
                f"[{self._done:2}/{self._total}] {minutes:2}:{seconds:02} {verdict:6} {row.scenario}: {told(row)}",
                file=sys.stderr,
                flush=True,
            )


def told(row: Row) -> str:
    """Its figures in one line."""
    return ", ".join(f"{name} {value}" for name, value in row.figures.items())


def play(act: Act, show: Show) -> None:
    """On a stack in a folder of its own, ended afterwards; what breaks off is a broken promise."""
    with tempfile.TemporaryDirectory(prefix="bff-chaos-") as folder:
        stack = Stack(Path(folder))
        try:
            stack.start()
            with a_ground(stack, act.bffs, act.settings) as ground:
                for scenario in act.scenarios:
                    show.done(act, tried(act, scenario, ground))
        finally:
            stack.end()


def tried(act: Act, scenario: Scenario, ground: Ground) -> Row:
    """Its row, also when it breaks off."""
    try:
        return scenario(ground)
    except Exception as error:  # noqa: BLE001  the table says it, and the exit code
        for name in ("bff0", "redis"):
            ground.stack.resume(name)
            if not ground.stack.is_running(name):
                ground.stack.restart(name)
        return Row(
            f"{act.name}, {act.scenarios.index(scenario) + 1}",
            {"broke off": repr(error)},
            held=False,
        )


def tables(rows: dict[str, list[Row]]) -> str:
    """One table of steps, one of everything else."""
    kills = [row for row in rows.get("mishaps", []) if "session" in row.figures]
    others = [row for act in rows.values() for row in act if row not in kills]
    lines = ["| scenario | figures | held |", "|---|---|---|"]
    lines += [f"| {row.scenario} | {told(row)} | {yes(row)} |" for row in others]
    if kills:
        names = list(kills[0].figures)
        lines += ["", f"| step | {' | '.join(names)} | held |", "|---" * (len(names) + 2) + "|"]
        lines += [
            f"| {row.scenario} | {' | '.join(str(row.figures[name]) for name in names)} | {yes(row)} |"
            for row in kills
        ]
    return "\n".join(lines)


def yes(row: Row) -> str:
    """Whether the promise held."""
    return "yes" if row.held else "**no**"


def main() -> int:
    """Run them all, or the acts named."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    beside, alone = acts()
    parser.add_argument("act", nargs="*", help=", ".join(act.name for act in (*beside, *alone)))
    wanted = parser.parse_args().act
    beside, alone = (
        [act for act in group if not wanted or act.name in wanted] for group in (beside, alone)
    )
    show = Show(sum(len(act.scenarios) for act in (*beside, *alone)))
    if beside:
        with ThreadPoolExecutor(len(beside)) as pool:
            for playing in [pool.submit(play, act, show) for act in beside]:
                playing.result()
    for act in alone:
        play(act, show)
    print(tables(show.rows))
    return 0 if all(row.held for act in show.rows.values() for row in act) else 1


if __name__ == "__main__":
    sys.exit(main())
