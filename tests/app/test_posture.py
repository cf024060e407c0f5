"""The settings held against the standards: the same rows in the console and on a terminal."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from bff.cli.program import main
from bff.composition.posture import posture_rows
from bff.settings.posture import posture
from bff.settings.read import load_settings
from bff.settings.surface import LeakTest, leak_test, metadata_age

DEMO = Path(__file__).parents[2] / "bff.toml"
TODAY = date(2026, 11, 25)
NOW, DAY = 1_795_000_000.0, 86_400.0
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


def run_of(**given: Any) -> LeakTest:
    """A clean run of this version, ten days ago."""
    facts = {"at": NOW - 10 * DAY, "version": "1", "tests": 90, "sights": 4_000, "findings": 0}
    return LeakTest(**{**facts, **given})


@pytest.mark.req("S11", "N63")
@pytest.mark.parametrize(
    ("run", "verdict", "said"),
    [
        (run_of(), "pass", "10 days ago"),
        (run_of(findings=1), "fail", "A browser saw"),
        (run_of(at=NOW - 91 * DAY), "warn", "91 days ago"),
        (run_of(version="0"), "warn", "version 0, not 1"),
        (run_of(sights=0), "warn", "saw nothing"),
        (None, "warn", "make e2e"),
    ],
)
def test_the_leak_test_passes_only_if_it_was_clean_and_lately_and_of_this_version(
    run: LeakTest | None, verdict: str, said: str
) -> None:
    """Anything else says what is missing."""
    row = leak_test(run, version="1", now=NOW)
    assert row.verdict == verdict
    assert said in row.reason


@pytest.mark.req("S11", "N63")
def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path) -> None:
    """Neither a file that is away nor one that says something else; a good one is told of."""
    record = tmp_path / "leak-test.json"
    text = PRODUCTION + f'[review]\nadmins = ["admin"]\nleak_test = "{record}"\n'
    settings, _ = load_settings(text, ENVIRONMENT, lambda name: name)

    def value() -> str:
        rows = {row.id: row for row in posture_rows(settings, NOW)}
        return rows["operation.leak_test"].value

    assert value() == "no run on record"
    record.write_text("{}")
    assert value() == "no run on record"
    record.write_bytes(msgspec.json.encode(run_of()))
    assert value() == "90 browser tests, 4,000 things seen, 0 findings"


@pytest.mark.req("S11", "N63")
def test_routes_headers_and_versions_are_listed_by_area() -> None:
    """What a reviewer checks one by one; without TLS the missing HSTS is a failure."""
    settings, _ = load_settings(PRODUCTION, ENVIRONMENT, lambda name: name)
    rows = posture_rows(settings, NOW)
    found = {row.id: row for row in rows}
    assert found["routes./api/orders"].value == "GET HEAD to https://orders.internal, user token"
    assert "https://app.example" in found["sign-in.return_paths"].value
    assert found["headers.strict-transport-security"].value.startswith("max-age=")
    assert "cookie-bff" in found["operation.versions"].value
    areas = [row.area for row in rows]
    assert [area for at, area in enumerate(areas) if at == 0 or areas[at - 1] != area] == list(
        dict.fromkeys(areas)
    )
    demo, _ = load_settings(DEMO.read_text(), {}, lambda name: name)
    plain = {row.id: row.verdict for row in posture_rows(demo, NOW)}
    assert plain["headers.strict-transport-security"] == "fail"


@pytest.mark.parametrize(
    ("fetched_at", "failing", "value", "verdict"),
    [
        (None, False, "not fetched yet", "pass"),
        (NOW - 180, False, "fetched 3 minutes ago", "pass"),
        (NOW - 7_200, True, "fetched 120 minutes ago", "warn"),
    ],
)
@pytest.mark.req("S11")
def test_the_age_of_the_providers_metadata_is_told(
    fetched_at: float | None, failing: bool, value: str, verdict: str
) -> None:
    """It warns when a newer one cannot be had."""
    row = metadata_age(fetched_at, failing=failing, now=NOW)
    assert (row.id, row.value, row.verdict) == ("sign-in.provider_metadata", value, verdict)


def test_only_a_running_process_has_metadata() -> None:
    """On a terminal there is none to tell of."""
    settings, _ = load_settings(DEMO.read_text(), {}, lambda name: name)
    told = {row.id for row in posture_rows(settings, NOW, (NOW, False))}
    assert told - {row.id for row in posture_rows(settings, NOW)} == {"sign-in.provider_metadata"}
