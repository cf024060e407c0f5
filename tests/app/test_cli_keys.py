"""bff keys, and bff check --logout-token."""

import ast
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from bff.cli.logout_token import WHY
from bff.cli.program import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bff.toml"


def run(*words: str, **options: Any) -> Result:
    """One call of ``bff``."""
    return CliRunner().invoke(main, list(words), **options)


@pytest.fixture
def config(tmp_path: Path, redis_port: int) -> Path:
    """The demo's file over a Redis of ours; the sealing ring has two keys, and one is of this year."""
    with Redis(port=redis_port) as redis:
        redis.flushall()
    text = DEMO.read_text().replace("127.0.0.1:8730", f"127.0.0.1:{redis_port}")
    file = tmp_path / "bff.toml"
    ring = 'sealing = [{ id = "2025-01", key = "c2VhbGluZy1rZXktbnVtYmVyLW9uZS0zMi1vY3RldHM" }, '
    file.write_text(text.replace("sealing = [", ring))
    return file


@pytest.mark.req("N126")
def test_the_rings_are_listed_with_use_age_and_source_and_never_a_key(config: Path) -> None:
    """As a table and as JSON."""
    result = run("keys", "list", "--config", str(config), "--json", "--live")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    sealing = [row for row in rows if row["ring"] == "sealing"]
    assert [(row["id"], row["use"]) for row in sealing] == [
        ("2025-01", "accepted"),
        ("demo-1", "newest: used"),
    ]
    assert sealing[0]["age_days"] > 300
    assert sealing[1]["age_days"] is None
    assert sealing[0]["sessions"] == 0
    assert "c2VhbGlu" not in result.output
    assert "2025-01" in run("keys", "list", "--config", str(config)).stdout


@pytest.mark.req("N126")
@pytest.mark.parametrize("ring", ["signing", "sealing"])
def test_a_rotation_prints_three_steps_and_touches_nothing(config: Path, ring: str) -> None:
    """First accepted, then used, then the old one goes; every ring is ready to paste."""
    before = config.read_text()
    result = run("keys", "rotate", ring, "--config", str(config), "--id", "2026-12")
    assert result.exit_code == 0, result.output
    first, second, third = (
        [line.split('"')[1] for line in part.splitlines() if "{ id =" in line]
        for part in result.stdout.split(f"{ring} = [")[1:]
    )
    assert first == ["2026-12", *second[:-1]]
    assert second[-1] == "2026-12"
    assert third == ["2026-12"]
    assert f"BFF_{ring.upper()}_KEY_2026_12=" in result.stdout
    assert ("bff keys reseal" in result.stdout) == (ring == "sealing")
    assert config.read_text() == before


def test_a_rotation_into_a_folder_shows_no_key(config: Path, tmp_path: Path) -> None:
    """The file is for its owner only, and holds a key that is fit for the ring."""
    result = run("keys", "rotate", "signing", "--config", str(config), "--into", str(tmp_path))
    assert result.exit_code == 0, result.output
    (file,) = tmp_path.glob("bff-signing-*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in result.output
    assert len(file.read_text().strip()) == 43
    assert str(file) in result.stdout


def test_a_rotation_refuses_an_id_that_is_taken(config: Path) -> None:
    """And chooses a free one by itself."""
    refused = run("keys", "rotate", "sealing", "--config", str(config), "--id", "demo-1")
    assert refused.exit_code == 1
    assert "already" in refused.output


@pytest.mark.req("N126")
def test_resealing_nothing_says_so(config: Path) -> None:
    """With exit code 0."""
    result = run("keys", "reseal", "--config", str(config))
    assert result.exit_code == 0, result.output
    assert "sealed anew under demo-1: 0, already: 0" in result.stdout


def test_without_redis_the_operator_is_told_so(tmp_path: Path) -> None:
    """No traceback."""
    file = tmp_path / "bff.toml"
    file.write_text(DEMO.read_text().replace("127.0.0.1:8730", "127.0.0.1:1"))
    result = run("keys", "reseal", "--config", str(file))
    assert result.exit_code == 1
    assert "Redis cannot be used" in result.output
    assert "Traceback" not in result.output


@pytest.mark.req("N106", "N107")
def test_every_check_of_a_logout_token_is_explained() -> None:
    """Whatever the code may refuse it for, an operator can read why."""
    found = set()
    for name in ("signed_jwt", "claims", "keys"):
        for node in ast.walk(ast.parse((ROOT / "bff" / "oidc" / f"{name}.py").read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SignedTokenInvalid":
                found |= {
                    argument.value for argument in node.args if isinstance(argument, ast.Constant)
                }
    of_id_tokens = {"at_hash", "acr", "auth_time"}
    assert found - of_id_tokens - WHY.keys() == set()


@pytest.mark.req("N106")
def test_a_provider_that_is_away_cannot_be_asked_about_a_token(
    config: Path, tmp_path: Path
) -> None:
    """The operator hears that, and not that the token is wrong."""
    config.write_text(config.read_text().replace("localhost:8710", "localhost:2"))
    header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.c2ln"
    result = run("check", "--config", str(config), "--logout-token", "-", input=header)
    assert result.exit_code == 1
    assert "the provider cannot be asked" in result.output
    broken = run("check", "--config", str(config), "--logout-token", "-", input="no token")
    assert broken.exit_code == 1
    assert "REFUSED (jwt): it is not a JWT" in broken.output
