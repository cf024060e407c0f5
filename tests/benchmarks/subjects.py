"""Who is measured: how each is started on its core, and how a browser signs in there."""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from tests.benchmarks.ground import PLAIN, Ground, Program
from tests.benchmarks.programs import PEERS, ROOT, node_modules, program, python, unpacked
from upstream_mocks.moved import set_value
from upstream_mocks.processes import free_ports

SUBJECT_CORE = 0
CLIENT_ID, CLIENT_SECRET = "eventlead-bff", "demo-secret-not-for-production"


@dataclass(frozen=True)
class Subject:
    """One of them. ``settings`` are this product's, by dotted path; ``options`` those of ``bff serve``."""

    name: str
    title: str
    kind: str
    login: str = "/login"
    settings: Mapping[str, object] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def is_peer(self) -> bool:
        """Whether it is neither this product nor the plain proxy: what it does badly is told, and ends nothing."""
        return self.kind not in {"bff", "nginx"}

    def start(self, ground: Ground, port: int) -> Program:
        """On its own core."""
        starters = {
            "nginx": _nginx,
            "bff": _bff,
            "node": _node,
            "apache": _apache,
            "starlette": _starlette,
        }
        return starters[self.kind](self, ground, port)


def _bff(subject: Subject, ground: Ground, port: int) -> Program:
    settings: dict[str, Any] = tomllib.loads((ROOT / "bff.toml").read_text())
    upstream = f"http://127.0.0.1:{ground.upstream_port}"
    settings["server"] |= {"public_url": f"http://localhost:{port}", "port": port}
    settings["server"] |= {"operators_port": port + 1, "workers": 1}
    settings["provider"] |= {"issuer": ground.issuer}
    settings["redis"] = {
        "url": f"redis://127.0.0.1:{ground.redis_port}",
        "prefix": subject.name,
    }
    settings["app"] = {}
    settings["limits"] = {"sign_in_per_minute": 1_000_000, "callback_per_minute": 1_000_000}
    settings["routes"] = [
        {"prefix": f"/api/{name}", "upstream": f"{upstream}/{name}"}
        for name in ("1k", "100k", "1m")
    ]
    for path, value in subject.settings.items():
        set_value(settings, path, value)
    if "tracing" in settings:
        settings["tracing"]["endpoint"] = _collector(subject, ground)
    config = ground.folder / f"{subject.name}.toml"
    config.write_text(tomli_w.dumps(settings))
    command = [str(Path(sys.executable).with_name("bff")), "serve", "--config", str(config)]
    command += subject.options
    return ground.run(subject.name, command, core=SUBJECT_CORE)


def _collector(subject: Subject, ground: Ground) -> str:
    """Takes every delivery of spans, on the other core."""
    (port,) = free_ports(1)
    server = f"server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}"
    ground.nginx(f"{subject.name}-collector", server)
    return f"http://127.0.0.1:{port}/v1/traces"


def _nginx(subject: Subject, ground: Ground, port: int) -> Program:
    servers = PLAIN.format(port=port, upstream=ground.upstream_port)
    return ground.nginx(subject.name, servers, SUBJECT_CORE)


def _environment(ground: Ground, port: int) -> dict[str, str]:
    return {
        "PORT": str(port),
        "ORIGIN": f"http://localhost:{port}",
        "ISSUER": ground.issuer,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "REDIS_PORT": str(ground.redis_port),
        "UPSTREAM": f"http://127.0.0.1:{ground.upstream_port}",
        "NODE_ENV": "production",
    }


def _node(subject: Subject, ground: Ground, port: int) -> Program:
    script = node_modules() / f"{subject.name}.mjs"
    script.write_text((PEERS / script.name).read_text())
    command = [str(Path(sys.executable).with_name("node")), str(script)]
    return ground.run(
        subject.name,
        command,
        core=SUBJECT_CORE,
        cwd=node_modules(),
        variables=_environment(ground, port),
    )


def _starlette(subject: Subject, ground: Ground, port: int) -> Program:
    command = [python(), "-m", "uvicorn", "starlette_app:app", "--port", str(port)]
    command += ["--no-access-log", "--loop", "uvloop", "--http", "httptools"]
    return ground.run(
        subject.name, command, core=SUBJECT_CORE, cwd=PEERS, variables=_environment(ground, port)
    )


def _apache(subject: Subject, ground: Ground, port: int) -> Program:
    issuer = ground.issuer
    metadata, tuning = f"OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration", ""
    if subject.name == "apache-tuned":
        tuning = f"OIDCCacheEncrypt Off\nOIDCCABundlePath {ground.authorities}"
        metadata = "\n".join(
            [
                f"OIDCProviderIssuer {issuer}",
                f"OIDCProviderAuthorizationEndpoint {ground.secure_provider}/authorize",
                f"OIDCProviderTokenEndpoint {ground.secure_provider}/token",
                f"OIDCProviderJwksUri {ground.secure_provider}/jwks",
            ]
        )
    text = (
        (PEERS / "apache.conf")
        .read_text()
        .format(
            root=unpacked(),
            port=port,
            folder=ground.folder,
            origin=f"http://localhost:{port}",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redis_port=ground.redis_port,
            upstream_port=ground.upstream_port,
            metadata=metadata,
            tuning=tuning,
        )
    )
    config = ground.folder / f"{subject.name}.conf"
    config.write_text(text)
    command = [program("apache2"), "-f", str(config), "-DFOREGROUND"]
    return ground.run(subject.name, command, core=SUBJECT_CORE)


OURS = "cookie-bff"
SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("nginx", "nginx, plain reverse proxy, no sessions", "nginx", login=""),
        Subject("bff", OURS, "bff", "/bff/login"),
        Subject(
            "bff-granian",
            f"{OURS}, behind granian",
            "bff",
            "/bff/login",
            options=("--server", "granian"),
        ),
        Subject(
            "bff-nocache",
            f"{OURS}, session cache off",
            "bff",
            "/bff/login",
            {"redis.session_cache": "off"},
        ),
        Subject(
            "bff-noguard",
            f"{OURS}, leak guard off",
            "bff",
            "/bff/login",
            {f"routes.{number}.leak_guard": False for number in range(3)},
        ),
        Subject(
            "bff-storm",
            f"{OURS}, no jitter before renewals",
            "bff",
            "/bff/login",
            {"refresh.jitter_seconds": 0},
        ),
        Subject(
            "bff-ordinary",
            f"{OURS}, the ordinary way",  # a step-up that everybody has done leaves no direct way
            "bff",
            "/bff/login",
            {f"routes.{number}.max_age_seconds": 86_400 for number in range(3)},
        ),
        Subject(
            "bff-unsampled",
            f"{OURS}, traces on, none recorded",
            "bff",
            "/bff/login",
            {"tracing.export": "otlp", "tracing.sample_ratio": 0.0},
        ),
        Subject(
            "bff-traced",
            f"{OURS}, traces on, each recorded and delivered",
            "bff",
            "/bff/login",
            {"tracing.export": "otlp", "tracing.sample_ratio": 1.0},
        ),
        Subject("fastify", "fastify + undici + ioredis, by hand", "node"),
        Subject("express", "express + express-openid-connect + http-proxy-middleware", "node"),
        Subject("apache", "Apache mod_auth_openidc, as packaged", "apache"),
        Subject("apache-tuned", "Apache mod_auth_openidc, tuned", "apache"),
        Subject("starlette", "Starlette + httpx + redis.asyncio", "starlette"),
    )
}


def sessions_file(folder: Path, name: str) -> Path:
    """Where the sessions of a subject are kept for wrk."""
    return folder / f"{name}.sessions"
