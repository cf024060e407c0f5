"""``make chaos``: every scenario at full length, progress as it goes, a Markdown table at the end. Exit 1 if a promise broke."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import scenarios
from tests.chaos.scenarios import Field, Row
from tests.e2e.processes import Stack

QUICK_LEASE: dict[str, object] = {"refresh.budget_seconds": 5, "refresh.lease_seconds": 6}
STALL: dict[str, object] = {"fault": "slow", "seconds": 60, "grant": "refresh_token", "count": 1}
DOWN: dict[str, object] = {"fault": "status", "status": 503, "retry_after": 5}
LATE: dict[str, object] = {"fault": "stall_after_grant", "seconds": 3}
LOST = "ended: reauth_required"
Scenario = tuple[int, dict[str, object], Callable[[Field], Row]]
SCENARIOS: list[Scenario] = [
    (4, {}, lambda ground: scenarios.storm(ground, 20, 200)),
    (2, {}, lambda ground: scenarios.bad_provider(ground, "provider stalls 60 s", 65, **STALL)),
    (2, {}, lambda ground: scenarios.bad_provider(ground, "provider down 2 minutes", 120, **DOWN)),
    (2, {}, scenarios.lost_answer),
    (
        2,
        QUICK_LEASE,
        lambda ground: scenarios.killed(
            ground, "before the provider acts", 0.5, "survived", fault="drop_before"
        ),
    ),
    (
        2,
        QUICK_LEASE,
        lambda ground: scenarios.killed(ground, "between grant and write", 0.5, LOST, **LATE),
    ),
    (2, QUICK_LEASE, lambda ground: scenarios.killed(ground, "after the write", 0.5, "survived")),
    (2, {}, lambda ground: scenarios.redis_hurt(ground, "paused")),
    (2, {}, lambda ground: scenarios.redis_hurt(ground, "restarted")),
    (2, {}, lambda ground: scenarios.redis_hurt(ground, "refusing writes")),
    (2, {}, scenarios.soon_is_not_slower),
    (2, {}, lambda ground: scenarios.logout_race(ground, 1000, back_channel=False)),
    (2, {}, lambda ground: scenarios.logout_race(ground, 1000, back_channel=True)),
]


@contextmanager
def ground_for(bffs: int, settings: dict[str, object]) -> Iterator[Field]:
    """A stack in a folder of its own, ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="bff-chaos-") as folder:
        stack = Stack(Path(folder))
        try:
            stack.start()
            with scenarios.a_field(lambda: stack, bffs, **settings) as ground:
                yield ground
        finally:
            stack.end()


def main() -> int:
    """Run them all."""
    rows: list[Row] = []
    for number, (bffs, settings, scenario) in enumerate(SCENARIOS, 1):
        began = time.monotonic()
        print(f"[{number}/{len(SCENARIOS)}] {bffs} processes …", file=sys.stderr, flush=True)
        with ground_for(bffs, settings) as ground:
            rows.append(scenario(ground))
        row = rows[-1]
        took = time.monotonic() - began
        print(
            f"      {row.scenario}: {row.figures} {'held' if row.held else 'BROKEN'} ({took:.0f} s)",
            file=sys.stderr,
            flush=True,
        )
    print("| scenario | figures | held |\n|---|---|---|")
    for row in rows:
        figures = ", ".join(f"{name} {value}" for name, value in row.figures.items())
        print(f"| {row.scenario} | {figures} | {'yes' if row.held else '**no**'} |")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
