"""Reading responses out of bytes, without a socket."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.adapters import http1_response
from bff.adapters.http1_response import ResponseReader
from bff.errors import ResourceServerResponseInvalid
from bff.resource.messages import Fields

Read = tuple[int, Fields, bytes, bool, bool]

RESPONSES = {
    "length": b"HTTP/1.1 200 OK\r\nA: 1\r\na:  2 \r\ncontent-length: 11\r\n\r\nhello world",
    "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n",
    "empty": b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\ncontent-length: 11\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"
    b"HTTP/1.1 199 Odd\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok",
    "interim with a body": b"HTTP/1.1 199 Odd\r\ncontent-length: 4\r\n\r\noops"
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "closing": b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
    "old": b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "old but kept": b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
    "until close": b"HTTP/1.1 200 OK\r\n\r\nhello world",
}


@pytest.fixture(autouse=True, scope="module", params=[http1_response.LARGE, 0])
def large(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything holds whether bodies go through the parser or are counted."""
    kept, http1_response.LARGE = http1_response.LARGE, request.param
    yield
    http1_response.LARGE = kept


def read(reader: ResponseReader, parts: list[bytes], *, head_only: bool = False) -> Read:
    """Everything a reader makes of these parts and the end of the connection."""
    reader.begin(head_only=head_only)
    body = b""
    for part in parts:
        reader.feed(part)
        body += b"".join(reader.pieces)
        reader.pieces = []
    return reader.status, reader.fields, body, reader.reusable, reader.end_of_input()


@pytest.mark.parametrize("name", RESPONSES)
@given(st.data())
@pytest.mark.req("N93")
def test_how_the_bytes_arrive_makes_no_difference(name: str, data: st.DataObject) -> None:
    """A response cut anywhere reads like one that came whole, twice in a row on one reader."""
    whole = RESPONSES[name]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1))))
    parts = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
    expected = read(ResponseReader(), [whole])
    reader = ResponseReader()
    assert read(reader, parts) == expected
    assert expected[-1]
    if expected[3]:
        assert read(reader, parts) == expected


@pytest.mark.parametrize(
    ("name", "status", "body", "reusable"),
    [
        ("length", 200, b"hello world", True),
        ("chunked", 200, b"hello world", True),
        ("empty", 204, b"", True),
        ("not modified", 304, b"", True),
        ("interim", 201, b"ok", True),
        ("interim with a body", 200, b"ok", True),
        ("closing", 200, b"ok", False),
        ("old", 200, b"ok", False),
        ("old but kept", 200, b"ok", True),
        ("until close", 200, b"hello world", False),
    ],
)
@pytest.mark.req("N93")
def test_responses_are_read_as_rfc_9112_says(
    name: str, status: int, body: bytes, reusable: bool
) -> None:
    """Their length, their interim forms, their persistence."""
    found = read(ResponseReader(), [RESPONSES[name]])
    assert (found[0], found[2], found[3]) == (status, body, reusable)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello", False),
    ],
)
@pytest.mark.req("N93")
def test_a_response_to_head_ends_with_its_head(head: bytes, reusable: bool) -> None:
    """Whatever follows is not its body, and spoils the connection."""
    reader = ResponseReader()
    status, _, body, kept, _ = read(reader, [head], head_only=True)
    assert (status, body, kept, reader.complete) == (200, b"", reusable, True)
    assert read(reader, [RESPONSES["length"]])[2] == b"hello world"


@given(st.binary(max_size=200), st.booleans())
@pytest.mark.req("N93", "N100")
def test_no_bytes_crash_the_reader(noise: bytes, head_only: bool) -> None:
    """Noise is no response, and nothing worse."""
    for parts in ([noise], [b"HTTP/1.1 200 OK\r\n", noise], [RESPONSES["length"], noise]):
        with suppress(ResourceServerResponseInvalid):
            read(ResponseReader(), parts, head_only=head_only)


@pytest.mark.parametrize(
    ("more", "reusable"), [(b"", True), (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", False)]
)
@pytest.mark.req("N93")
def test_a_large_body_ends_where_its_head_says(more: bytes, reusable: bool) -> None:
    """What follows is no part of it, and nothing of it is kept for the next."""
    reader = ResponseReader()
    body = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n"
    parts = [head + body[:10], body[10:100_000], body[100_000:] + more]
    assert read(reader, parts)[2:] == (body, reusable, True)
    if reusable:
        assert read(reader, [RESPONSES["length"]])[2:] == (b"hello world", True, True)
        assert not read(reader, [head + body[:10], body[10:-1]])[-1], "one byte is missing"


def test_the_bytes_of_a_large_body_are_not_copied() -> None:
    """A piece that is all body is handed on itself."""
    reader = ResponseReader()
    reader.begin(head_only=False)
    reader.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n")
    piece = b"x" * 100_000
    reader.feed(piece)
    assert reader.pieces[-1] is piece
