"""Under the harness and the demo: processes that end whole, a configuration that moves."""

import os
import tomllib
from pathlib import Path

import psutil
import pytest

from tests.e2e.processes import DEMO, ROOT
from upstream_mocks import processes
from upstream_mocks.moved import write_moved

READY_WITHIN_SECONDS = 10.0
STUBBORN = "trap '' TERM; sleep 1000 & echo up; wait; sleep 1000"


def process(folder: Path, command: str) -> processes.Process:
    """One shell line, its log in ``folder``."""
    made = processes.Process("one", command, env=os.environ, cwd=folder, log=folder / "one.log")
    made.start()
    return made


def until(made: processes.Process, text: str) -> None:
    """Until the log holds ``text``."""
    processes.wait_until(lambda: text in made.last_lines(), made, READY_WITHIN_SECONDS)


def family(made: processes.Process) -> list[psutil.Process]:
    """The process, its tether and its workers."""
    assert made.group is not None
    return [psutil.Process(made.group), *psutil.Process(made.group).children(recursive=True)]


def alive(members: list[psutil.Process]) -> list[psutil.Process]:
    """Who is left after a moment."""
    psutil.wait_procs(members, timeout=5.0)
    return [member for member in members if member.is_running()]


def test_a_process_that_ignores_sigterm_is_killed_with_its_workers(tmp_path: Path) -> None:
    """After the grace, nothing of the group is left."""
    made = process(tmp_path, f'sh -c "{STUBBORN}"')
    until(made, "up")
    members = family(made)
    assert len(members) >= 3
    made.end(grace_seconds=0.2)
    assert alive(members) == []


def test_a_killed_process_takes_its_workers_along(tmp_path: Path) -> None:
    """SIGKILL reaches the group."""
    made = process(tmp_path, 'sh -c "sleep 1000 & echo up; wait"')
    until(made, "up")
    members = family(made)
    made.kill()
    assert alive(members) == []


@pytest.mark.parametrize(
    ("command", "code"), [("true", 0), ("sh -c 'exit 7'", 7), ("sh -c 'kill -9 $$'", -9)]
)
def test_the_exit_code_is_the_commands(tmp_path: Path, command: str, code: int) -> None:
    """The tether ends as the command ended."""
    made = process(tmp_path, command)
    with pytest.raises(RuntimeError, match=f"ended with {code}"):
        processes.wait_until(lambda: False, made, READY_WITHIN_SECONDS)
    assert made.exit_code == code


def test_a_process_starts_again(tmp_path: Path) -> None:
    """The log goes on where it was."""
    made = process(tmp_path, 'sh -c "echo up; exec sleep 1000"')
    until(made, "up")
    made.end()
    made.start()
    until(made, "up\nup")
    made.kill()


def test_the_demos_configuration_moves_whole(tmp_path: Path) -> None:
    """No address of the demo is left, and no folder depends on where the file lies."""
    moves = {port: port + 10_000 for port in DEMO.values()}
    write_moved(ROOT / "bff.toml", tmp_path / "bff.toml", moves, {})
    text = (tmp_path / "bff.toml").read_text(encoding="utf-8")
    assert [port for port in DEMO.values() if f"{port}" in text.replace(f"1{port}", "")] == []
    before = tomllib.loads((ROOT / "bff.toml").read_text(encoding="utf-8"))
    after = tomllib.loads(text)
    assert after.keys() == before.keys()
    assert after["server"]["port"] == before["server"]["port"] + 10_000
    assert Path(after["app"]["static_dir"]) == ROOT / before["app"]["static_dir"]


def test_settings_are_set_by_dotted_path(tmp_path: Path) -> None:
    """Tables that are missing are made; a number counts in an array."""
    base, target = tmp_path / "base.toml", tmp_path / "target.toml"
    base.write_text(
        '[[routes]]\nprefix = "/api/a"\n[[routes]]\nprefix = "/api/b"\n', encoding="utf-8"
    )
    write_moved(base, target, {}, {"session.limits.idle": 60, "routes.1.prefix": "/api/c"})
    assert tomllib.loads(target.read_text(encoding="utf-8")) == {
        "routes": [{"prefix": "/api/a"}, {"prefix": "/api/c"}],
        "session": {"limits": {"idle": 60}},
    }
