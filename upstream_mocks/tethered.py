"""Runs a shell command that does not outlive the process which asked for it.

    python tethered.py PARENT_PID COMMAND

On Linux the kernel sends SIGTERM to the command when its parent dies, however it dies, SIGKILL
included (prctl(2), PR_SET_PDEATHSIG; the setting survives exec). Elsewhere the command is simply
run. A file of its own, standard library only: it is a program between fork and exec, where a parent
with threads must not run Python.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM at the death of ``parent``; at once, if it is already dead."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    os.execv("/bin/sh", ["/bin/sh", "-c", f"exec {sys.argv[2]}"])  # noqa: S606 - a shell line is what we are given
