"""The Procfile's processes.

Started each in a session of its own, watched, and ended with all their children.

Used by the demo and by the browser tests, so that both run what the Procfile says.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from honcho.environ import parse_procfile

LOOPBACK = ("127.0.0.1", "::1")
TETHERED = Path(__file__).with_name("tethered.py")


def read_procfile(path: Path) -> dict[str, str]:
    """Name to command, in the file's order."""
    return dict(parse_procfile(path.read_text(encoding="utf-8")).processes)


class Process:
    """One running line of the Procfile.

    It leads its own session and process group, so a Ctrl-C in the terminal reaches only the runner,
    and a signal to the group reaches the workers too. Its output goes to ``log``.
    """

    def __init__(
        self, name: str, command: str, *, env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._env = {**env, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"}
        self._env["PYTHONUNBUFFERED"] = "1"
        self._cwd = cwd
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run the command through sh, which expands ``${NAME:-default}``, held by a tether."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(  # noqa: S603 - the Procfile is ours
                [sys.executable, "-IS", str(TETHERED), str(os.getpid()), self._command],
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def group(self) -> int | None:
        """The id of the process group, None before the first start."""
        return None if self._popen is None else self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return None if self._popen is None else self._popen.poll()

    def signal(self, signum: int) -> None:
        """To the whole group; nothing happens if it is gone."""
        if self._popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signum)

    def end(self, grace_seconds: float = 5.0) -> None:
        """SIGTERM, wait, then make sure that nothing of the group is left."""
        if self._popen is None:
            return
        if self._popen.poll() is None:
            self._popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the group: no farewell, no flush."""
        self.signal(signal.SIGKILL)
        if self._popen is not None:
            self._popen.wait()

    def last_lines(self, count: int = 20) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-count:])


def end_all(processes: list[Process], grace_seconds: float = 5.0) -> None:
    """The last one started ends first: each still has what it needs to end well."""
    for process in reversed(processes):
        process.end(grace_seconds)


def port_is_free(port: int) -> bool:
    """Whether nobody listens there, on either loopback address."""
    return not any(_listens(host, port) for host in LOOPBACK)


def _listens(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            return probe.connect_ex((host, port)) == 0
        except OSError:  # no such address family here
            return False


def free_ports(count: int) -> list[int]:
    """``count`` different ports that the system has just handed out.

    All are held until the last one is known.
    """
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in held:
            probe.bind((LOOPBACK[0], 0))
        return [int(probe.getsockname()[1]) for probe in held]
    finally:
        for probe in held:
            probe.close()


def redis_answers(port: int) -> bool:
    """Whether a Redis says PONG there; one that is still loading its data does not count."""
    try:
        with socket.create_connection((LOOPBACK[0], port), timeout=1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def url_answers(url: str) -> bool:
    """Whether a GET answers 200."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=1.0)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until(ready: Callable[[], bool], process: Process, timeout_seconds: float) -> None:
    """Until ``ready``.

    RuntimeError with the end of the log when the process ends or the time is up first.
    """
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if process.exit_code is not None:
            raise RuntimeError(
                f"{process.name} ended with {process.exit_code}:\n{process.last_lines()}"
            )
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{process.name} is not ready after {timeout_seconds:g} s:\n{process.last_lines()}"
            )
        time.sleep(0.02)
