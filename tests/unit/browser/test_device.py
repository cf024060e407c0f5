"""Hints for people: what was used, from where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.browser.device import device_hint, network_hint

CHROME = b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@pytest.mark.req("N60")
@pytest.mark.parametrize(
    ("user_agent", "hint"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + b" Edg/140.0", "Edge on Windows"),
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18 Safari/605.1.15", "Safari on macOS"),
        (b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140 Safari/604.1", "Chrome on iPhone"),
        (b"Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36", "Chrome on Android"),
        (b"curl/8.5", "curl"),
        (b"<script>alert(1)</script>\r\nSet-Cookie: x=y", "unknown browser"),
        (b"", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_words_of_our_own(user_agent: bytes | None, hint: str | None) -> None:
    """Whatever it calls itself."""
    assert device_hint(user_agent) == hint


@pytest.mark.req("N119")
@given(st.binary(max_size=300))
def test_nothing_of_the_browsers_text_gets_into_a_hint(user_agent: bytes) -> None:
    """Letters and spaces, whatever came."""
    hint = device_hint(user_agent)
    assert hint is None or hint.replace(" ", "").isalpha()


@pytest.mark.req("N60")
@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("testclient", None),
        ("", None),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str, network: str | None) -> None:
    """A reader of Redis learns of no household."""
    assert network_hint(address) == network
