"""A gate in front of Redis for one process: a chosen script's call, or its answer, is caught and held.

What the process does next is then in the test's hand: the moment between two steps of a refresh is
not guessed but stood still. The product knows nothing of it; its ``redis.url`` leads here.
"""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from bff.adapters import redis_scripts

Side = Literal["there", "back"]
LOCK, JOURNAL = redis_scripts.LOCK, redis_scripts.JOURNAL
REPLACE, RELEASE = redis_scripts.REPLACE, redis_scripts.RELEASE


class Catch:
    """One call to be caught: on its way ``there`` (Redis never saw it) or its answer on the way ``back``."""

    def __init__(self, script: str, side: Side) -> None:
        self.sha = hashlib.sha1(script.encode()).hexdigest().encode()  # noqa: S324  as Redis names it
        self.side = side
        self.dropped = False
        self._caught = threading.Event()
        self._let_go = threading.Event()

    def wait(self, within: float = 30.0) -> None:
        """Until the process is held. Raises TimeoutError."""
        if not self._caught.wait(within):
            raise TimeoutError(f"no such call within {within:g} s")

    def let_go(self) -> None:
        """It goes on as if nothing had been."""
        self._let_go.set()

    def drop(self) -> None:
        """It is lost, and its connection breaks."""
        self.dropped = True
        self._let_go.set()

    def hold(self) -> bool:
        """Called by the gate: stand still; whether to go on."""
        self._caught.set()
        self._let_go.wait(120)
        return not self.dropped


class RedisGate:
    """Listens on ``port``, passes everything to Redis and back."""

    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._catch: Catch | None = None
        _start(self._accept)

    @contextmanager
    def catch(self, script: str, side: Side) -> Iterator[Catch]:
        """Hold the next call of ``script``; nothing is held any more afterwards."""
        self._catch = made = Catch(script, side)
        try:
            yield made
        finally:
            self._catch = None
            made.let_go()

    def close(self) -> None:
        """Let nobody in any more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                inner, _ = self._listening.accept()
                _start(lambda inner=inner: self._serve(inner))  # type: ignore[misc]

    def _serve(self, inner: socket.socket) -> None:
        with inner:
            try:
                outer = socket.create_connection(("127.0.0.1", self._redis_port), timeout=5)
            except OSError:
                return  # Redis is away
            outer.settimeout(None)
            with outer:
                passage = Passage(inner, outer, self._take)
                _start(passage.answers)
                passage.calls()

    def _take(self, call: bytes) -> Catch | None:
        """The catch this call is meant for; each is used once."""
        caught = self._catch
        if caught is None or caught.sha not in call:
            return None
        self._catch = None
        return caught


class Passage:
    """One connection through the gate."""

    def __init__(
        self, inner: socket.socket, outer: socket.socket, take: Callable[[bytes], Catch | None]
    ) -> None:
        self.inner = inner
        self.outer = outer
        self._take = take
        self._answer: Catch | None = None

    def calls(self) -> None:
        """From the process to Redis. A small call comes in one piece: redis-py writes it at once."""
        with suppress(OSError):
            while call := self.inner.recv(1 << 20):
                caught = self._take(call)
                if caught is not None and caught.side == "there" and not caught.hold():
                    break
                if caught is not None and caught.side == "back":
                    self._answer = caught
                self.outer.sendall(call)
        self._end()

    def answers(self) -> None:
        """From Redis to the process."""
        with suppress(OSError):
            while answer := self.outer.recv(1 << 20):
                caught, self._answer = self._answer, None
                if caught is not None and not caught.hold():
                    break
                self.inner.sendall(answer)
        self._end()

    def _end(self) -> None:
        for side in (self.inner, self.outer):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
