"""``make demo``: everything the Procfile names, started, watched, and ended together.

    python -m upstream_mocks.demo [--step "[4/4] "] [--end-with-parent] [--dev]

Data and logs lie in ``.demo`` (or DEMO_DIR); with DEMO_VERBOSE=1 the log lines come to the terminal
as well. Ctrl-C, a closed terminal or SIGTERM end everything; so does the end of any one process,
which is then named, with the end of its log. Ports are the demo's own unless BFF_PORT,
OPERATORS_PORT, PROVIDER_PORT, API_PORT or REDIS_PORT say otherwise.

With --dev the page comes from its dev server (VITE_PORT, 5173), through the BFF: what is saved is
seen at once.
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

from upstream_mocks import moved, processes

PORTS = {
    "BFF_PORT": ("bff", 8700),
    "OPERATORS_PORT": ("bff", 8701),
    "PROVIDER_PORT": ("provider", 8710),
    "API_PORT": ("api", 8720),
    "REDIS_PORT": ("redis", 8730),
}
DEV_PORTS = {"VITE_PORT": ("web", 5173)}
DEV_SERVER = "npm --prefix web/apps/demo run dev -- --port ${VITE_PORT}"
PORT_NUMBERS = range(1, 2**16)
READY_WITHIN_SECONDS = 60.0
GRACE_SECONDS = 5.0
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """Something the person at the terminal must know; the message is for them."""


Wanted = Mapping[str, tuple[str, int]]
"""Port variables: whose port it is, and the one it has by default."""


@dataclass
class Ending:
    """Whether we were asked to end: by a signal, or by the death of ``parent`` if there is one."""

    parent: int | None = None
    signalled: bool = False

    @property
    def asked(self) -> bool:
        """Whether it is time to go."""
        return self.signalled or (self.parent is not None and os.getppid() != self.parent)

    def install(self) -> None:
        """Listen to the signals that end a demo.

        One that our starter ignores (nohup) stays ignored.
        """
        for signum in ENDING_SIGNALS:
            if signum is signal.SIGINT or signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._note)

    def _note(self, _signum: int, _frame: FrameType | None) -> None:
        self.signalled = True


def ports_from(env: Mapping[str, str], wanted: Wanted = PORTS) -> dict[str, int]:
    """Each port variable's value, or the demo's own. Raises DemoFailed for what is no port."""
    ports = {}
    for variable, (_, default) in wanted.items():
        text = env.get(variable) or str(default)
        if not text.isdecimal() or int(text) not in PORT_NUMBERS:
            raise DemoFailed(f"{variable}={text} is no port.")
        ports[variable] = int(text)
    return ports


def require_free(ports: Mapping[str, int]) -> None:
    """Raises DemoFailed that names every port in use, and the way out."""
    taken = [
        f"port {port} is in use, and {(PORTS | DEV_PORTS)[variable][0]} wants it: "
        f"stop what listens there, or set {variable}=…"
        for variable, port in ports.items()
        if not processes.port_is_free(port)
    ]
    if taken:
        raise DemoFailed("\n".join(taken))


def checks(ports: Mapping[str, int]) -> dict[str, Callable[[], bool]]:
    """How each process shows that it is ready."""
    provider = f"http://127.0.0.1:{ports['PROVIDER_PORT']}/.well-known/openid-configuration"
    api = f"http://127.0.0.1:{ports['API_PORT']}/__stats"
    bff = f"http://127.0.0.1:{ports['OPERATORS_PORT']}/readyz"
    web = f"http://localhost:{ports.get('VITE_PORT')}/"
    return {
        "redis": lambda: processes.redis_answers(ports["REDIS_PORT"]),
        "provider": lambda: processes.url_answers(provider),
        "api": lambda: processes.url_answers(api),
        "bff": lambda: processes.url_answers(bff),
        "web": lambda: processes.url_answers(web),
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


def require_in_time(waiting_for: list[str], deadline: float) -> None:
    """Raises DemoFailed that names what is not ready when the time is up."""
    if waiting_for and time.monotonic() > deadline:
        names = ", ".join(waiting_for)
        raise DemoFailed(f"not ready after {READY_WITHIN_SECONDS:.0f} s: {names}")


def come_up(
    watched: list[processes.Process],
    is_ready: Mapping[str, Callable[[], bool]],
    display: Display,
    ending: Ending,
    echo: Echo | None,
) -> None:
    """Until every process is ready, or we are asked to end. Raises DemoFailed."""
    names = [process.name for process in watched]
    ready = {name for name in names if name not in is_ready}
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    try:
        while len(ready) < len(names) and not ending.asked:
            display.show(names, ready)
            require_alive(watched)
            ready |= {name for name in names if name not in ready and is_ready[name]()}
            require_in_time([name for name in names if name not in ready], deadline)
            if echo:
                echo.copy()
            time.sleep(0.05)
    except DemoFailed:
        display.finish(names, ready, "failed")
        raise
    display.finish(names, ready, "stopped" if ending.asked else "")


def stay_up(watched: list[processes.Process], ending: Ending, echo: Echo | None) -> None:
    """Until we are asked to end. Raises DemoFailed when a process ends by itself."""
    while not ending.asked:
        require_alive(watched)
        if echo:
            echo.copy()
        time.sleep(0.2)


def environment(
    root: Path, folder: Path, ports: Mapping[str, int], env: Mapping[str, str]
) -> dict[str, str]:
    """What the processes are told: the ports, and a BFF configuration that agrees with them."""
    dev = ports.get("VITE_PORT")
    config = Path(env.get("BFF_CONFIG") or root / "bff.toml")
    moves = {default: ports[variable] for variable, (_, default) in PORTS.items()}
    values = {"app.unsafe_dev_server": f"http://localhost:{dev}"} if dev else {}
    if values or any(old != new for old, new in moves.items()):
        base, config = config, folder / "bff.toml"
        moved.write_moved(base, config, moves, values)
    return {
        **env,
        **{variable: str(port) for variable, port in ports.items()},
        "REDIS_DIR": env.get("REDIS_DIR") or str(folder / "redis"),
        "BFF_CONFIG": str(config),
    }


def run(
    root: Path, env: Mapping[str, str], *, step: str, ending: Ending, dev: bool = False
) -> None:
    """The whole demo. Raises DemoFailed."""
    ports = ports_from(env, PORTS | DEV_PORTS if dev else PORTS)
    require_free(ports)
    folder = Path(env.get("DEMO_DIR") or root / ".demo")
    for old in (folder / "logs").glob("*.log"):
        old.unlink()
    told = environment(root, folder, ports, env)
    lines = processes.read_procfile(root / "Procfile") | ({"web": DEV_SERVER} if dev else {})
    watched = [
        processes.Process(name, line, env=told, cwd=root, log=folder / "logs" / f"{name}.log")
        for name, line in lines.items()
    ]
    verbose = env.get("DEMO_VERBOSE", "") not in {"", "0"}
    echo = Echo(watched) if verbose else None
    display = Display(step, live=sys.stdout.isatty() and not verbose)
    try:
        for process in watched:
            process.start()
        come_up(watched, checks(ports), display, ending, echo)
        if not ending.asked:
            address = f"http://localhost:{ports['BFF_PORT']}"
            print(f"EventLead is ready: {address}  (Ctrl-C stops everything)", flush=True)
        stay_up(watched, ending, echo)
    finally:
        processes.end_all(watched, GRACE_SECONDS)


def main() -> int:
    """0 when asked to end, 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m upstream_mocks.demo")
    parser.add_argument("--step", default="", help="printed before the progress line")
    parser.add_argument("--end-with-parent", action="store_true", help="end when make ends")
    parser.add_argument("--dev", action="store_true", help="the page from its dev server")
    arguments = parser.parse_args()
    ending = Ending(parent=os.getppid() if arguments.end_with_parent else None)
    ending.install()
    try:
        run(Path.cwd(), os.environ, step=arguments.step, ending=ending, dev=arguments.dev)
    except DemoFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    if ending.asked:
        with suppress(OSError):  # the terminal may be what ended
            print("\nStopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
