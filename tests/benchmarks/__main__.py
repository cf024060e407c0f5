"""make bench: ``python -m tests.benchmarks [all | install | run SECTION | table | clients]``.

    all              everything below, one after the other; what was measured before is put aside
    install          everything the peers need, from the package registries
    run SECTION      one section, added to what was measured before: small, connections, large, storm
    table            the Markdown tables of all that was measured
    clients          five forwarding clients side by side

``run SECTION SUBJECT ...`` measures the subjects named. A peer that answers badly has its round noted
as failed and is asked once more; this product and the plain proxy may not answer badly.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.field import Standing, standing
from tests.benchmarks.ground import Ground, asked
from tests.benchmarks.programs import CACHE, ROOT, install, python
from tests.benchmarks.progress import Progress
from tests.benchmarks.results import TABLES, Results, table
from tests.benchmarks.rounds import OVERHEAD_SECONDS, SECONDS, Bench, Case
from tests.benchmarks.subjects import SUBJECTS

RESULTS = Results(CACHE / "results.jsonl")
APART = {"bff-ordinary", "bff-storm", "bff-traced", "bff-unsampled"}
READY = [name for name in SUBJECTS if name not in APART]
"""Those that all sections but the storm compare. The others are run by their names: ``run small bff bff-traced``."""
START_SECONDS = 2.5
"""Until a subject stands: its start, thirty-two sign-ins, a second of load."""
COMPARED: dict[str, tuple[int, tuple[Case, ...]]] = {
    "small": (5, (Case("small", "/api/1k", 16),)),
    "connections": (3, (Case("small at 1", "/api/1k", 1), Case("small at 64", "/api/1k", 64))),
    "large": (3, (Case("100k", "/api/100k", 16), Case("1m", "/api/1m", 16))),
}
"""The sections in which subjects stand side by side: how many rounds, and of what."""


def compare(bench: Bench, section: str, names: Sequence[str]) -> None:
    """One of them."""
    rounds, cases = COMPARED[section]
    with standing(names, say=bench.progress.say) as (_, up):
        bench.rounds(rounds, up.values(), cases)


def compare_seconds(section: str, subjects: int) -> float:
    """About how long it takes."""
    rounds, cases = COMPARED[section]
    return subjects * (START_SECONDS + rounds * len(cases) * (SECONDS + OVERHEAD_SECONDS))


STORM_SESSIONS = 1000
STORM_PART_SECONDS, STORM_PARTS, QUIET_PARTS = 10.0, 24, 3
STORM_PARTS_USUAL = 21
"""After how many parts all have renewed, usually."""
STORM_TOKEN_SECONDS = 900
"""The tokens that the product is made for: renewed five minutes early."""
STORM_DUE_SECONDS = 601
"""After its sign-in, when a session is due: a third of the lifetime before expiry, without jitter."""


def storm(bench: Bench) -> None:
    """A thousand sessions due for renewal together, at a steady pace, until all have renewed; then the same when all is quiet.

    Measured in parts of ten seconds, so that the worst ten can be told from the rest; in the first
    everybody comes back after ten minutes, is read from Redis and recorded. RuntimeError
    when not every session renewed in the one half, or any session in the other.
    """
    started = time.time()
    with standing(
        ["bff-storm"],
        sessions=STORM_SESSIONS,
        access_token_seconds=STORM_TOKEN_SECONDS,
        say=bench.progress.say,
    ) as (ground, up):
        here = up["bff-storm"]
        wait_for_all_due(bench.progress, started, here.sessions.stat().st_mtime)
        before = seen = renewals(ground)
        for number in range(STORM_PARTS):
            section = "storm" if number else "storm, everybody back after ten minutes"
            measure_part(bench, here, section, parts_left=max(STORM_PARTS_USUAL - number - 1, 0))
            granted = renewals(ground)
            note(bench, "storm, granted meanwhile", granted - seen)
            seen = granted
            if granted - before >= STORM_SESSIONS:
                break
        expect_renewals(bench, "storm", settled_renewals(ground) - before, STORM_SESSIONS)
        before = renewals(ground)
        for number in range(QUIET_PARTS):
            measure_part(bench, here, "quiet", parts_left=-number - 1)
        expect_renewals(bench, "quiet", settled_renewals(ground) - before, 0)


def measure_part(bench: Bench, here: Standing, section: str, parts_left: int) -> None:
    """Ten seconds of either half; ``parts_left`` to come before the quiet ones."""
    bench.measure(
        here,
        Case(section, "/api/1k", 32),
        seconds=STORM_PART_SECONDS,
        pause_ms=60,
        section_left=(parts_left + QUIET_PARTS) * STORM_PART_SECONDS,
    )


def note(bench: Bench, section: str, granted: int) -> None:
    """Keep how many renewals the provider has counted."""
    bench.results.add(section, "bff-storm", granted=granted)
    bench.progress.say(f"{section}: {granted}")


def expect_renewals(bench: Bench, section: str, granted: int, expected: int) -> None:
    """RuntimeError when a half of the storm was not what it is called."""
    note(bench, f"{section}, granted in all", granted)
    if granted != expected:
        raise RuntimeError(f"{section}: {granted} renewals, not {expected}")


def wait_for_all_due(progress: Progress, began: float, signed_in: float) -> None:
    """Until the last who signed in is due; RuntimeError if the first has expired by then."""
    due = signed_in + STORM_DUE_SECONDS
    if due > began + STORM_TOKEN_SECONDS:
        raise RuntimeError(f"signing in took {signed_in - began:.0f} s: too long for one storm")
    while (left := due - time.time()) > 0:
        parts = STORM_PARTS_USUAL + QUIET_PARTS
        progress.say(f"all are due in {left:.0f} s", section_left=left + parts * STORM_PART_SECONDS)
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


SECTIONS: dict[str, float] = {
    **{section: compare_seconds(section, len(READY)) for section in COMPARED},
    "storm": 880,
}
"""And the seconds that each takes with its usual subjects."""
EVERYTHING: dict[str, float] = {"install": 120, **SECTIONS, "clients": 60}


def run(bench: Bench, section: str, names: Sequence[str]) -> None:
    """One section. KeyError for one that there is not."""
    bench.progress.enter(section)
    if section == "storm":
        storm(bench)
    else:
        compare(bench, section, names)


def run_everything() -> None:
    """Install, every section, the tables, the clients."""
    bench = Bench(RESULTS, Progress(EVERYTHING))
    bench.progress.enter("install")
    bench.progress.say("the peers, from the package registries")
    install()
    RESULTS.begin_anew()
    for section in SECTIONS:
        run(bench, section, READY)
    tables()
    bench.progress.enter("clients")
    bench.progress.say("five forwarding clients")
    clients()


def tables() -> None:
    """All of them."""
    rows = RESULTS.rows()
    for section, columns in TABLES.items():
        print(table(rows, section, columns) + "\n")


def clients() -> None:
    """The table of the forwarding clients, in the Python that has them all."""
    subprocess.run([python(), "-m", "tests.benchmarks.clients"], cwd=ROOT, check=True)


def main(arguments: list[str]) -> None:
    """As above."""
    match arguments:
        case ["install"]:
            install()
        case ["run", section, *chosen] if section in SECTIONS:
            names = chosen or READY
            seconds = SECTIONS[section] * (len(names) / len(READY) if section in COMPARED else 1)
            run(Bench(RESULTS, Progress({section: seconds})), section, names)
        case ["table"]:
            tables()
        case ["all"]:
            run_everything()
        case ["clients"]:
            clients()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
