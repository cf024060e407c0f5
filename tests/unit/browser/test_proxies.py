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
        (TrustedProxies(networks=OURS), "10.0.0.1", b"unknown", "10.0.0.1"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (TrustedProxies(networks=OURS), "10.0.0.1", b" , ", "10.0.0.1"),
    ],
)  # fmt: skip
def test_only_our_own_proxies_are_believed(
    proxies: TrustedProxies, peer: str, forwarded: bytes | None, client: str
) -> None:
    """What a stranger put in front changes nothing."""
    assert proxies.client_of(peer, {b"x-forwarded-for": forwarded}.get) == client


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
    assert proxies.says_http("10.0.0.1", {b"x-forwarded-proto": said}.get) is expected


STANDARD = b'for=6.6.6.6, for="[2001:db8::7]:4711";proto=http, for=10.0.0.2;proto=https'


@pytest.mark.req("N97", "S9")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (TrustedProxies(2, field="forwarded"), STANDARD, "2001:db8::7"),
        (TrustedProxies(networks=("10.0.0.0/8",), field="forwarded"), STANDARD, "2001:db8::7"),
        (TrustedProxies(1, field="forwarded"), b"for=unknown", "10.0.0.1"),
        (TrustedProxies(1, field="forwarded"), b"proto=https", "10.0.0.1"),
        (TrustedProxies(1, field="forwarded"), b'for="192.0.2.9', "10.0.0.1"),
        (TrustedProxies(2, field="forwarded"), b"for=192.0.2.9", "10.0.0.1"),
        (TrustedProxies(field="forwarded"), STANDARD, "10.0.0.1"),
        (TrustedProxies(1), STANDARD, "10.0.0.1"),
    ],
)
def test_the_standard_field_counts_where_our_proxies_write_it(
    proxies: TrustedProxies, forwarded: bytes, client: str
) -> None:
    """By hops or networks; unreadable, it says nothing; where ours write the other one, it is a stranger's."""
    assert proxies.client_of("10.0.0.1", {b"forwarded": forwarded}.get) == client


@pytest.mark.req("N97", "S9")
def test_only_one_of_the_two_fields_is_believed() -> None:
    """The other one came from the browser as it is."""
    fields = {
        b"forwarded": b"for=192.0.2.1;proto=http",
        b"x-forwarded-for": b"192.0.2.2",
        b"x-forwarded-proto": b"https",
    }.get
    elder, standard = TrustedProxies(1), TrustedProxies(1, field="forwarded")
    assert elder.client_of("10.0.0.1", fields) == "192.0.2.2"
    assert standard.client_of("10.0.0.1", fields) == "192.0.2.1"
    assert (elder.says_http("10.0.0.1", fields), standard.says_http("10.0.0.1", fields)) == (
        False,
        True,
    )


@pytest.mark.req("N97")
def test_what_is_no_address_is_nobodys() -> None:
    """A port is left out; a name, or octets beyond ASCII, are not taken for a client."""
    for said, client in (
        (b"192.0.2.9:51234", "192.0.2.9"),
        (b"[2001:db8::7]:443", "2001:db8::7"),
        (b"evil.example", "10.0.0.1"),
        (b"\xff\xfe", "10.0.0.1"),
    ):
        assert TrustedProxies(1).client_of("10.0.0.1", {b"x-forwarded-for": said}.get) == client


def test_a_peer_without_an_address_is_in_no_network() -> None:
    """A Unix socket, say."""
    proxies = TrustedProxies(networks=OURS)
    assert proxies.client_of("", {b"x-forwarded-for": b"203.0.113.9"}.get) == ""
