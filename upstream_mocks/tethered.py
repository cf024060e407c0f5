"""Runs a shell command that does not outlive the process which asked for it.

    python tethered.py PARENT_PID COMMAND

The command, its workers and this process form one group. When the parent dies, however it dies, or
when this process gets SIGTERM, the command gets SIGTERM and has a while to end well; what is then
left of the group is killed. A program of its own, standard library only: it must start fast, and
stay small beside what it watches.
"""

import os
import signal
import sys
import time
from types import FrameType

GRACE_SECONDS = 5.0
LOOK_SECONDS = 0.5


class Tether:
    """Watches the parent above and the command below."""

    def __init__(self, parent: int, command: str) -> None:
        self._parent = parent
        self._asked = False
        self._deadline: float | None = None
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)  # so that pause() returns
        signal.signal(signal.SIGALRM, lambda _signum, _frame: None)
        self._child = os.posix_spawn("/bin/sh", ["/bin/sh", "-c", f"exec {command}"], os.environ)
        signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)

    def _ask(self, _signum: int, _frame: FrameType | None) -> None:
        self._asked = True

    def _orphaned(self) -> bool:
        return os.getppid() != self._parent

    def hold(self) -> int:
        """Until the command has ended; how it ended, as waitpid(2) says it."""
        while True:
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                return status
            if self._deadline is None and (self._asked or self._orphaned()):
                self._deadline = time.monotonic() + GRACE_SECONDS
                os.kill(self._child, signal.SIGTERM)
            if self._deadline is not None and time.monotonic() > self._deadline:
                os.killpg(0, signal.SIGKILL)
            signal.pause()

    def leave(self, status: int) -> None:
        """End as the command ended; nobody is left to look after its workers if we are orphaned."""
        if self._orphaned():
            os.killpg(0, signal.SIGKILL)
        if os.WIFSIGNALED(status):
            signum = os.WTERMSIG(status)
            if signum != signal.SIGKILL:
                signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    tether = Tether(int(sys.argv[1]), sys.argv[2])
    tether.leave(tether.hold())
