"""``make demo`` as a person meets it: it comes up, says one address, and leaves nothing behind."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.e2e.processes import ROOT
from upstream_mocks import processes
from upstream_mocks.demo import DEV_PORTS, PORTS

READY_WITHIN_SECONDS = 60.0
GONE_WITHIN_SECONDS = 45.0

# Also when the tests run under nohup, whose children ignore SIGHUP, as the demo then should.
HEARS_HANGUPS = (
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Demo:
    """One demo on free ports, its Redis data in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        wanted = [*PORTS, *DEV_PORTS]
        self.ports = dict(zip(wanted, processes.free_ports(len(wanted)), strict=True))
        self._env = {
            **os.environ,
            **{name: str(port) for name, port in self.ports.items()},
            "REDIS_DIR": str(folder / "redis"),
            "DEMO_DIR": str(folder),
        }
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.said: list[str] = []
        self.family: list[psutil.Process] = []
        self.runner = subprocess.Popen(
            [sys.executable, "-c", HEARS_HANGUPS, "-m", "upstream_mocks.demo", *arguments],
            cwd=ROOT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.runner.stdout
        for line in self.runner.stdout:
            self._lines.put(line.rstrip())

    def wait_for(self, text: str) -> None:
        """Until a line contains ``text``."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not any(text in line for line in self.said):
            try:
                self.said.append(self._lines.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"never said {text!r}, but: {self.said}") from None

    def come_up(self) -> None:
        """Until it is ready; notes every process that it started."""
        self.wait_for("EventLead is ready")
        self.family = psutil.Process(self.runner.pid).children(recursive=True)

    def left_over(self) -> list[str]:
        """What still runs of the family after a while."""
        _, alive = psutil.wait_procs(self.family, timeout=GONE_WITHIN_SECONDS)
        return [" ".join(process.cmdline()) for process in alive if process.is_running()]

    def end(self) -> None:
        """Nothing of it survives the test."""
        self.runner.kill()
        self.runner.wait()
        for process in self.family:
            if process.is_running():
                process.kill()
        if self.runner.stdout:
            self.runner.stdout.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Starting up."""
    running = Demo(tmp_path)
    try:
        yield running
    finally:
        running.end()


def test_the_last_line_is_the_address_to_open(demo: Demo) -> None:
    """One line, one address, and a page behind it."""
    demo.come_up()
    address = demo.said[-1].split()[3]
    assert address == f"http://localhost:{demo.ports['BFF_PORT']}"
    assert processes.url_answers(f"{address}/")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(demo: Demo, signum: signal.Signals) -> None:
    """Ctrl-C, kill, or a closed terminal: exit 0 and no process left."""
    demo.come_up()
    assert len(demo.family) >= len({name for name, _ in PORTS.values()})
    demo.runner.send_signal(signum)
    assert demo.runner.wait(GONE_WITHIN_SECONDS) == 0
    assert demo.left_over() == []


def test_even_a_killed_demo_leaves_nothing(demo: Demo) -> None:
    """SIGKILL cannot be caught, so each process watches for the death of the runner."""
    demo.come_up()
    demo.runner.kill()
    demo.runner.wait()
    assert demo.left_over() == []


def test_the_end_of_one_process_is_the_end_of_all_and_is_named(demo: Demo) -> None:
    """The message says who ended, and shows the end of its log."""
    demo.come_up()
    api = next(process for process in demo.family if "upstream_mocks.api" in process.cmdline())
    api.kill()
    assert demo.runner.wait(GONE_WITHIN_SECONDS) == 1
    demo.wait_for("api ended with")
    assert demo.left_over() == []


def test_a_port_in_use_is_named_with_the_way_out(demo: Demo, tmp_path: Path) -> None:
    """Checked before anything starts."""
    demo.end()
    with socket.create_server(("127.0.0.1", demo.ports["API_PORT"])):
        env = {**os.environ, **{name: str(port) for name, port in demo.ports.items()}}
        outcome = subprocess.run(
            [sys.executable, "-m", "upstream_mocks.demo"],
            cwd=ROOT,
            env={**env, "DEMO_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=READY_WITHIN_SECONDS,
            check=False,
        )
    assert outcome.returncode == 1
    assert f"port {demo.ports['API_PORT']} is in use" in outcome.stderr
    assert "API_PORT=" in outcome.stderr


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Demo]:
    """``make dev``, starting up."""
    running = Demo(tmp_path, "--dev")
    try:
        yield running
    finally:
        running.end()


def test_in_development_the_page_comes_from_its_dev_server(dev: Demo, page: Page) -> None:
    """Through the BFF, unbuilt, with hot reload's WebSocket straight to the dev server."""
    dev.come_up()
    said: list[str] = []
    sockets: list[str] = []

    def listen(socket: WebSocket) -> None:
        sockets.append(socket.url)
        socket.on("framereceived", lambda frame: said.append(str(frame)))

    page.on("websocket", listen)
    page.goto(f"http://localhost:{dev.ports['BFF_PORT']}/")
    expect(page.get_by_test_id("sign-in")).to_be_visible(timeout=30_000)
    expect(page.locator('script[src^="/src/main.tsx"]')).to_have_count(1)
    assert all(f":{dev.ports['VITE_PORT']}/" in url for url in sockets)
    assert any('"connected"' in frame for frame in said)
