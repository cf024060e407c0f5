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
