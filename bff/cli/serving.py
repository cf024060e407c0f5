"""bff serve."""

import os
import signal
import tempfile
from multiprocessing.process import BaseProcess
from pathlib import Path

import click
import uvicorn
from granian.constants import Interfaces, Loops
from granian.server.mp import MPServer
from uvicorn.supervisors.multiprocess import Multiprocess

from bff.app import CONFIG_VARIABLE, PROTOCOL, SOCKET_PROTOCOL, create_app_behind_granian
from bff.cli.options import CONFIG, load
from bff.settings.model import Settings

APP = "bff.app:create_app_from_environment"
LINGERING_SECONDS = 10
"""What a worker may take besides ``server.drain_seconds``: for idle connections, and for its last words."""
LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of a WebSocket message that uvicorn reads at most, unless the settings allow more."""


@click.command()
@CONFIG
@click.option("--port", type=int, help="Listen here instead of server.port.")
@click.option("--workers", type=int, help="Start so many processes instead of server.workers.")
@click.option(
    "--server",
    "software",
    type=click.Choice(["granian", "uvicorn"]),
    default="uvicorn",
    show_default=True,
    help="Which ASGI server answers. With uvicorn a plain call takes a way that costs a third.",
)
def serve(path: str, port: int | None, workers: int | None, software: str) -> None:
    """Run the app until Ctrl-C or SIGTERM; SIGHUP starts new workers with the file as it is then.

    Requests, streams and renewals in flight get server.drain_seconds to finish, both times.
    """
    settings = load(path)[0]
    server = settings.server
    os.environ[CONFIG_VARIABLE] = str(Path(path).resolve())
    workers, port = workers or server.workers, port or server.port
    if workers > 1:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="bff-metrics-"))
    click.echo(
        f"bff: {server.public_url}, listening on {server.host}:{port}, {workers} worker(s)",
        err=True,
    )
    run = {"granian": _granian, "uvicorn": _uvicorn}[software]
    run(settings, port, workers)


def _granian(settings: Settings, port: int, workers: int) -> None:
    server = settings.server
    granian = MPServer(
        f"bff.app:{create_app_behind_granian.__name__}",
        address=server.host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.auto,
        factory=True,
        websockets=True,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=int(server.drain_seconds) + LINGERING_SECONDS,
    )

    @granian.on_reload
    def replaced() -> None:
        for worker in granian.wrks:
            _tell_replaced(worker.inner)

    granian.serve()


def _tell_replaced(worker: BaseProcess) -> None:
    """By SIGURG, which a worker that does not listen yet ignores."""
    if worker.pid is not None and worker.exitcode is None:
        os.kill(worker.pid, signal.SIGURG)


def _uvicorn(settings: Settings, port: int, workers: int) -> None:
    server = settings.server
    config = uvicorn.Config(
        APP,
        host=server.host,
        port=port,
        workers=workers,
        factory=True,
        http=PROTOCOL,
        ws=SOCKET_PROTOCOL,
        ws_max_size=max(LARGEST_MESSAGE, settings.limits.websocket_message_bytes),
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(server.drain_seconds),
        timeout_worker_healthcheck=60,
    )
    Supervisor(config, [config.bind_socket()]).run()


class Supervisor(Multiprocess):
    """uvicorn's, whose workers learn whether they are replaced or stopped."""

    def restart_all(self) -> None:
        """Replace each worker, once its successor is ready; it then has time for idle connections."""
        for process in self.processes:
            _tell_replaced(process.process)
        super().restart_all()
