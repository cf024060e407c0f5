"""The command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bff.cli.program import main
from bff.settings import values
from bff.settings.read import SettingsInvalid, load_settings

DEMO = Path(__file__).parents[2] / "bff.toml"
KEY = "Hb3qF0vUeXz9K2mTn5sWcYd8Lg1oRaPiJ4xBtZ6CwEM"


def run(*words: str) -> Result:
    """One call of ``bff``."""
    return CliRunner().invoke(main, list(words))


def problems(text: str, **environ: str) -> list[str]:
    """Every line that is wrong with a file."""
    with pytest.raises(SettingsInvalid) as invalid:
        load_settings(text, environ, lambda name: Path(name).read_text())
    return [str(problem) for problem in invalid.value.problems]


@pytest.mark.req("N125")
def test_five_mistakes_make_five_lines_and_a_failure(tmp_path: Path) -> None:
    """Unknown key, wrong unit, impossible combination, missing secret, bad route; each with its path."""
    text = DEMO.read_text()
    text = text.replace("port = 8700 ", "prot = 8700 ").replace("port = 8700\n", "prot = 8700\n")
    text = text.replace('profile = "default"', 'idle_seconds = "24h"\n#')
    text = text.replace(
        'client_secret = "demo-secret-not-for-production"', 'client_secret = { env = "NOT_SET" }'
    )
    text = text.replace('prefix = "/api/me"', 'prefix = "/me"')
    text += "\n[refresh]\nlease_seconds = 5\n"
    file = tmp_path / "bff.toml"
    file.write_text(text)
    result = run("check", "--config", str(file))
    lines = [line.removeprefix(f"{file}: ") for line in result.output.splitlines()]
    assert result.exit_code == 1
    assert sorted(line.split(":")[0] for line in lines) == [
        "provider.client_secret",
        "refresh.lease_seconds",
        "routes[2].prefix",
        "server.prot",
        "session.idle_seconds",
    ]
    assert "did you mean port?" in result.output
    assert 'write "24h" as 86400' in result.output


def test_the_demos_file_is_fine() -> None:
    """And says so in one line."""
    result = run("check", "--config", str(DEMO))
    assert result.exit_code == 0
    assert f"ok, {DEMO.read_text().count('[[routes]]')} routes" in result.output


@pytest.mark.req("N62", "N63", "N119")
def test_explain_shows_every_value_its_source_and_the_timeline_but_no_secret() -> None:
    """Secrets as asterisks."""
    result = run("explain", "--config", str(DEMO))
    assert result.exit_code == 0
    for text in ("session.absolute_seconds", "604800", "Timeline", "7 days", "***"):
        assert text in result.output
    assert "demo-secret" not in result.output
    assert "ZGVtby1" not in result.output


def test_a_new_key_is_32_octets() -> None:
    """Twice different."""
    one, two = run("keys", "new").output.strip(), run("keys", "new", "--id", "2026-11").output
    assert len(one) == 43
    assert 'id = "2026-11"' in two
    assert one not in two


def test_a_missing_file_says_what_to_do() -> None:
    """No traceback."""
    result = run("check", "--config", "nowhere.toml")
    assert result.exit_code == 1
    assert "--config" in result.output


@pytest.mark.req("N25", "N101", "N126")
def test_outside_development_the_demos_file_is_refused_for_every_reason() -> None:
    """Plain HTTP, plain Redis, keys in the file."""
    found = "\n".join(
        problems(DEMO.read_text().replace("development = true", "development = false"))
    )
    for path in ("server.public_url", "provider.issuer", "provider.client_secret", "redis.url", "keys.lookup",
                 "keys.signing[0].key", "routes[0].upstream"):  # fmt: skip
        assert path in found


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
lookup = { env = "K1" }
signing = [{ id = "a", key = { env = "K2" } }]
sealing = [{ id = "a", key = { env = "K3" } }]
[[routes]]
prefix = "/api/orders"
upstream = "https://orders.example/v1"
"""
SECRETS = {
    "SECRET": "s3cr3t-of-some-length",
    "REDIS": "rediss://redis.example",
    "K1": KEY,
    "K2": KEY[::-1][1:] + "A",
    "K3": "AgMFBwsNERMXHR8lKSsvNTs9Q0dJT1NZYWVna21xf4M",
}


def test_ten_lines_are_enough_for_production() -> None:
    """And build every value the rooms need."""
    settings, sources = load_settings(PRODUCTION, SECRETS, lambda name: name)
    assert sources["keys.lookup"] == "env K1"
    assert values.session_limits(settings).absolute == 604_800
    assert values.client_metadata(settings).redirect_uri == "https://app.example/bff/callback"
    route, path = values.route_table(settings).match("GET", b"/api/orders/7")
    assert (route.upstream.origin, path) == ("https://orders.example", b"/v1/7")
    values.seal(settings)
    assert len(values.signing_keys(settings)[0]) == 32


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"https://app.example"', '"https://app.example/x"', "server.public_url: expected an origin without"),
        ('"https://app.example"', '"app"', "server.public_url: expected an origin such as"),
        ('"https://app.example"', '"https://App.example"', "server.public_url: expected lower case"),
        ('client_id = "app"', 'client_id = "app"\nscopes = ["x"]', "provider.scopes"),
        ('client_id = "app"', 'client_id = "app"\nauth_method = "private_key_jwt"', "provider.private_key"),
        ('client_id = "app"', 'client_id = "app"\nresource = ["x#y"]', "provider.resource[0]"),
        ('issuer = "https://id.example"', 'issuer = "https://id.example?x"', "provider.issuer"),
        ('{ env = "K3" }', '{ env = "K2" }', "keys.sealing[0].key: expected another key than keys.signing[0].key"),
        ("signing = [", 'signing = [{ id = "a", key = { env = "K3" } }, ', "keys.signing: expected a different id"),
        ('{ env = "K1" }', '{ env = "SECRET" }', "keys.lookup: expected 32 octets"),
        ('{ env = "K1" }', '{ env = "WEAK" }', "keys.lookup: expected a random key"),
        ('{ env = "K1" }', '{ nev = "K1" }', "keys.lookup: expected { env"),
        ('"/api/orders"', '"/api/orders"\nresource = "x"', "routes[0].resource"),
        (
            '"/api/orders"',
            '"/api/orders"\ntoken = "none"\nresource = "https://x.example"',
            "routes[0].resource",
        ),
        ('"/api/orders"', '"/api/orders"\nmethods = ["TRACE"]', "routes[0]: orders: expected methods"),
        ("[redis]", "[session]\nidle_seconds = 10\nabsolute_seconds = 5\n[redis]", "session.absolute_seconds"),
        ("[redis]", "[session]\nidle_seconds = 10\n[redis]", "session.touch_interval_seconds"),
        ("[redis]", "[refresh]\njitter_seconds = 500\n[redis]", "refresh.jitter_seconds"),
        ("[redis]", "[server2]\n[redis]", "server2: unknown key, did you mean server?"),
        ('env = "REDIS"', 'env = "HTTP"', "redis.url: expected redis://"),
    ],
)  # fmt: skip
def test_each_rule_says_where_and_what(old: str, new: str, said: str) -> None:
    """One mistake, one line that names it."""
    environ = {**SECRETS, "WEAK": "A" * 43, "HTTP": "http://x"}
    assert any(
        line.startswith(said) for line in problems(PRODUCTION.replace(old, new, 1), **environ)
    )


def test_text_that_is_not_toml_is_one_problem() -> None:
    """With the line."""
    assert problems("x = ")[0].startswith("not TOML")
