"""One line for each request, written by a thread of its own: the event loop never waits for a reader.

Lines are gathered for a fifth of a second at most. When the reader of our standard output is so
slow that a megabyte waits, lines are dropped and counted; the last line says how many were.
"""

import asyncio
import os
import queue
import re
import threading
import time
from collections.abc import Callable

import msgspec

from bff.adapters.observation import SECRET_SHAPE

GATHER_SECONDS = 0.2
MOST_WAITING = 1_048_576
"""Bytes that may wait for the reader."""
HINT = re.compile("eyJ|Bearer|__Host-Http-bff")
"""How what looks like a secret begins; a path without any needs no closer look."""
_ATOMIC = 4096
"""Bytes that a pipe takes whole (PIPE_BUF on Linux), so that lines of several processes do not mix."""


class Line(msgspec.Struct):
    """What is written. The names are those of every other line of the log."""

    request_id: str
    method: str
    path: str
    status: int
    ms: float
    event: str
    level: str
    timestamp: str
    trace_id: str | msgspec.UnsetType = msgspec.UNSET


class AccessLog:
    """Gathers lines, and hands them to the thread that writes.

    Args:
        descriptor: where to.
        clock: Unix seconds.
    """

    def __init__(self, descriptor: int, clock: Callable[[], float]) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._waiting: queue.SimpleQueue[list[bytes] | None] = queue.SimpleQueue()
        self._waiting_octets = 0
        self._second, self._stamp = -1, ""
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def write(
        self,
        request_id: str,
        method: str,
        path: str,
        status: int,
        seconds: float,
        trace_id: str | msgspec.UnsetType = msgspec.UNSET,
    ) -> None:
        """One request: never waits, never fails."""
        now = self._clock()
        if HINT.search(path):
            path = SECRET_SHAPE.sub("***", path)
        line = Line(
            request_id,
            method,
            path,
            status,
            round(seconds * 1000, 1),
            "request",
            "info",
            self._timestamp(now),
            trace_id,
        )
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
        self._lines.append(self._encode(line) + b"\n")

    def flush(self) -> None:
        """Hand over what has been gathered."""
        if not self._lines:
            return
        if self._waiting_octets > MOST_WAITING:
            self.dropped += len(self._lines)
            self._lines = []
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
            self._thread.start()
        lines, self._lines = self._lines, []
        self._waiting_octets += sum(map(len, lines))
        self._waiting.put(lines)

    def close(self, timeout_seconds: float = 1.0) -> None:
        """Write what is left."""
        self.flush()
        if self.dropped:
            said = {"event": "access_lines_dropped", "level": "warning", "count": self.dropped}
            self._waiting.put([self._encode(said) + b"\n"])
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout_seconds)
            self._thread = None

    def _timestamp(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int((now - second) * 1e6):06d}Z"

    def _run(self) -> None:
        while (lines := self._waiting.get()) is not None:
            self._write_all(lines)
            self._waiting_octets -= sum(map(len, lines))

    def _write_all(self, lines: list[bytes]) -> None:
        """In pieces that a pipe takes whole."""
        piece: list[bytes] = []
        size = 0
        for line in lines:
            if piece and size + len(line) > _ATOMIC:
                self._write(b"".join(piece))
                piece, size = [], 0
            piece.append(line)
            size += len(line)
        self._write(b"".join(piece))

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self.dropped += data.count(b"\n")
