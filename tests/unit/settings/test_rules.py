"""What cannot be meant is refused at start, with its path."""

import pytest

from bff.settings.read import SettingsInvalid, load_settings
from tests.fuzz.operator import ENVIRONMENT
from tests.fuzz.targets import seeds

SMALL = seeds("settings")["small"].decode()
SECRET = 'client_secret = { env = "CLIENT_SECRET" }'
BY_KEY = 'auth_method = "private_key_jwt"\nprivate_key = { env = "CANARY" }'
WRONG = {
    "server.public_url": ('"https://app.example"', '"https://[::1"'),
    "provider.issuer": ('"https://id.example"', '"https://id.example:port"'),
    "routes[0]": ('"https://orders.internal/v1"', '"https://[x"'),
    "provider.private_key": (SECRET, BY_KEY),
    "provider.client_secret": (SECRET, f"{SECRET}\n{BY_KEY}"),
    "provider.parameters": (SECRET, f'{SECRET}\nparameters = {{ state = "x" }}'),
    "session.idle_seconds": ("[[routes]]", "[session]\nidle_seconds = inf\n[[routes]]"),
}


def problems(text: str) -> list[str]:
    """Where something is wrong."""
    try:
        load_settings(text, ENVIRONMENT, lambda name: name)
    except SettingsInvalid as error:
        return [problem.path for problem in error.problems]
    return []


@pytest.mark.req("N25")
@pytest.mark.parametrize("path", WRONG)
def test_what_cannot_be_used_is_named_by_its_path(path: str) -> None:
    """Unreadable addresses, a key that is none, two credentials, parameters of the protocol, for ever."""
    assert problems(SMALL) == []
    assert path in problems(SMALL.replace(*WRONG[path]))


@pytest.mark.req("N26", "N31")
@pytest.mark.parametrize(
    ("origin", "fine"),
    [
        ("http://localhost:8700", True),
        ("http://app.localhost", True),
        ("http://127.0.0.1:8700", True),
        ("http://[::1]:8700", True),
        ("http://192.168.1.7:8700", False),
        ("http://app.example", False),
    ],
)
def test_an_origin_where_browsers_keep_no_cookie_of_ours_is_refused(
    origin: str, fine: bool
) -> None:
    """The prefix demands Secure; over plain HTTP browsers make an exception for this machine alone."""
    text = f"development = true\n{SMALL}".replace("https://app.example", origin)
    assert ("server.public_url" not in problems(text)) is fine


@pytest.mark.req("N29", "N30", "N50")
@pytest.mark.parametrize("path", ["/", "/app-one", "/app-one/"])
def test_an_app_below_a_path_of_a_shared_host_is_refused(path: str) -> None:
    """Two apps on one host would share an origin, and with it everything that keeps them apart."""
    text = SMALL.replace("https://app.example", f"https://app.example{path}")
    assert "server.public_url" in problems(text)


@pytest.mark.req("N31")
def test_no_setting_names_a_cookies_attributes() -> None:
    """Name, Domain, Path, Secure, HttpOnly, SameSite: what the prefix demands cannot be configured away."""
    for name in ("cookie_name", "cookie_domain", "cookie_secure", "same_site", "cookie_path"):
        assert problems(SMALL.replace("[provider]", f'{name} = "x"\n[provider]')) == [
            f"server.{name}"
        ]


def test_a_key_without_the_method_that_uses_it_is_refused() -> None:
    """Whoever configured it believed that it was used."""
    text = SMALL.replace(SECRET, f'{SECRET}\nprivate_key = {{ env = "CANARY" }}')
    assert problems(text) == ["provider.private_key"]


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ('export = "otlp"', []),
        ('endpoint = "http://127.0.0.1:4318/v1/traces"', []),
        ('endpoint = "https://collector.example/v1/traces"', []),
        ('endpoint = "http://collector.example/v1/traces"', ["tracing.endpoint"]),
        ('endpoint = "https://user:word@collector.example/"', ["tracing.endpoint"]),
        ('endpoint = "collector:4318"', ["tracing.endpoint"]),
        ("sample_ratio = 1.5", ["tracing.sample_ratio"]),
        ('trusted_networks = ["10.0.0.0/8"]', []),
        ('trusted_networks = ["everybody"]', ["tracing.trusted_networks"]),
        ('authorization = "Bearer x"', ["tracing.authorization"]),
    ],
)
def test_where_traces_go_is_held_to_what_other_addresses_are(lines: str, wrong: list[str]) -> None:
    """TLS, unless the collector is on this machine; no credentials in the file."""
    assert problems(SMALL.replace("[[routes]]", f"[tracing]\n{lines}\n[[routes]]")) == wrong
