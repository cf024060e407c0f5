"""What an idle connection of a browser weighs: memory of the subject's own (USS), for each of a thousand.

    python -m tests.benchmarks.memory [subject ...]

Each connection has made one call, so that all that is made for it is there, and then stays open.
"""

import resource
import socket
import sys
import time

from tests.benchmarks.field import Standing, standing

CONNECTIONS, AT_ONCE = 1_000, 50
SETTLED_SECONDS = 2.0


def opened(here: Standing, number: int) -> socket.socket:
    """A connection that has had one answer."""
    lines = here.sessions.read_text().splitlines()
    fields = lines[number % len(lines)].split("\t")
    head = [
        "GET /api/1k HTTP/1.1",
        f"Host: localhost:{here.port}",
        "Sec-Fetch-Site: same-origin",
        *(field.replace("=", ": ", 1) for field in fields),
    ]
    connection = socket.create_connection(("127.0.0.1", here.port), timeout=10)
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    answer = connection.recv(65_536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer[:200].decode(errors="replace"))
    return connection


def weighed(here: Standing) -> float:
    """Octets for each connection."""
    warm = [opened(here, number) for number in range(AT_ONCE)]
    time.sleep(SETTLED_SECONDS)
    before = here.program.resident_octets()
    connections = [opened(here, number) for number in range(CONNECTIONS)]
    time.sleep(SETTLED_SECONDS)
    after = here.program.resident_octets()
    for connection in [*warm, *connections]:
        connection.close()
    return (after - before) / CONNECTIONS


def main() -> None:
    """The table."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    names = sys.argv[1:] or ["nginx", "bff", "fastify"]
    print("| subject | KiB for each idle connection |\n|---|--:|", flush=True)
    with standing(names) as (_, up):
        for name, here in up.items():
            print(f"| {name} | {weighed(here) / 1024:.1f} |", flush=True)


if __name__ == "__main__":
    main()
