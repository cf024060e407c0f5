"""Subjects standing beside each other, each signed in, ready to be measured in turn."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.ground import Ground, Program, await_url
from tests.benchmarks.load import BadRound, Load, load
from tests.benchmarks.sign_in import write_sessions
from tests.benchmarks.subjects import SUBJECTS, Subject, sessions_file
from upstream_mocks.processes import free_ports

SESSIONS = 32
WARM_SECONDS = 1.0


@dataclass(frozen=True)
class Standing:
    """One subject that runs."""

    subject: Subject
    port: int
    program: Program
    sessions: Path

    def measured(
        self, path: str, *, connections: int, seconds: float, pause_ms: int = 0
    ) -> tuple[Load, float]:
        """One run: what wrk saw, and the CPU microseconds of each request. BadRound when it answered badly."""
        before = self.program.cpu_seconds()
        seen = load(
            self.port,
            path,
            self.sessions,
            connections=connections,
            seconds=seconds,
            pause_ms=pause_ms,
        )
        used = self.program.cpu_seconds() - before
        return seen, used / seen.requests * 1e6


@contextmanager
def standing(
    names: Sequence[str],
    *,
    sessions: int = SESSIONS,
    access_token_seconds: int = 36_000,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[Ground, dict[str, Standing]]]:
    """The subjects named, on one ground; ``say`` is told of each before it starts."""
    ports = dict(zip(names, free_ports(2 * len(names))[::2], strict=True))
    origins = [f"http://localhost:{port}" for port in ports.values()]
    with tempfile.TemporaryDirectory(prefix="bff-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's and Apache's workers may be somebody else
        ground = Ground(folder, origins, access_token_seconds)
        try:
            ground.start()
            up: dict[str, Standing] = {}
            for number, subject in enumerate(names, 1):
                say(f"starting {subject}, {number} of {len(names)}, and signing in there")
                up[subject] = _start(SUBJECTS[subject], ground, ports[subject], sessions)
            yield ground, up
        finally:
            ground.end()


def _start(subject: Subject, ground: Ground, port: int, sessions: int) -> Standing:
    program = subject.start(ground, port)
    path = sessions_file(ground.folder, subject.name)
    origin = f"http://localhost:{port}"
    await_url(origin + "/", lambda _: True)
    try:
        if subject.login:
            count = 1 if subject.kind == "apache" else sessions
            write_sessions(path, origin, subject.login, count, ground.authorities)
        else:
            path.write_text("authorization=Bearer " + "x" * 900 + "\n")
        here = Standing(subject, port, program, path)
        with suppress(*([BadRound] if subject.is_peer else [])):  # its rounds will tell
            here.measured("/api/1k", connections=4, seconds=WARM_SECONDS)
    except Exception as error:
        said = program.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{subject.name} does not do its work: {error}\n{said}") from error
    return here
