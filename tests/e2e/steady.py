"""Clients that never stop asking, each on a connection it keeps; and what went wrong for any of them.

They do what HTTP/1.1 asks of a client and no more (RFC 9112, section 9.3.1): who is told
``Connection: close`` asks on a new connection; a GET whose kept connection ends before the first octet
of the answer is asked once more, and counted. A POST is never sent twice.
"""

import http.client
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.sockets import opened

BROKEN = (http.client.HTTPException, OSError)
GOING_AWAY = 1001


@dataclass
class Seen:
    """What all of them saw."""

    answers: int = 0
    renewed: int = 0
    """Connections that the server announced to be closed."""
    asked_again: int = 0
    """GETs whose kept connection ended before the answer began."""
    greetings: int = 0
    """WebSockets that were told to come back."""
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        """Count."""
        with self.lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)

    def failed(self, who: str, what: object) -> None:
        """Somebody's call failed."""
        with self.lock:
            self.failures.append(f"{who}: {what!r}")


class Caller:
    """One connection, kept as long as the server lets it."""

    def __init__(self, browser: ApiBrowser, seen: Seen, who: str) -> None:
        self.browser = browser
        self.seen = seen
        self.who = who
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One call; what it answered, or nothing after a failure was noted."""
        kept = self.connection is not None
        try:
            return self._once(method, path, body)
        except BROKEN as error:
            self.close()
            unanswered = isinstance(error, http.client.RemoteDisconnected | ConnectionError)
            if not (kept and method == "GET" and unanswered):
                self.seen.failed(f"{self.who} {method}", error)
                return b""
        self.seen.add(asked_again=1)
        try:
            return self._once(method, path, body)
        except BROKEN as error:
            self.close()
            self.seen.failed(f"{self.who} {method} again", error)
            return b""

    def close(self) -> None:
        """Leave."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def _once(self, method: str, path: str, body: bytes | None) -> bytes:
        if self.connection is None:
            host = self.browser.origin.removeprefix("http://")
            self.connection = http.client.HTTPConnection(host, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        fields = {
            "bff-session": self.browser.ref,
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "cors",
            "sec-fetch-dest": "empty",
            "origin": self.browser.origin,
            "cookie": cookies,
        }
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200 or (
            body is not None and sha256(body).hexdigest().encode() not in data
        ):
            self.seen.failed(f"{self.who} {method}", f"{answer.status} {data[:200]!r}")
        self.seen.add(answers=1)
        if answer.will_close:
            self.seen.add(renewed=1)
            self.close()
        return data


def gets(
    browser: ApiBrowser, seen: Seen, who: str, pause: float
) -> Callable[[threading.Event], None]:
    """GETs, ``pause`` seconds apart."""

    def run(done: threading.Event) -> None:
        caller = Caller(browser, seen, who)
        while not done.wait(pause):
            caller.ask("GET", "/api/me")
        caller.close()

    return run


def posts(
    browser: ApiBrowser, seen: Seen, who: str, pause: float
) -> Callable[[threading.Event], None]:
    """POSTs with bodies that must come back whole."""

    def run(done: threading.Event) -> None:
        caller = Caller(browser, seen, who)
        for number in itertools.count():
            if done.wait(pause):
                break
            caller.ask("POST", "/api/echo", b"%s-%d-" % (who.encode(), number) + b"x" * 20_000)
        caller.close()

    return run


def streams(browser: ApiBrowser, seen: Seen, who: str) -> Callable[[threading.Event], None]:
    """Long answers, one after the other, each of which must come whole."""

    def run(done: threading.Event) -> None:
        caller = Caller(browser, seen, who)
        while not done.is_set():
            came = caller.ask("GET", "/api/stream?chunks=30&interval=0.1&size=1000")
            if len(came) != 30_000:
                seen.failed("stream", f"{len(came)} octets")
        caller.close()

    return run


def sockets(browser: ApiBrowser, seen: Seen) -> Callable[[threading.Event], None]:
    """A WebSocket that speaks, and comes back when it is told 1001."""

    def run(done: threading.Event) -> None:
        while not done.is_set():
            try:
                with opened(browser) as socket:
                    while not done.wait(0.05):
                        socket.send("hello")
                        if socket.recv(timeout=20) != "hello":
                            seen.failed("socket", "another answer")
            except ConnectionClosed as error:
                if error.rcvd is None or error.rcvd.code != GOING_AWAY:
                    seen.failed("socket", error)
                seen.add(greetings=1)
            except (WebSocketException, OSError) as error:
                seen.failed("socket handshake", error)

    return run


@contextmanager
def traffic(browser: ApiBrowser) -> Iterator[Seen]:
    """Everybody at once, until the block ends."""
    seen, done = Seen(), threading.Event()
    work = [gets(browser, seen, f"get {pause}", pause) for pause in (0, 0, 0.001, 0.02, 0.1, 1.0)]
    work += [posts(browser, seen, f"post {pause}", pause) for pause in (0, 0.01, 0.7)]
    work += [streams(browser, seen, "stream"), sockets(browser, seen)]
    threads = [threading.Thread(target=each, args=(done,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
