"""The settings held against the standards: the same rows in the console and on a terminal."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bff.cli.program import main
from bff.settings.posture import posture
from bff.settings.read import load_settings

DEMO = Path(__file__).parents[2] / "bff.toml"
TODAY = date(2026, 11, 25)
ENVIRONMENT = {
    "SECRET": "a-long-and-random-client-credential",
    "REDIS": "rediss://redis.internal:6379",
    "LOOKUP": "ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs",
    "SIGNING": "PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0",
    "SEALING": "Ln0sA6lQeuJl7PW1NWiFpTOTogKdJBOUmXJloaJa78Y",
}
PRODUCTION = """
[server]
public_url = "https://app.example"
[provider]
issuer = "https://id.example"
client_id = "app"
client_secret = { env = "SECRET" }
[redis]
url = { env = "REDIS" }
[keys]
lookup = { env = "LOOKUP" }
signing = [{ id = "2026-11", key = { env = "SIGNING" } }]
sealing = [{ id = "2025-01", key = { env = "SEALING" } }]
[[routes]]
prefix = "/api/orders"
upstream = "https://orders.internal"
"""


def verdicts(text: str) -> dict[str, str]:
    """By row."""
    settings, _ = load_settings(text, ENVIRONMENT, lambda name: name)
    return {row.id: row.verdict for row in posture(settings, today=TODAY)}


@pytest.mark.req("S11", "N63", "N125")
def test_the_demo_fails_where_a_demo_must() -> None:
    """Plain HTTP and development mode are named; what cannot be switched off passes."""
    found = verdicts(DEMO.read_text())
    assert found["operation.development_mode"] == "fail"
    assert found["transport.public_origin"] == "fail"
    assert found["transport.redis"] == "warn"
    assert found["routes.without_a_token"] == "warn"
    assert found["cookies.session_cookie"] == "pass"


@pytest.mark.req("S11", "N101")
def test_a_production_file_passes_but_for_an_old_key() -> None:
    """Nothing about transport fails; a sealing key of January 2025 is too old."""
    found = verdicts(PRODUCTION)
    assert {row: verdict for row, verdict in found.items() if verdict == "fail"} == {
        "keys.sealing_ring": "fail"
    }
    assert found["keys.signing_ring"] == "pass"
    assert found["transport.redis"] == "pass"


def test_the_command_prints_the_rows_and_its_exit_code_says_whether_one_fails(
    tmp_path: Path,
) -> None:
    """As JSON and as a table."""
    run = CliRunner().invoke(main, ["posture", "--config", str(DEMO), "--json"])
    assert run.exit_code == 1
    assert {row["verdict"] for row in json.loads(run.output)} == {"pass", "warn", "fail"}
    file = tmp_path / "bff.toml"
    file.write_text(PRODUCTION.replace("2025-01", "2026-10"))
    run = CliRunner(env=ENVIRONMENT).invoke(main, ["posture", "--config", str(file)])
    assert run.exit_code == 0
    assert "RFC 10017" in run.output
