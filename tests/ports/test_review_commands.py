"""bff sessions and bff alerts, over a real Redis."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bff.audit import events
from bff.cli.program import main
from bff.composition.operations import operations
from bff.settings.model import Settings
from bff.settings.read import load_settings
from tests.builders import a_key, a_session

SECRETS = ("access-0", "refresh-0")


@pytest.fixture
def config(settings_file: Path) -> Path:
    """A settings file whose Redis holds two sessions of ada, one of eve, and a replay."""
    settings, _ = load_settings(settings_file.read_text(), {}, lambda name: Path(name).read_text())
    asyncio.run(_begin(settings))
    return settings_file


async def _begin(settings: Settings) -> None:
    now, issuer = time.time(), settings.provider.issuer
    async with operations(settings) as house:
        for number, subject in enumerate(("ada", "ada", "eve")):
            core = {"ref": f"s_{number}", "subject": subject, "issuer": issuer, "created_at": now + number,
                    "absolute_expires_at": now + 9_000, "provider_sid": None}  # fmt: skip
            tokens = {"issued_at": now, "expires_at": now + 900}
            session = a_session(key=a_key(f"id-{number}"), core=core, tokens=tokens, touched_at=now)
            assert await house.stores.sessions.create(session)
        replay = events.HandleReplayed(
            at=now, ref="s_0", subject="ada", issuer=issuer, presented=1, generation=3
        )
        house.trail.record(replay)
        await house.evidence.log.flush(10)
        await house.evidence.alerts.prepare()
        await house.evidence.alerts.evaluate()


def run(config: Path, *words: str) -> Result:
    """One call of ``bff``."""
    return CliRunner().invoke(main, [*words, "--config", str(config)])


def trail(config: Path, event: str) -> list[dict[str, Any]]:
    """What was written down."""
    found: list[dict[str, Any]] = json.loads(
        run(config, "audit", "search", "--json", f"event:{event}").stdout
    )
    return found


@pytest.mark.req("S11", "N60", "N65")
def test_sessions_are_listed_and_shown_without_a_secret(config: Path) -> None:
    """Newest first, with an exact total; looking is an event."""
    listed = json.loads(run(config, "sessions", "list", "--json").stdout)
    assert (listed["total"], [line["ref"] for line in listed["sessions"]]) == (
        3,
        ["s_2", "s_1", "s_0"],
    )
    table, one = (
        run(config, "sessions", "list").stdout,
        run(config, "sessions", "show", "s_0").stdout,
    )
    assert "showing 3 of 3" in table
    assert "ada" in one
    for text in (json.dumps(listed), table, one):
        assert not any(secret in text for secret in SECRETS)
    gone = run(config, "sessions", "show", "s_none")
    assert (gone.exit_code, "bff audit search" in gone.output) == (1, True)
    assert {row["details"]["page"] for row in trail(config, "sensitive_read")} == {
        "sessions",
        "session",
    }
    assert trail(config, "sensitive_read")[0]["actor"].startswith("cli:")


@pytest.mark.req("N57", "N59", "S12")
def test_an_operator_ends_the_sessions_of_a_user_and_the_trail_says_who_and_why(
    config: Path,
) -> None:
    """With receipts that say what stays valid; the others live on."""
    ended = run(
        config,
        "sessions",
        "end",
        "--subject",
        "ada",
        "--reason",
        "left the firm",
        "--yes",
        "--json",
    )
    receipts = json.loads(ended.stdout)
    assert sorted(receipt["ref"] for receipt in receipts) == ["s_0", "s_1"]
    assert all(0 < receipt["access_valid_seconds"] <= 900 for receipt in receipts)
    assert json.loads(run(config, "sessions", "list", "--json").stdout)["total"] == 1
    (acted,) = trail(config, "authz_admin")
    assert (acted["details"]["action"], acted["details"]["note"]) == (
        "end_sessions",
        "left the firm",
    )
    assert sorted(row["ref"] for row in trail(config, "session_ended")) == ["s_0", "s_1"]
    assert run(config, "audit", "verify").exit_code == 0


@pytest.mark.req("N59")
def test_ending_asks_first_and_wants_to_know_whom_and_why(config: Path) -> None:
    """Nothing happens by accident."""
    assert run(config, "sessions", "end", "s_0").exit_code == 2
    assert run(config, "sessions", "end", "--reason", "x", "--yes").exit_code == 2
    no = CliRunner().invoke(
        main, ["sessions", "end", "s_0", "--reason", "x", "--config", str(config)], input="n\n"
    )
    assert no.exit_code == 1
    everybody = run(config, "sessions", "end", "--everybody", "--reason", "drill", "--yes")
    assert everybody.exit_code == 0
    assert json.loads(run(config, "sessions", "list", "--json").stdout)["total"] == 0


@pytest.mark.req("N57", "N59", "S12")
def test_many_are_ended_as_a_job_that_can_be_asked_afterwards(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By user or by the list's query; every receipt is there later, and so is who and why."""
    monkeypatch.setattr("bff.cli.ends.RECEIPTS", 1)
    done = run(config, "sessions", "end", "--subject", "ada", "--reason", "left", "--yes", "--json")
    job = json.loads(done.stdout)
    assert (job["status"], job["total"], job["ended"]) == ("done", 2, 2)
    words = ["sessions", "end", "--filter", "subject=eve", "--reason", "x"]
    no = CliRunner().invoke(main, [*words, "--config", str(config)], input="n\n")
    assert (no.exit_code, "End 1 sessions" in no.stderr) == (1, True)
    assert run(config, *words, "--yes").exit_code == 0
    assert run(config, "sessions", "end", "--filter", "", "--reason", "x", "--yes").exit_code == 2
    listed = json.loads(run(config, "sessions", "ends", "--json").stdout)
    assert [(one["total"], one["by"][:4]) for one in listed] == [(1, "cli:"), (2, "cli:")]
    assert job["id"] in run(config, "sessions", "ends").stdout
    receipts = run(config, "sessions", "ends", job["id"], "--receipts").stdout.splitlines()
    assert sorted(json.loads(line)["ref"] for line in receipts) == ["s_0", "s_1"]
    assert run(config, "sessions", "ends", job["id"], "--resume").exit_code == 0
    assert run(config, "sessions", "ends", "e_none").exit_code == 1
    actions = [row["details"]["action"] for row in trail(config, "authz_admin")]
    assert actions == ["sessions_end", "sessions_end_begun"] * 2


@pytest.mark.req("S10")
def test_alerts_are_listed_and_decided_upon(config: Path) -> None:
    """And the decision is written down."""
    (row,) = json.loads(run(config, "alerts", "--json").stdout)
    assert (row["rule"], row["ref"], row["status"]) == ("handle_replayed", "s_0", "new")
    assert "Superseded" in run(config, "alerts").stdout or row["id"] in run(config, "alerts").stdout
    words = ["alerts", "--config", str(config), "decide", row["id"], "closed", "--note", "a drill"]
    assert "closed" in CliRunner().invoke(main, words).stdout
    assert json.loads(run(config, "alerts", "--json").stdout) == []
    assert trail(config, "authz_admin")[0]["details"]["action"] == "alert_closed"
    words[4] = "a_none"
    assert CliRunner().invoke(main, words).exit_code == 1
