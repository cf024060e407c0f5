"""The Procfile's processes on free ports of this machine.

Any number of BFFs on one Redis, one provider, one API.

    stack = Stack(folder, provider_options="--access-token-seconds 8")
    stack.start()                                      # redis, provider, api
    bff = stack.add_bff("bff", {"session.idle": 60})   # and as many more as a test wants
    stack.kill("redis")                                # SIGKILL; pause, resume, restart likewise
    stack.end()                                        # nothing is left, whatever happened

Every BFF reads the repository's bff.toml with its addresses moved to the ports at hand and the
given values set. Each has an origin of its own; a browser sends the same cookies to all of them,
since cookies know no ports (RFC 6265, section 8.5).
"""

import json
import os
import signal
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from upstream_mocks import moved, processes
from upstream_mocks.demo import PORTS as DEMO_PORTS

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 40.0
MOST_BFFS = 6
# A BFF behind a hop that ends TLS is known to browsers, and to the provider, by this name.
HOP_ORIGIN = "https://app.example"
DEMO = {variable: port for variable, (_, port) in DEMO_PORTS.items()}


@dataclass(frozen=True)
class Bff:
    """Where one BFF process listens."""

    name: str
    port: int
    operators_port: int

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://localhost:{self.port}"

    @property
    def operators_url(self) -> str:
        """Health and metrics."""
        return f"http://127.0.0.1:{self.operators_port}"


class Stack:
    """Everything a browser test needs, in one folder: configuration, Redis data, logs."""

    def __init__(self, folder: Path, *, provider_options: str = "") -> None:
        self.folder = folder
        self._provider_options = provider_options
        self.bffs: dict[str, Bff] = {}
        self._apis: dict[str, int] = {}
        self._procfile = processes.read_procfile(ROOT / "Procfile")
        self._processes: dict[str, processes.Process] = {}
        self._ready: dict[str, Callable[[], bool]] = {}
        # The provider must know each BFF's address before it starts, so room for a few is kept.
        ports = processes.free_ports(3 + 2 * MOST_BFFS)
        self.redis_port, self.provider_port, self.api_port = ports[:3]
        self._bff_ports = list(zip(ports[3::2], ports[4::2], strict=True))

    @property
    def provider_url(self) -> str:
        """The issuer."""
        return f"http://localhost:{self.provider_port}"

    @property
    def api_url(self) -> str:
        """The API itself, not through a BFF."""
        return f"http://localhost:{self.api_port}"

    @property
    def bff(self) -> Bff:
        """The first one."""
        return next(iter(self.bffs.values()))

    def start(self) -> None:
        """Redis, the provider and the API; returns when each is ready.

        RuntimeError with a log if one is not.
        """
        discovery = f"http://127.0.0.1:{self.provider_port}/.well-known/openid-configuration"
        self._launch("redis", lambda: processes.redis_answers(self.redis_port))
        self._launch("provider", lambda: processes.url_answers(discovery))
        self._launch(
            "api", lambda: processes.url_answers(f"http://127.0.0.1:{self.api_port}/__stats")
        )
        for name in ("redis", "provider", "api"):
            self.wait_ready(name)

    @property
    def next_port(self) -> int:
        """Where the next BFF will listen."""
        return self._bff_ports[len(self.bffs)][0]

    def add_bff(self, name: str = "bff", values: Mapping[str, object] | None = None) -> Bff:
        """One more BFF, its settings changed by dotted path; returns when it is ready."""
        port, operators_port = self._bff_ports[len(self.bffs)]
        bff = Bff(name, port, operators_port)
        config = self.folder / f"{name}.toml"
        ports = {
            DEMO["BFF_PORT"]: port,
            DEMO["OPERATORS_PORT"]: operators_port,
            DEMO["PROVIDER_PORT"]: self.provider_port,
            DEMO["API_PORT"]: self.api_port,
            DEMO["REDIS_PORT"]: self.redis_port,
        }
        moved.write_moved(ROOT / "bff.toml", config, ports, values or {})
        ready = f"{bff.operators_url}/readyz"
        self._launch(name, lambda: processes.url_answers(ready), line="bff", BFF_CONFIG=str(config))
        self.wait_ready(name)
        self.bffs[name] = bff
        return bff

    def launch_api(self, name: str, port: int, options: str) -> None:
        """One more API, another one; returns when it is ready."""
        self._apis[name] = port
        ready = f"http://127.0.0.1:{port}/__stats"
        self._launch(
            name,
            lambda: processes.url_answers(ready),
            line="api",
            API_PORT=str(port),
            API_OPTIONS=options,
        )
        self.wait_ready(name)

    def _launch(
        self, name: str, ready: Callable[[], bool], *, line: str | None = None, **variables: str
    ) -> None:
        env = {
            **os.environ,
            "REDIS_PORT": str(self.redis_port),
            "REDIS_DIR": str(self.folder / "redis"),
            "PROVIDER_PORT": str(self.provider_port),
            "API_PORT": str(self.api_port),
            "CLIENT_ORIGINS": " ".join(
                [
                    *(f"http://localhost:{port}" for port, _ in self._bff_ports),
                    *(f"http://127.0.0.1:{port}" for port, _ in self._bff_ports),
                    HOP_ORIGIN,
                ]
            ),
            "PROVIDER_OPTIONS": self._provider_options,
            **variables,
        }
        process = processes.Process(
            name,
            self._procfile[line or name],
            env=env,
            cwd=ROOT,
            log=self.folder / "logs" / f"{name}.log",
        )
        process.start()
        self._processes[name] = process
        self._ready[name] = ready

    def wait_ready(self, name: str) -> None:
        """RuntimeError with the end of its log if it ends, or does not answer in time."""
        processes.wait_until(self._ready[name], self._processes[name], READY_WITHIN_SECONDS)

    def group(self, name: str) -> int:
        """The process id of its tether, under which its workers are found."""
        group = self._processes[name].group
        assert group is not None
        return group

    def is_running(self, name: str) -> bool:
        """Whether the process lives (a paused one does)."""
        return self._processes[name].exit_code is None

    def kill(self, name: str) -> None:
        """SIGKILL to the process and its workers; returns when they are gone."""
        self._processes[name].kill()

    def pause(self, name: str) -> None:
        """SIGSTOP: it keeps its connections and answers nobody."""
        self._processes[name].signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        self._processes[name].signal(signal.SIGCONT)

    def stop(self, name: str) -> None:
        """SIGTERM, and wait."""
        self._processes[name].end()

    def restart(self, name: str) -> None:
        """End it if it runs, start it with the same settings, wait until it is ready."""
        process = self._processes[name]
        process.end()
        process.start()
        self.wait_ready(name)

    def log(self, name: str) -> str:
        """All that the process has written."""
        return self._processes[name].log.read_text(encoding="utf-8", errors="replace")

    def logs(self, lines: int = 40) -> dict[str, str]:
        """The end of every log."""
        return {name: process.last_lines(lines) for name, process in self._processes.items()}

    def redis_keys(self) -> set[bytes]:
        """Every key there is."""
        with Redis(port=self.redis_port) as redis:
            return set(redis.scan_iter(count=1000))

    def keep(self) -> None:
        """Wait until all that Redis holds is in its append-only file, where a SIGKILL leaves it."""
        with Redis(port=self.redis_port) as redis:
            processes.wait_until(
                lambda: redis.info("persistence")["aof_buffer_length"] == 0,
                self._processes["redis"],
                READY_WITHIN_SECONDS,
            )

    def ask(self, party: str, method: str, path: str, body: object = None) -> Any:
        """Pull a lever of the mock ("provider" or "api"), for example GET /__stats."""
        return _json(method, self._address(party) + path, body)

    def _address(self, party: str) -> str:
        port = {"provider": self.provider_port, "api": self.api_port, **self._apis}[party]
        return f"http://127.0.0.1:{port}"

    def end(self) -> None:
        """End everything that was started, paused processes too."""
        for name in self._processes:
            self.resume(name)
        processes.end_all(list(self._processes.values()))


def _json(method: str, url: str, body: object = None) -> Any:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5.0) as response:
        content = response.read()
    return json.loads(content) if content else None
