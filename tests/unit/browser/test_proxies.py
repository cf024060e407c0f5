"""Whose word counts about where a request came from."""

import pytest

from bff.browser.proxies import TrustedProxies

OURS = ("10.0.0.0/8", "2001:db8::/32")


@pytest.mark.req("N97", "S9")
@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        (TrustedProxies(), "192.0.2.1", b"203.0.113.9", "192.0.2.1"),
        (TrustedProxies(1), "10.0.0.1", b"6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (TrustedProxies(2), "10.0.0.1", b"6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (TrustedProxies(2), "10.0.0.1", b"203.0.113.9", "10.0.0.1"),
        (TrustedProxies(1), "10.0.0.1", None, "10.0.0.1"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b"6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (TrustedProxies(networks=OURS), "2001:db8::1", b"203.0.113.9", "203.0.113.9"),
        (TrustedProxies(networks=OURS), "192.0.2.1", b"203.0.113.9", "192.0.2.1"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b"unknown", "unknown"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b" , ", "10.0.0.1"),
    ],
)  # fmt: skip
def test_only_our_own_proxies_are_believed(
    proxies: TrustedProxies, peer: str, forwarded: bytes | None, client: str
) -> None:
    """What a stranger put in front changes nothing."""
    assert proxies.client_of(peer, forwarded) == client


def test_proxies_are_named_in_one_way_only() -> None:
    """And a network must be one."""
    with pytest.raises(ValueError, match="not both"):
        TrustedProxies(1, OURS)
    with pytest.raises(ValueError, match="host bits"):
        TrustedProxies(networks=("10.0.0.1/8",))


@pytest.mark.req("N127")
@pytest.mark.parametrize(
    ("proxies", "said", "expected"),
    [
        (TrustedProxies(), b"http", False),
        (TrustedProxies(1), b"http", True),
        (TrustedProxies(1), b"HTTP ", True),
        (TrustedProxies(1), b"https", False),
        (TrustedProxies(1), b"http, https", False),
        (TrustedProxies(2), b"http, https", True),
        (TrustedProxies(2), b"http", True),
        (TrustedProxies(1), None, False),
        (TrustedProxies(0, ["10.0.0.0/8"]), b"http", True),
        (TrustedProxies(0, ["192.0.2.0/24"]), b"http", False),
    ],
)
def test_plain_http_is_what_a_proxy_of_ours_says(
    proxies: TrustedProxies, said: bytes | None, expected: bool
) -> None:
    """A stranger's word means nothing."""
    assert proxies.says_http("10.0.0.1", said) is expected
