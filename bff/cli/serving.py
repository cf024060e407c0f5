"""bff serve."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import click
from granian.constants import Interfaces, Loops
from granian.server.mp import MPServer

from bff.app import CONFIG_VARIABLE
from bff.cli.options import CONFIG, load
from bff.composition.lifespan import LEAVING


class _Server(MPServer):
    """Granian, which waits for open streams before it ends a worker: each is told to let them go first."""

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, LEAVING)
        super()._stop_workers()  # type: ignore[no-untyped-call]


@click.command()
@CONFIG
@click.option("--port", type=int, help="Listen here instead of server.port.")
@click.option("--workers", type=int, help="Start so many processes instead of server.workers.")
def serve(path: str, port: int | None, workers: int | None) -> None:
    """Run the app until Ctrl-C or SIGTERM.

    Requests, streams and renewals in flight get server.drain_seconds to finish.
    """
    settings = load(path)[0]
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
