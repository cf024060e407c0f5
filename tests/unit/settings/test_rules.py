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


def test_a_key_without_the_method_that_uses_it_is_refused() -> None:
    """Whoever configured it believed that it was used."""
    text = SMALL.replace(SECRET, f'{SECRET}\nprivate_key = {{ env = "CANARY" }}')
    assert problems(text) == ["provider.private_key"]
