"""What all subjects share: Redis, the mock provider, an API that wants a bearer token. All on the load's core."""

import json
import os
import random
import string
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.certificate import write_certificate
from tests.benchmarks.load import LOAD_CORE
from tests.benchmarks.programs import PEERS, ROOT, library_path, program
from upstream_mocks.processes import free_ports
from upstream_mocks.redis_server import redis_command

SIZES = {"1k": 1024, "100k": 102_400, "1m": 1_048_576}
# The API's answer to a request without a bearer token is 401, so every good answer has passed the check.
API = """
  map $http_authorization $allowed {{ "~^Bearer [A-Za-z0-9._-]+$" 1; default 0; }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/api;
    default_type application/json;
    location / {{ if ($allowed = 0) {{ return 401; }} }}
  }}
"""
# The provider behind TLS, for the peer that takes static metadata over https alone.
SECURE = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{ proxy_pass http://127.0.0.1:{provider}; }}
  }}
"""
PLAIN = """
  upstream api {{ server 127.0.0.1:{upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location /api/ {{
      proxy_pass http://api/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


def leads(size: int) -> bytes:
    """A list of leads as an API tells it, padded to ``size`` octets.

    Text, not one letter again and again: how fast a body is searched depends on what is in it.
    """
    chance = random.Random(size)
    rows: list[dict[str, object]] = []
    octets = 2
    while True:
        name = "".join(chance.choices(string.ascii_lowercase, k=chance.randrange(4, 12)))
        row: dict[str, object] = {
            "id": f"lead_{chance.getrandbits(64):016x}",
            "name": f"{name.title()} {chance.choice(('Lovelace', 'Hopper', 'Hamilton'))}",
            "email": f"{name}@{chance.choice(('example.org', 'mail.example'))}",
            "score": round(chance.random() * 100, 2),
            "stage": chance.choice(("new", "contacted", "qualified", "lost")),
            "created_at": f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T09:00:00Z",
            "tags": chance.sample(("fair", "newsletter", "partner", "webinar"), 2),
        }
        octets += len(json.dumps(row)) + 2
        if octets > size:
            return json.dumps(rows).encode().ljust(size)
        rows.append(row)


@dataclass
class Program:
    """One running process and its children."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def family(self) -> list[psutil.Process]:
        """Itself and all below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """User and system time of the family, from the scheduler's own count."""
        total = 0
        for member in self.family:
            for task in Path(f"/proc/{member.pid}/task").glob("*/schedstat"):
                with suppress(FileNotFoundError, ProcessLookupError):
                    total += int(task.read_text().split()[0])
        return total / 1e9

    def resident_octets(self) -> int:
        """Memory that is the family's own."""
        return sum(member.memory_full_info().uss for member in self.family)

    def end(self) -> None:
        """SIGTERM, and SIGKILL for who stays."""
        with suppress(psutil.NoSuchProcess):
            family = self.family
            self.process.terminate()
            _, stayed = psutil.wait_procs(family, timeout=8)
            for member in stayed:
                member.kill()
        self.process.wait()


@dataclass
class Ground:
    """Ports, folders, and everything that was started."""

    folder: Path
    origins: Sequence[str]
    access_token_seconds: int = 36_000
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.redis_port, self.provider_port, self.upstream_port, self.secure_port = free_ports(4)

    @property
    def issuer(self) -> str:
        """The provider's."""
        return f"http://localhost:{self.provider_port}"

    @property
    def secure_provider(self) -> str:
        """The same provider behind TLS."""
        return f"https://localhost:{self.secure_port}"

    @property
    def authorities(self) -> Path:
        """Who is trusted for it."""
        return self.folder / "tls.pem"

    def start(self) -> None:
        """Redis, provider, API."""
        (self.folder / "redis").mkdir(parents=True, exist_ok=True)
        for name, size in SIZES.items():
            file = self.folder / "api" / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(leads(size))
        self.run("redis", redis_command(self.redis_port, self.folder / "redis", appendonly=False))
        # in life it is another machine: here it must not hold up the load and the API on their core
        command = ["chrt", "--idle", "0", sys.executable, "-m", "upstream_mocks.provider"]
        command += ["--port", str(self.provider_port)]
        command += ["--access-token-seconds", str(self.access_token_seconds)]
        self.run("provider", [*command, "--client-origin", *self.origins])
        certificate, key = write_certificate(self.folder)
        servers = API.format(port=self.upstream_port, folder=self.folder) + SECURE.format(
            port=self.secure_port, certificate=certificate, key=key, provider=self.provider_port
        )
        self.nginx("api", servers)
        await_url(f"{self.issuer}/.well-known/openid-configuration")
        await_url(f"http://127.0.0.1:{self.upstream_port}/1k")

    def nginx(self, name: str, servers: str, core: int = LOAD_CORE) -> Program:
        """An nginx of one worker."""
        text = (
            (PEERS / "nginx.conf")
            .read_text()
            .format(folder=self.folder, name=name, servers=servers)
        )
        config = self.folder / f"{name}.conf"
        config.write_text(text)
        command = [program("nginx"), "-c", str(config), "-p", str(self.folder)]
        return self.run(name, [*command, "-e", f"{self.folder}/{name}.log"], core=core)

    def run(
        self,
        name: str,
        command: Sequence[str],
        *,
        core: int = LOAD_CORE,
        cwd: Path = ROOT,
        variables: Mapping[str, str] | None = None,
    ) -> Program:
        """Start a program on one core; its output goes to a file."""
        log = self.folder / f"{name}.out"
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                cwd=cwd,
                env={**inherited, **library_path(), **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # not a session of its own: Linux shares a core between sessions first (autogroup), and
                # then the policy of one program says nothing to those of others
                process_group=0,
            )
        started = Program(process, log)
        self.programs.append(started)
        return started

    def end(self) -> None:
        """The last one first."""
        for started in reversed(self.programs):
            started.end()


def await_url(url: str, accept: Callable[[int], bool] = lambda status: status < 500) -> None:
    """Until it answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if accept(answer.status):
                    return
        except urllib.error.HTTPError as error:
            if accept(error.code):
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError(f"{url} does not answer")
        time.sleep(0.05)


def asked(url: str, method: str = "GET", body: bytes | None = None) -> Any:
    """One request to a lever of the provider."""
    headers: Mapping[str, str] = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, method=method, data=body, headers=dict(headers))
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read()
