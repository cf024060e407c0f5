"""What an idle connection of a browser weighs: memory of the subject's own (USS), for each of a thousand.

    python -m tests.benchmarks.memory [subject ...]

Each connection has made one call, so that all that is made for it is there, and then stays open. A
WebSocket has its handshake behind it, at the browser's end and at the API's.
"""

import asyncio
import base64
import hashlib
import resource
import socket
import sys
import threading
import time
from dataclasses import replace

from tests.benchmarks.field import Standing, standing
from tests.benchmarks.subjects import SUBJECTS

CONNECTIONS, AT_ONCE = 1_000, 50
SETTLED_SECONDS = 2.0


SOCKETS = "bff-sockets"
"""This product with a route that opens WebSockets."""


def opened(here: Standing, number: int) -> socket.socket:
    """A connection that has had one answer."""
    return _asked(here, number, "/api/1k", b"HTTP/1.1 200")


def opened_socket(here: Standing, number: int) -> socket.socket:
    """A WebSocket."""
    fields = (
        f"Origin: http://localhost:{here.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(number.to_bytes(16, 'big')).decode()}",
    )
    return _asked(here, number, "/api/1m", b"HTTP/1.1 101", *fields)


def _asked(here: Standing, number: int, path: str, expected: bytes, *more: str) -> socket.socket:
    lines = here.sessions.read_text().splitlines()
    fields = lines[number % len(lines)].split("\t")
    head = [
        f"GET {path} HTTP/1.1",
        f"Host: localhost:{here.port}",
        "Sec-Fetch-Site: same-origin",
        *(field.replace("=", ": ", 1) for field in fields),
        *more,
    ]
    connection = socket.create_connection(("127.0.0.1", here.port), timeout=10)
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    answer = connection.recv(65_536)
    if not answer.startswith(expected):
        raise RuntimeError(answer[:200].decode(errors="replace"))
    return connection


def weighed(here: Standing) -> float:
    """Octets for each connection."""
    open_one = opened_socket if here.subject.name == SOCKETS else opened
    warm = [open_one(here, number) for number in range(AT_ONCE)]
    time.sleep(SETTLED_SECONDS)
    before = here.program.resident_octets()
    connections = [open_one(here, number) for number in range(CONNECTIONS)]
    time.sleep(SETTLED_SECONDS)
    after = here.program.resident_octets()
    for connection in [*warm, *connections]:
        connection.close()
    return (after - before) / CONNECTIONS


class SocketApi:
    """An API that accepts every WebSocket and says nothing (RFC 6455, section 4.2.2)."""

    def __init__(self) -> None:
        """Listen, in a thread of its own."""
        server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = int(server.getsockname()[1])
        threading.Thread(target=asyncio.run, args=(self._serve(server),), daemon=True).start()

    async def _serve(self, server: socket.socket) -> None:
        async with await asyncio.start_server(self._accept, sock=server) as listening:
            await listening.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b":", 1)[1].strip()
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()  # noqa: S324  RFC 6455's own
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        await reader.read()
        writer.close()


def with_sockets() -> None:
    """Add :data:`SOCKETS` to the subjects."""
    SUBJECTS[SOCKETS] = replace(
        SUBJECTS["bff"],
        name=SOCKETS,
        settings={
            "routes.2.upstream": f"http://127.0.0.1:{SocketApi().port}/ws",
            "routes.2.websocket": True,
            "limits.websockets_per_session": CONNECTIONS,
        },
    )


def main() -> None:
    """The table."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with_sockets()
    names = sys.argv[1:] or ["nginx", "bff", "fastify", SOCKETS]
    print("| subject | KiB for each idle connection |\n|---|--:|", flush=True)
    with standing(names) as (_, up):
        for name, here in up.items():
            print(f"| {name} | {weighed(here) / 1024:.1f} |", flush=True)


if __name__ == "__main__":
    main()
