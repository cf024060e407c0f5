"""What the benchmarks make of what they measure: a peer's bad round ends nothing and is told, ours ends the run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.load import BadRound, Load, seen_in
from tests.benchmarks.progress import Progress, spoken
from tests.benchmarks.results import EVERYTHING, Results, Row, table
from tests.benchmarks.rounds import Bench, Case
from tests.benchmarks.subjects import SUBJECTS, Subject

GOOD = Load(requests=1000, seconds=2.0, octets=4_000_000, p50_us=500, p99_us=1400)
SMALL = Case("small", "/api/1k", 16)


@dataclass
class Scripted:
    """A subject whose runs are decided beforehand: True for good answers."""

    name: str
    runs: Iterator[bool]

    @property
    def subject(self) -> Subject:
        """As the benchmarks know it."""
        return SUBJECTS[self.name]

    def measured(
        self, path: str, *, connections: int, seconds: float, pause_ms: int = 0
    ) -> tuple[Load, float]:
        """The next of them."""
        del connections, seconds, pause_ms
        if not next(self.runs):
            raise BadRound(f"{path}: 0 requests, 0 broken, 0 refused")
        return GOOD, 70.0


def bench(folder: Path) -> Bench:
    """Keeps its rows in the folder; small is the first of two sections."""
    return Bench(Results(folder / "results.jsonl"), Progress({"small": 30, "large": 60}))


def run(folder: Path, name: str, *runs: bool, rounds: int = 3) -> Sequence[Row]:
    """The rows after so many rounds of that subject beside the plain proxy, which answers well."""
    here = bench(folder)
    here.progress.enter("small")
    beside = Scripted("nginx", iter([True] * rounds))
    here.rounds(rounds, [beside, Scripted(name, iter(runs))], [SMALL])
    return here.results.rows()


def cells(rows: Sequence[Row], name: str) -> list[str]:
    """The subject's line in the table of the small bodies."""
    title = SUBJECTS[name].title
    (line,) = (
        line
        for line in table(rows, "small", EVERYTHING).splitlines()
        if line.startswith(f"| {title} |")
    )
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_peers_bad_round_is_noted_and_made_once_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It keeps its three rounds, and the table says how many were tried."""
    rows = run(tmp_path, "apache", True, False, True, True)
    failed = [row["failed"] for row in rows if "failed" in row]
    assert failed == ["/api/1k: 0 requests, 0 broken, 0 refused"]
    assert cells(rows, "apache")[-1] == "3 of 4: 70-70"
    said = capsys.readouterr().err
    assert "round 2 of 3, small: apache: FAILED, once more: /api/1k: 0 requests" in said


def test_a_peer_that_fails_twice_goes_without_and_the_others_go_on(tmp_path: Path) -> None:
    """The second attempt is the last of its round."""
    rows = run(tmp_path, "apache", True, False, False, True)
    assert cells(rows, "apache")[-1] == "2 of 4: 70-70"
    assert cells(rows, "nginx")[-1] == "3: 70-70"


def test_a_peer_that_never_answers_well_has_no_figures(tmp_path: Path) -> None:
    """And stays in the table."""
    rows = run(tmp_path, "express", *[False] * 6)
    assert cells(rows, "express")[1:] == ["-", "-", "-", "-", "-", "0 of 6 rounds"]


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name.startswith("bff")] + ["nginx"])
def test_a_bad_round_of_this_product_or_of_the_plain_proxy_ends_the_run(
    tmp_path: Path, name: str
) -> None:
    """A figure of ours is never what is left when the bad ones are taken away."""
    here = bench(tmp_path)
    here.progress.enter("small")
    with pytest.raises(BadRound):
        here.measure(Scripted(name, iter([False, True])), SMALL)
    assert not here.results.path.exists()


def test_the_other_subjects_are_peers() -> None:
    """So the test above has named all that are not."""
    peers = {name for name, subject in SUBJECTS.items() if subject.is_peer}
    assert peers == {"fastify", "express", "apache", "apache-tuned", "starlette"}


def row(subject: str, **figures: float) -> Row:
    """One round of small bodies."""
    return {"section": "small", "subject": subject, "at": 0, "cpu_us": 70.0, "rps": 9.0} | figures


def test_the_latency_above_the_plain_proxy_is_that_of_the_medians() -> None:
    """Not the median of differences, nor that of the best round; less than the proxy's has a minus."""
    rows = [
        *(
            row("nginx", p50_ms=p50, p99_ms=p99)
            for p50, p99 in ((0.5, 3.0), (0.4, 9.0), (0.9, 2.0))
        ),
        *(row("bff", p50_ms=p50, p99_ms=p99) for p50, p99 in ((1.1, 2.5), (9.0, 2.4), (1.0, 2.6))),
    ]
    assert cells(rows, "bff")[3:] == ["1.1", "2.5", "+0.6, -0.5", "3: 70-70"]
    assert cells(rows, "nginx")[3:] == ["0.5", "3.0", "-", "3: 70-70"]


def test_without_the_plain_proxy_nothing_is_above_it() -> None:
    """The column is left out."""
    rows = [row("bff", p50_ms=1.0, p99_ms=2.0)]
    assert cells(rows, "bff")[3:] == ["1.0", "2.0", "1: 70-70"]
    assert "above" not in table(rows, "small", EVERYTHING)


def test_what_was_measured_before_is_put_aside(tmp_path: Path) -> None:
    """Nothing is lost, and nothing is in the next run's medians."""
    results = Results(tmp_path / "results.jsonl")
    results.begin_anew()
    results.add("small", "bff", cpu_us=70.0)
    results.begin_anew()
    results.add("small", "bff", cpu_us=80.0)
    assert [kept["cpu_us"] for kept in results.rows()] == [80.0]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "counts", ["0 2000000 0 0 0 0 0", "9 2000000 90 1 0 5 6", "9 2000000 90 0 1 5 6"]
)
def test_answers_that_broke_were_refused_or_did_not_come_are_a_bad_round(counts: str) -> None:
    """The script writes its line below what wrk itself says."""
    with pytest.raises(BadRound):
        seen_in(f"Running 2s test\nRESULT {counts}\n", "/api/1k")


def test_good_answers_are_counted() -> None:
    """Duration in microseconds, as wrk has it."""
    seen = seen_in("Running 2s test\nRESULT 1000 2000000 4000000 0 0 500 1400\n", "/api/1k")
    assert seen == GOOD


def test_a_line_of_progress_says_where_the_run_is() -> None:
    """This section's rest, and the sections after it."""
    progress = Progress({"install": 120, "small": 100, "large": 200})
    progress.enter("small")
    assert progress.line("x") == "[2 of 3, small; about 5 min left] x"
    progress.section_left = 10
    assert progress.left() == 210
    progress.enter("large")
    progress.section_left = 20
    assert progress.line("x") == "[3 of 3, large; about 20 s left] x"


def test_rounds_count_down_to_the_sections_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the last measurement what is left is the other section."""
    run(tmp_path, "bff", True, True, True)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 6
    assert "about 71 s left] round 1 of 3, small: nginx: cpu_us 70.0, rps 500.0" in said[0]
    assert "about 60 s left] round 3 of 3, small: bff: " in said[5]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (-3, "0 s"), (89, "89 s"), (90, "2 min"), (1500, "25 min")]
)
def test_how_long_is_said_in_seconds_or_minutes(seconds: float, words: str) -> None:
    """Nobody waits for a fraction."""
    assert spoken(seconds) == words
