"""RFC 7239, read."""

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.browser.forwarded import ForwardedMalformed, node_address, read_forwarded

TOKEN = "!#$%&'*+-.^_`|~" + string.ascii_letters + string.digits
BLANKS = st.text(" \t", max_size=2)
NAMES = st.text(TOKEN, min_size=1, max_size=8)
VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20
)
ELEMENTS = st.dictionaries(NAMES.map(str.lower), VALUES, min_size=1, max_size=4)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@pytest.mark.req("N97")
def test_the_examples_of_the_standard() -> None:
    """RFC 7239, section 4 and 7.1."""
    assert read_forwarded(b'for="_gazonk"') == [{"for": "_gazonk"}]
    assert read_forwarded(b'For="[2001:db8:cafe::17]:4711"') == [
        {"for": "[2001:db8:cafe::17]:4711"}
    ]
    assert read_forwarded(b"for=192.0.2.60;proto=http;by=203.0.113.43") == [
        {"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"}
    ]
    assert read_forwarded(b"for=192.0.2.43, for=198.51.100.17") == [
        {"for": "192.0.2.43"},
        {"for": "198.51.100.17"},
    ]


@pytest.mark.req("N97")
@given(st.lists(ELEMENTS, max_size=4), st.data())
def test_what_was_written_is_read(elements: list[dict[str, str]], data: st.DataObject) -> None:
    """However it was spaced, cased and quoted, and whatever stood inside the quotes."""
    written = []
    for element in elements:
        pairs = []
        for name, value in element.items():
            cased = name.upper() if data.draw(st.booleans()) else name
            bare = value and all(letter in TOKEN for letter in value)
            if not bare or data.draw(st.booleans()):
                escaped = value.replace("\\", "\\\\").replace('"', '\\"')
                value = f'"{escaped}"'  # noqa: PLW2901  as it is written
            pairs.append(f"{data.draw(BLANKS)}{cased}={value}{data.draw(BLANKS)}")
        written.append(";".join(pairs))
    assert read_forwarded(",".join(written).encode("latin-1")) == elements


@pytest.mark.req("N97")
@given(st.binary(max_size=60) | st.text('for=";,\\ []:1', max_size=30).map(str.encode))
def test_anything_is_read_or_refused(value: bytes) -> None:
    """In no other way, and what was read has names that are tokens."""
    try:
        elements = read_forwarded(value)
    except ForwardedMalformed:
        return
    assert all(elements)
    assert all(set(name) <= set(TOKEN) for element in elements for name in element)


@pytest.mark.req("N97")
@given(ELEMENTS.map(lambda element: ";".join(f"{name}=x" for name in element)), st.data())
def test_a_quote_left_open_says_nothing(good: str, data: st.DataObject) -> None:
    """What a stranger appended cannot swallow a hop that a proxy of ours adds."""
    opened = good + data.draw(st.sampled_from([',for="', ';by="1', ',for="a, b', ',for=a"']))
    with pytest.raises(ForwardedMalformed):
        read_forwarded(opened.encode() + b", for=192.0.2.1")


@pytest.mark.req("N97")
@pytest.mark.parametrize(
    "value",
    [
        b"for",
        b"for=",
        b"=a",
        b"for = a",
        b"for=a b",
        b"for=a;for=b",
        b"for=[::1]",
        b'for="a"b',
        b'for="\x00"',
        b"for=a\x00",
        b"for:a",
    ],
)
def test_what_is_not_written_so_is_refused(value: bytes) -> None:
    """No pair, no value, blanks around the sign, one name twice, brackets without quotes."""
    with pytest.raises(ForwardedMalformed):
        read_forwarded(value)


@pytest.mark.req("N97")
@given(ADDRESSES, st.none() | st.integers(0, 65_535) | st.just("_obfuscated"))
def test_a_node_is_its_address(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int | str | None
) -> None:
    """With or without a port, in brackets where it has colons."""
    written = f"[{address}]" if address.version == 6 else str(address)
    assert node_address(written if port is None else f"{written}:{port}") == str(address)


@pytest.mark.req("N97")
@pytest.mark.parametrize(
    "node", ["", "unknown", "_hidden", "evil.example", "[::1", "[::1]x", "1.2.3.4:", "1.2.3.4:x"]
)
def test_a_node_without_an_address_has_none(node: str) -> None:
    """Nobody can be limited by it."""
    assert node_address(node) is None
