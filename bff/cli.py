"""The command line: bff serve, bff check, bff explain, bff keys new.

Exit codes: 0 all is well, 1 something is wrong with the file or what it points to, 2 wrong usage.
"""

import asyncio
import base64
import os
import secrets
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import click
from granian.constants import Interfaces, Loops
from granian.server.mp import MPServer
from rich.console import Console
from rich.table import Table

from bff.app import CONFIG_VARIABLE, live_report
from bff.composition.lifespan import LEAVING
from bff.settings.explain import Explained, explained, timeline, warnings
from bff.settings.model import Settings
from bff.settings.read import SettingsInvalid, load_settings

CONFIG = click.option(
    "--config",
    "path",
    default="bff.toml",
    show_default=True,
    envvar=CONFIG_VARIABLE,
    help="The settings file (TOML).",
)


class _Server(MPServer):
    """Granian, which waits for open streams before it ends a worker: each is told to let them go first."""

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, LEAVING)
        super()._stop_workers()  # type: ignore[no-untyped-call]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cookie-bff")
def main() -> None:
    """A backend-for-frontend: tokens stay on the server, the browser gets one HttpOnly cookie."""


@main.command()
@CONFIG
@click.option("--port", type=int, help="Listen here instead of server.port.")
@click.option("--workers", type=int, help="Start so many processes instead of server.workers.")
def serve(path: str, port: int | None, workers: int | None) -> None:
    """Run the app until Ctrl-C or SIGTERM.

    Requests, streams and renewals in flight get server.drain_seconds to finish.
    """
    settings = _load(path)[0]
    server = settings.server
    os.environ[CONFIG_VARIABLE] = str(Path(path).resolve())
    workers = workers or server.workers
    if workers > 1:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="bff-metrics-"))
    click.echo(
        f"bff: {server.public_url}, listening on {server.host}:{port or server.port}, {workers} worker(s)",
        err=True,
    )
    _Server(
        "bff.app:create_app_from_environment",
        address=server.host,
        port=port or server.port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.auto,
        factory=True,
        websockets=True,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=int(server.drain_seconds) + 5,
    ).serve()


@main.command()
@CONFIG
@click.option(
    "--live", is_flag=True, help="Also reach the provider and Redis, and say what they support."
)
def check(path: str, *, live: bool) -> None:
    """Validate the settings file: one line for each problem."""
    settings = _load(path)[0]
    for warning in warnings(settings):
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{path}: ok, {len(settings.routes)} routes")
    if live:
        rows = asyncio.run(live_report(settings))
        table = Table("what", "found", "")
        for row in rows:
            table.add_row(row.what, row.found, "ok" if row.fine else "PROBLEM")
        Console().print(table)
        if not all(row.fine for row in rows):
            raise SystemExit(1)


@main.command()
@CONFIG
def explain(path: str) -> None:
    """Print every effective setting and where it came from, secrets masked, and the timeline of session limits."""
    settings, sources = _load(path)
    table = Table("setting", "value", "from")
    for row in explained(settings, sources):
        table.add_row(*_cells(row))
    console = Console()
    console.print(table)
    console.print("\nTimeline of a session", style="bold")
    for moment in timeline(settings):
        console.print(f"  {_duration(moment.seconds):>16}  {moment.what}", highlight=False)
    for warning in warnings(settings):
        console.print(f"warning: {warning}", style="yellow")


@main.group()
def keys() -> None:
    """Key material for the [keys] table."""


@keys.command("new")
@click.option("--id", "key_id", default="", help="What to call it, such as 2026-11.")
def new_key(key_id: str) -> None:
    """Print one fresh key of 32 octets, base64url."""
    material = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    click.echo(f'{{ id = "{key_id}", key = "{material}" }}' if key_id else material)


def _load(path: str) -> tuple[Settings, dict[str, str]]:
    """The settings, or one line for each problem and exit code 1."""
    try:
        text = Path(path).read_text()
        return load_settings(text, os.environ, lambda name: Path(name).read_text())
    except OSError as error:
        raise click.ClickException(
            f"{path}: {error.strerror}; name the file with --config"
        ) from None
    except SettingsInvalid as error:
        for problem in error.problems:
            click.echo(f"{path}: {problem}", err=True)
        raise SystemExit(1) from None


def _cells(row: Explained) -> tuple[str, str, str]:
    return row.path, row.value, row.source


def _duration(seconds: float) -> str:
    return "0" if seconds == 0 else str(timedelta(seconds=seconds))
