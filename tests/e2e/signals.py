"""Signals to a server as a service manager sends them, and what its workers said at their end."""

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.processes import Stack

WITHIN_SECONDS = 60.0


def ended(stack: Stack) -> None:
    """Wait until the server has gone."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while stack.is_running("bff"):
        assert time.monotonic() < deadline, "it did not end"
        time.sleep(0.1)


def send(stack: Stack, signum: signal.Signals) -> None:
    """To the server itself, as a service manager would, not to its workers."""
    import psutil  # noqa: PLC0415

    group = stack._processes["bff"].group
    assert group is not None
    tree: list[Any] = psutil.Process(group).children(recursive=True)
    [server] = [
        member for member in tree if "serve" in member.cmdline() and _is_first(member, tree)
    ]
    os.kill(server.pid, signum)


def _is_first(member: Any, tree: list[Any]) -> bool:
    return (
        member.ppid()
        not in {other.pid for other in tree if "serve" in other.cmdline() and other.name() != "sh"}
        and member.name() != "sh"
    )


def drained(stack: Stack) -> list[int]:
    """How many pieces of work each worker that has ended cut off."""
    lines = [line for line in stack.log("bff").splitlines() if '"drained"' in line]
    return [int(json.loads(line)["cut_off"]) for line in lines]


def reload(stack: Stack, workers: int, meanwhile: Callable[[], object]) -> None:
    """SIGHUP, and wait until every worker was replaced; ``meanwhile`` a second after each new one is there."""
    before = len(drained(stack))
    send(stack, signal.SIGHUP)
    deadline = time.monotonic() + WITHIN_SECONDS
    while (gone := len(drained(stack)) - before) < workers:
        assert time.monotonic() < deadline, f"{gone} of {workers} workers were replaced"
        meanwhile()
        time.sleep(1.0)
