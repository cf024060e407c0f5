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
from functools import lru_cache

import msgspec

from bff.adapters.observation import SECRET_SHAPE

GATHER_SECONDS = 0.2
MOST_WAITING = 1_048_576
"""Bytes that may wait for the reader."""
HINT = re.compile("eyJ|Bearer|__Host-Http-bff")
"""How what looks like a secret begins; a path without any needs no closer look."""
REMEMBERED, REMEMBERED_LENGTH = 1024, 256
"""How many paths are remembered as they are written, and of how many characters at most."""
_ATOMIC = 4096
"""Bytes that a pipe takes whole (PIPE_BUF on Linux), so that lines of several processes do not mix."""


class AccessLog:
    """Gathers lines, and hands them to the thread that writes.

    Args:
        descriptor: where to.
        clock: Unix seconds.
    """

    def __init__(self, descriptor: int, clock: Callable[[], float]) -> None:
        self._descriptor = descriptor
        self._clock = clock
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
        trace_id: str | None = None,
    ) -> None:
        """One request: never waits, never fails. Both ids are fit for a log, as ours are."""
        now = self._clock()
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)
        asked = _asked(method, path) if len(path) <= REMEMBERED_LENGTH else _shown(method, path)
        traced = f',"trace_id":"{trace_id}"' if trace_id else ""
        self._lines.append(
            f'{{"request_id":"{request_id}",{asked},"status":{status},"ms":{seconds * 1000:.1f},'
            '"event":"request","level":"info",'
            f'"timestamp":"{self._stamp}.{int((now - second) * 1e6):06d}Z"{traced}}}\n'.encode()
        )

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
            self._waiting.put([msgspec.json.encode(said) + b"\n"])
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout_seconds)
            self._thread = None

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


def _shown(method: str, path: str) -> str:
    """Their members of the line, without what looks like a secret."""
    if HINT.search(path):
        path = SECRET_SHAPE.sub("***", path)
    return msgspec.json.encode({"method": method, "path": path})[1:-1].decode()


_asked = lru_cache(maxsize=REMEMBERED)(_shown)
