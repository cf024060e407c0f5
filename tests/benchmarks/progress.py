"""Where a run of the benchmarks is, for whoever waits for it: the section, the round, about how long is left."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

SHORT_SECONDS = 90
"""Below this, what is left is told in seconds."""


def spoken(seconds: float) -> str:
    """About how long."""
    if seconds < SHORT_SECONDS:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min"


@dataclass
class Progress:
    """Says what happens, each line with its place. ``planned`` are the run's sections in order, with the seconds of each."""

    planned: Mapping[str, float]
    section: str = ""
    section_left: float = 0.0

    def enter(self, section: str) -> None:
        """A section begins. KeyError for one that was not planned."""
        self.section, self.section_left = section, self.planned[section]

    def left(self) -> float:
        """Seconds until the end of the run: of this section, and of those after it."""
        names = list(self.planned)
        after = names[names.index(self.section) + 1 :]
        return self.section_left + sum(self.planned[name] for name in after)

    def line(self, what: str) -> str:
        """``what``, with its place before it."""
        number = list(self.planned).index(self.section) + 1
        place = f"{number} of {len(self.planned)}, {self.section}"
        return f"[{place}; about {spoken(self.left())} left] {what}"

    def say(self, what: str, *, section_left: float | None = None) -> None:
        """On standard error; ``section_left`` are the seconds that this section takes from here on."""
        if section_left is not None:
            self.section_left = section_left
        print(self.line(what), file=sys.stderr, flush=True)
