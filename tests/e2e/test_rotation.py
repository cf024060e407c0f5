"""Both key rings rotated while users work: real processes, restarted one after the other, zero sign-outs."""

import base64
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable

import httpx
import pytest
import tomli_w

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import ROOT, Stack

NEW_KEYS = {
    ring: base64.urlsafe_b64encode(f"new {ring} key of 32 octets.......".encode()[:32]).rstrip(b"=").decode()
    for ring in ("signing", "sealing")
}  # fmt: skip


class Worker(threading.Thread):
    """One user with a browser that talks to both processes; counts what it is answered."""

    def __init__(self, stack: Stack, user: str) -> None:
        super().__init__(daemon=True)
        origins = [bff.url for bff in stack.bffs.values()]
        self.ways = [ApiBrowser(origin, stack.provider_url) for origin in origins]
        self.ways[0].sign_in(user)
        for way in self.ways[1:]:
            way.cookies, way.ref = self.ways[0].cookies, self.ways[0].ref
        self.answers: Counter[object] = Counter()
        self.enough = threading.Event()

    def run(self) -> None:
        turn = 0
        while not self.enough.is_set():
            turn += 1
            way = self.ways[turn % 2]
            method, path = ("GET", "/bff/session") if turn % 7 == 0 else ("GET", "/api/me")
            try:
                answer = way.send(method, path)
            except httpx.TransportError:
                self.answers["away"] += 1  # it is being restarted; the other one answers
                self.enough.wait(0.1)
                continue
            self.enough.wait(0.02)  # a user, not a flood: the restarts need the machine too
            signed_out = path == "/bff/session" and not answer.json()["authenticated"]
            self.answers["signed out" if signed_out else answer.status_code] += 1


def set_rings(stack: Stack, name: str, rings: dict[str, list[dict[str, str]]]) -> None:
    """Write the rings into one process's file and restart it."""
    file = stack.folder / f"{name}.toml"
    raw = tomllib.loads(file.read_text())
    raw["keys"].update(rings)
    file.write_text(tomli_w.dumps(raw))
    stack.restart(name)


@pytest.mark.req("N126")
def test_both_rings_are_rotated_under_load_and_nobody_is_signed_out(
    new_stack: Callable[..., Stack],
) -> None:
    """Known, used, sealed anew, old keys taken out: every answer but a restart's is 200."""
    stack = new_stack()
    for name in ("bff", "bff2"):
        stack.add_bff(name)
    old = tomllib.loads((stack.folder / "bff.toml").read_text())["keys"]
    new = {ring: {"id": "2026-12", "key": key} for ring, key in NEW_KEYS.items()}
    steps = [
        {ring: [new[ring], *old[ring]] for ring in NEW_KEYS},
        {ring: [*old[ring], new[ring]] for ring in NEW_KEYS},
        {ring: [new[ring]] for ring in NEW_KEYS},
    ]
    workers = [Worker(stack, user) for user in ("ada", "grace", "alan")]
    for worker in workers:
        worker.start()
    for number, step in enumerate(steps):
        if number == len(steps) - 1:
            _reseal(stack)
            _until_every_cookie_is_signed_anew(stack, workers)
        for name in stack.bffs:
            set_rings(stack, name, step)
    time.sleep(1)  # load on the last ring alone
    for worker in workers:
        worker.enough.set()
        worker.join(60)
    total = sum((worker.answers for worker in workers), Counter())
    print(f"answers during the rotation: {dict(total)}")
    assert set(total) <= {200, "away"}
    assert total[200] > 100
    for worker in workers:
        assert worker.ways[0].send("GET", "/api/me").status_code == 200
        for way in worker.ways:
            way.close()


def _reseal(stack: Stack) -> None:
    """As an operator would."""
    command = [
        sys.executable,
        "-c",
        "from bff.cli.program import main; main()",
        "keys",
        "reseal",
        "--config",
        str(stack.folder / "bff.toml"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "sealed anew under 2026-12: 3" in done.stdout


def _until_every_cookie_is_signed_anew(stack: Stack, workers: list[Worker]) -> None:
    """Each page has looked at its session since the new key is used."""
    seen = [worker.answers[200] for worker in workers]
    deadline = time.monotonic() + 30
    while any(
        worker.answers[200] < before + 20 for worker, before in zip(workers, seen, strict=True)
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
