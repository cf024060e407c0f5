"""A real Redis for the suites that speak to one: its own process, its own port, nothing kept."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from upstream_mocks.redis_server import redis_executable

DEMO = Path(__file__).parents[2] / "bff.toml"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running redis-server."""
    with a_redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def settings_file(redis_port: int, tmp_path: Path) -> Path:
    """The demo's settings over that Redis, which is emptied: what a command is called with."""
    with Redis(port=redis_port) as redis:
        redis.flushall()
    lines = [
        f'url = "redis://127.0.0.1:{redis_port}"' if line.startswith("url = ") else line
        for line in DEMO.read_text().splitlines()
    ]
    file = tmp_path / "bff.toml"
    file.write_text("\n".join(lines))
    return file


@contextmanager
def a_redis_server(folder: Path) -> Iterator[int]:
    """The port of a redis-server that ends with the block."""
    port = free_port()
    command = [
        str(redis_executable()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    with Path(folder, "log").open("wb") as log, subprocess.Popen(command, stdout=log) as server:
        try:
            _await_ping(port)
            yield port
        finally:
            server.terminate()


def _await_ping(port: int) -> None:
    deadline = time.monotonic() + 10
    with Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except RedisError:
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.02)
            else:
                return
