"""bff audit, over a real Redis."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.redis_client import redis_client
from bff.audit import events
from bff.cli.program import main
from bff.settings import values
from bff.settings.read import load_settings
from tests.ports.trail import Trail

EVIL = "=cmd()\r\nfake: line\x1b[2J"


@pytest.fixture
def config(settings_file: Path, redis_port: int) -> Path:
    """A settings file, and a trail of five entries in its Redis."""
    settings, _ = load_settings(settings_file.read_text(), {}, lambda name: Path(name).read_text())
    asyncio.run(_write(redis_port, settings.redis.prefix, values.audit_key(settings)))
    return settings_file


async def _write(port: int, prefix: str, key: bytes) -> None:
    redis = redis_client(f"redis://127.0.0.1:{port}", timeout_seconds=5, max_connections=4)
    trail = Trail(redis, AuditNames(prefix, key), time.time)
    trail.log._key = key
    async with trail.writing():
        for number in range(4):
            trail.record(
                events.SessionEnded(
                    at=time.time(), ref=f"s_{number}", subject="ada", reason="admin"
                )
            )
        trail.record(events.SignedIn(at=time.time(), ref="s_9", subject=EVIL, replaced=False))
    await redis.aclose(close_connection_pool=True)


def run(config: Path, *words: str) -> Result:
    """One call."""
    return CliRunner().invoke(main, ["audit", words[0], "--config", str(config), *words[1:]])


@pytest.mark.req("S12")
def test_verify_says_intact_and_fails_when_an_entry_was_changed(
    config: Path, redis_port: int
) -> None:
    """With an exit code that a cron job understands; a log's anchors count too."""
    good = run(config, "verify", "--json")
    assert (good.exit_code, json.loads(good.output)) == (
        0,
        {"entries": 5, "intact": True, "findings": []},
    )
    with Redis(port=redis_port) as redis:
        name = next(key for key in redis.keys("*:trail"))
        chain = redis.xrange(name)[0][1][b"c"].decode()
        log = config.parent / "log"
        log.write_text(
            json.dumps({"audit": "audit_anchor", "heads": {chain: 7}}) + "\nno json audit_anchor\n"
        )
        assert (
            f"cut off: entry 6 to 7 of chain {chain}"
            in run(config, "verify", "--anchors", str(log)).output
        )
        redis.xdel(name, redis.xrange(name)[2][0])
    bad = run(config, "verify")
    assert (bad.exit_code, f"missing: entry 3 of chain {chain}" in bad.output) == (1, True)


@pytest.mark.req("N119", "S12")
def test_what_a_user_is_called_cannot_write_on_a_terminal_or_in_a_sheet(config: Path) -> None:
    """Control characters, line breaks and formulas are defused in every form."""
    table = run(config, "search").output
    lines = run(config, "tail", "--once").output
    sheet = run(config, "export", "--format", "csv", "event:authn_login_success").output
    for text in (table, lines, sheet):
        assert "\x1b" not in text.replace("\x1b[2J", "") or "\x1b[2J" not in text
        assert "\nfake" not in text
    assert "'=cmd()" in sheet
    assert len(lines.splitlines()) == 5


@pytest.mark.req("S12")
def test_search_and_export_speak_json(config: Path) -> None:
    """The same rows in both."""
    rows = json.loads(run(config, "search", "--json", "event:session_ended", "--limit", "3").output)
    assert [row["ref"] for row in rows] == ["s_3", "s_2", "s_1"]
    exported = run(config, "export", "ref:s_2").output.splitlines()
    assert [json.loads(line)["ref"] for line in exported] == ["s_2"]
    wrong = run(config, "search", "after:yesterday")
    assert (wrong.exit_code, "a date" in wrong.output) == (2, True)
