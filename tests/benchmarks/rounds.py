"""One measurement after the other, kept and told as it is made."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.load import BadRound, Load
from tests.benchmarks.progress import Progress
from tests.benchmarks.results import Results
from tests.benchmarks.subjects import Subject

SECONDS = 2.0  # wrk takes whole ones
OVERHEAD_SECONDS = 0.2
"""Of each measurement, beside the load itself: wrk's start, its sessions read."""


@dataclass(frozen=True)
class Case:
    """What is measured: the section that its figures belong to, the path, the connections."""

    section: str
    path: str
    connections: int


class Stands(Protocol):
    """A subject that runs."""

    @property
    def subject(self) -> Subject:
        """Which."""
        ...

    def measured(
        self, path: str, *, connections: int, seconds: float, pause_ms: int = 0
    ) -> tuple[Load, float]:
        """One run: what the load saw, and the CPU microseconds of each request. BadRound when it answered badly."""
        ...


def figures(seen: Load, cpu_us: float) -> dict[str, float]:
    """What is kept of a run."""
    return {
        "cpu_us": cpu_us,
        "rps": seen.requests / seen.seconds,
        "mb_s": seen.octets / seen.seconds / 1e6,
        "p50_ms": seen.p50_us / 1000,
        "p99_ms": seen.p99_us / 1000,
    }


@dataclass(frozen=True)
class Bench:
    """Where figures are kept, and who says how far it is."""

    results: Results
    progress: Progress

    def rounds(self, number: int, standing: Collection[Stands], cases: Sequence[Case]) -> None:
        """All of them, interleaved, so that a slow minute is everybody's."""
        left = number * len(standing) * len(cases)
        for current in range(1, number + 1):
            for here in standing:
                for case in cases:
                    left -= 1
                    self.measure(
                        here,
                        case,
                        place=f"round {current} of {number}, ",
                        section_left=left * (SECONDS + OVERHEAD_SECONDS),
                    )

    def measure(
        self,
        here: Stands,
        case: Case,
        *,
        seconds: float = SECONDS,
        pause_ms: int = 0,
        place: str = "",
        section_left: float | None = None,
    ) -> None:
        """One run of one subject; of a peer that answers badly, two.

        BadRound when it was this product, or the plain proxy, that answered badly.
        """
        name = here.subject.name
        said = f"{place}{case.section}: {name}: "
        for then in ("once more", "going on without it"):
            try:
                seen, cpu_us = here.measured(
                    case.path, connections=case.connections, seconds=seconds, pause_ms=pause_ms
                )
            except BadRound as error:
                if not here.subject.is_peer:
                    raise
                self.results.add(case.section, name, failed=str(error))
                self.progress.say(f"{said}FAILED, {then}: {error}", section_left=section_left)
            else:
                kept = figures(seen, cpu_us)
                self.results.add(case.section, name, **kept)
                told = ", ".join(f"{column} {value:,.1f}" for column, value in kept.items())
                self.progress.say(said + told, section_left=section_left)
                return
