"""Which differences between a sign-in and a later use are worth a word."""

import msgspec
import pytest

from bff.session.client import Client, client_text, what_changed
from tests.builders import a_core, a_session

HERE = Client("Firefox on Linux", "192.0.2.0/24")


@pytest.mark.req("S10")
@pytest.mark.parametrize(
    ("began", "now", "what"),
    [
        (HERE, HERE, None),
        (HERE, Client("Chrome on Linux", "192.0.2.0/24"), "browser"),
        (HERE, Client(None, "192.0.2.0/24"), "browser"),
        (HERE, Client("Firefox on Linux", "198.51.100.0/24"), "network"),
        (HERE, Client("Safari on iPhone", "198.51.100.0/24"), "browser and network"),
        (Client(None, None), HERE, None),
        (Client(None, "192.0.2.0/24"), Client("curl", "2001:db8::/48"), "network"),
    ],
)
def test_what_a_sign_in_told_is_compared(began: Client, now: Client, what: str | None) -> None:
    """And nothing else: what it did not tell cannot have changed."""
    core = msgspec.structs.replace(a_core(), device=began.device, network=began.network)
    assert what_changed(a_session(core=core), now) == what


def test_a_client_is_remembered_by_both() -> None:
    """And by nothing a browser wrote."""
    assert client_text(HERE) == "Firefox on Linux|192.0.2.0/24"
    assert client_text(Client(None, None)) == "|"
