"""A browser's connection, octet by octet: what no HTTP client would send, and how an answer ends."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.e2e.api_browser import ApiBrowser

PATIENCE_SECONDS = 60.0
PIECE = 1024 * 1024


def head(browser: ApiBrowser, method: str, target: str, *fields: str) -> bytes:
    """A request head as the signed-in page would send it, and ``fields``."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {browser.origin.removeprefix('http://')}",
        f"Cookie: {cookies}",
        f"BFF-Session: {browser.ref}",
        "Sec-Fetch-Site: same-origin",
        f"Origin: {browser.origin}",
        *fields,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n"


class Wire:
    """One connection to a BFF."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.held = b""

    def send(self, data: bytes) -> None:
        """All of it."""
        self.sock.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """What comes up to and with ``mark``; what follows is held. EOFError if it never comes."""
        while mark not in self.held:
            self._more()
        found, _, self.held = self.held.partition(mark)
        return found + mark

    def head(self) -> tuple[int, dict[str, str]]:
        """Status and fields of the next response, names in lower case."""
        line, *rest = self.until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        fields = (field.partition(":") for field in rest)
        return int(line.split()[1]), {name.lower(): value.strip() for name, _, value in fields}

    def count(self, length: int) -> int:
        """Read so many octets, keeping none; how many there were before the end."""
        taken = len(self.held)
        self.held = b""
        buffer = bytearray(PIECE)
        while taken < length:
            got = self.sock.recv_into(buffer, min(PIECE, length - taken))
            if not got:
                break
            taken += got
        return taken

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionError):
            return self.held

    def _more(self) -> None:
        data = self.sock.recv(PIECE)
        if not data:
            raise EOFError(self.held[-200:])
        self.held += data


@contextmanager
def wired(origin: str) -> Iterator[Wire]:
    """A connection to where ``origin`` listens."""
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as sock:
        yield Wire(sock)


class Memory:
    """The resident memory of a process and its children, from /proc."""

    def __init__(self, group: int) -> None:
        family = [psutil.Process(group), *psutil.Process(group).children(recursive=True)]
        self._folders = [Path(f"/proc/{member.pid}") for member in family]
        self.before = self._read("VmRSS")
        for folder in self._folders:
            (folder / "clear_refs").write_text("5")  # the peak counts from here (man 5 proc)

    def grown(self) -> int:
        """By how many octets the peak lies above what was there at the beginning."""
        return self._read("VmHWM") - self.before

    def _read(self, name: str) -> int:
        texts = [(folder / "status").read_text() for folder in self._folders]
        found = [re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE) for text in texts]
        return sum(int(match[1]) * 1024 for match in found if match)
