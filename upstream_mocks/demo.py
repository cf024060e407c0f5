"""``make demo``: everything the Procfile names, started, watched, and ended together.

    python -m upstream_mocks.demo [--step "[4/4] "] [--end-with-parent]

Each process writes to ``.demo/logs/NAME.log``; with DEMO_VERBOSE=1 their lines come to the terminal
as well. Ctrl-C, a closed terminal or SIGTERM end everything; so does the end of any one process,
which is then named, with the end of its log. Ports are the demo's own unless BFF_PORT,
OPERATORS_PORT, PROVIDER_PORT, API_PORT or REDIS_PORT say otherwise.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from upstream_mocks import processes, tethered

PORTS = {
    "BFF_PORT": ("bff", 8700),
    "OPERATORS_PORT": ("bff", 8701),
    "PROVIDER_PORT": ("provider", 8710),
    "API_PORT": ("api", 8720),
    "REDIS_PORT": ("redis", 8730),
}
PORT_NUMBERS = range(1, 2**16)
READY_WITHIN_SECONDS = 60.0
GRACE_SECONDS = 5.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """Something the person at the terminal must know; the message is for them."""


@dataclass
class Ending:
    """Whether, and how urgently, we were asked to end."""

    requests: int = 0

    def install(self) -> None:
        """Listen to the signals that end a demo.

        One that our starter ignores (nohup) stays ignored.
        """
        for signum in ENDING_SIGNALS:
            if signum is signal.SIGINT or signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._note)

    def _note(self, _signum: int, _frame: FrameType | None) -> None:
        self.requests += 1


@dataclass
class Ports:
    """Where everything listens."""

    bff: int
    operators: int
    provider: int
    api: int
    redis: int

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Ports":
        """Raises DemoFailed for what is no port."""
        values = {}
        for variable, (_, default) in PORTS.items():
            text = env.get(variable, "") or str(default)
            if not text.isdecimal() or int(text) not in PORT_NUMBERS:
                raise DemoFailed(f"{variable}={text} is no port.")
            values[variable.removesuffix("_PORT").lower()] = int(text)
        return cls(**values)

    def require_free(self) -> None:
        """Raises DemoFailed that names every taken port and the way out."""
        taken = [
            f"port {port} is in use, and {PORTS[variable][0]} wants it: "
            f"stop what listens there, or set {variable}=…"
            for variable in PORTS
            if not processes.port_is_free(
                port := getattr(self, variable.removesuffix("_PORT").lower())
            )
        ]
        if taken:
            raise DemoFailed("\n".join(taken))

    def checks(self) -> dict[str, Callable[[], bool]]:
        """How each process shows that it is ready."""
        discovery = f"http://127.0.0.1:{self.provider}/.well-known/openid-configuration"
        return {
            "redis": lambda: processes.redis_answers(self.redis),
            "provider": lambda: processes.url_answers(discovery),
            "api": lambda: processes.url_answers(f"http://127.0.0.1:{self.api}/__stats"),
            "bff": lambda: processes.url_answers(f"http://127.0.0.1:{self.operators}/readyz"),
        }


@dataclass
class Display:
    """One line that grows on a terminal; elsewhere one line at the end."""

    step: str
    live: bool
    started: float = field(default_factory=time.monotonic)

    def show(self, names: list[str], ready: set[str]) -> None:
        """Redraw the line."""
        if self.live:
            print(f"\r{self._line(names, ready)}", end="", flush=True)

    def finish(self, names: list[str], ready: set[str], outcome: str = "") -> None:
        """Write the line for good."""
        seconds = time.monotonic() - self.started
        start = "\r" if self.live else ""
        print(f"{start}{self._line(names, ready)} {outcome or f'{seconds:.0f} s'}", flush=True)

    def _line(self, names: list[str], ready: set[str]) -> str:
        marks = " ".join(f"{name} {'✓' if name in ready else '…'}" for name in names)
        return f"{self.step}Starting … {marks}"


class Echo:
    """Copies new log lines to the terminal, each with its process's name."""

    def __init__(self, watched: list[processes.Process]) -> None:
        self._at = dict.fromkeys(watched, 0)
        self._width = max(len(process.name) for process in watched)

    def copy(self) -> None:
        """What was written since the last call, complete lines only."""
        for process, offset in self._at.items():
            if not process.log.exists():
                continue
            with process.log.open("rb") as log:
                log.seek(offset)
                fresh = log.read()
            complete = fresh[: fresh.rfind(b"\n") + 1]
            self._at[process] += len(complete)
            for line in complete.decode(errors="replace").splitlines():
                print(f"{process.name:<{self._width}} | {line}", flush=True)


def require_alive(watched: list[processes.Process]) -> None:
    """Raises DemoFailed that names the process which ended, with the end of its log."""
    for process in watched:
        if process.exit_code is not None:
            raise DemoFailed(
                f"{process.name} ended with {process.exit_code}; the end of {process.log}:\n"
                f"{process.last_lines()}"
            )


def come_up(
    watched: list[processes.Process],
    ports: Ports,
    display: Display,
    ending: Ending,
    echo: Echo | None,
) -> None:
    """Until every process is ready, or we are asked to end. Raises DemoFailed."""
    checks = ports.checks()
    names = [process.name for process in watched]
    ready = {name for name in names if name not in checks}
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    try:
        while len(ready) < len(names) and not ending.requests:
            display.show(names, ready)
            require_alive(watched)
            ready |= {name for name in names if name not in ready and checks[name]()}
            if time.monotonic() > deadline:
                waiting = ", ".join(name for name in names if name not in ready)
                raise DemoFailed(f"not ready after {READY_WITHIN_SECONDS:.0f} s: {waiting}")
            if echo:
                echo.copy()
            time.sleep(0.05)
    except DemoFailed:
        display.finish(names, ready, "failed")
        raise
    display.finish(names, ready, "stopped" if ending.requests else "")


def stay_up(watched: list[processes.Process], ending: Ending, echo: Echo | None) -> None:
    """Until we are asked to end. Raises DemoFailed when a process ends by itself."""
    while not ending.requests:
        require_alive(watched)
        if echo:
            echo.copy()
        time.sleep(0.2)


def configuration(root: Path, ports: Ports, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of the processes: the ports, and where each finds what it needs."""
    return {
        **env,
        **{name: str(getattr(ports, name.removesuffix("_PORT").lower())) for name in PORTS},
        "BFF_CONFIG": env.get("BFF_CONFIG", str(root / "bff.toml")),
    }


def run(root: Path, env: Mapping[str, str], *, step: str, ending: Ending) -> None:
    """The whole demo. Raises DemoFailed."""
    ports = Ports.from_environment(env)
    ports.require_free()
    logs = root / ".demo" / "logs"
    for old in logs.glob("*.log"):
        old.unlink()
    process_env = configuration(root, ports, env)
    watched = [
        processes.Process(name, command, env=process_env, cwd=root, log=logs / f"{name}.log")
        for name, command in processes.read_procfile(root / "Procfile").items()
    ]
    verbose = env.get("DEMO_VERBOSE", "") not in {"", "0"}
    echo = Echo(watched) if verbose else None
    display = Display(step, live=sys.stdout.isatty() and not verbose)
    try:
        for process in watched:
            process.start()
        come_up(watched, ports, display, ending, echo)
        if not ending.requests:
            address = f"http://localhost:{ports.bff}"
            print(f"EventLead is ready: {address}  (Ctrl-C stops everything)", flush=True)
        stay_up(watched, ending, echo)
    finally:
        processes.end_all(watched, GRACE_SECONDS)


def main() -> int:
    """0 when asked to end, 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m upstream_mocks.demo")
    parser.add_argument("--step", default="", help="printed before the progress line")
    parser.add_argument("--end-with-parent", action="store_true", help="end when make ends")
    arguments = parser.parse_args()
    ending = Ending()
    ending.install()
    if arguments.end_with_parent:
        tethered.end_with(os.getppid())
    try:
        run(Path.cwd(), os.environ, step=arguments.step, ending=ending)
    except DemoFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    if ending.requests:
        with suppress(OSError):  # the terminal may be what ended
            print("\nStopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
