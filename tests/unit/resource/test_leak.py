"""The guard against an echoed token."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import TokenLeaked
from bff.resource.leak import LeakGuard, check_answer, leaks, readable

TOKEN = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


def passed(guard: LeakGuard, chunks: list[bytes]) -> bytes:
    """All that gets through."""
    return b"".join([guard.feed(chunk) for chunk in chunks]) + guard.finish()


def cut(data: bytes, borders: list[int]) -> list[bytes]:
    """``data`` in pieces that end at ``borders``."""
    edges = [0, *sorted(border % (len(data) + 1) for border in borders), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("border", range(len(TOKEN) + 1))
@pytest.mark.req("N68")
def test_a_token_is_found_across_every_border(border: int) -> None:
    """Wherever the token is split, not one byte after its beginning gets through."""
    guard = LeakGuard(TOKEN)
    seen: list[bytes] = []
    with pytest.raises(TokenLeaked):
        seen.extend(map(guard.feed, (b'{"echo":"', TOKEN[:border], TOKEN[border:], b'"}')))
    assert b"".join(seen) == b'{"echo":"'


@given(
    st.binary(max_size=20),
    st.binary(max_size=20),
    st.lists(st.integers(min_value=0), max_size=12),
    st.sampled_from([TOKEN, b"aaaa", b"abab", b"aab", b"x", b"ab"]),
)
@pytest.mark.req("N68")
def test_any_chunking_finds_the_token(
    before: bytes, after: bytes, borders: list[int], token: bytes
) -> None:
    """However the bytes arrive, a token among them is found."""
    guard = LeakGuard(token)
    with pytest.raises(TokenLeaked):
        passed(guard, cut(before + token + after, borders))


@given(
    st.lists(
        st.sampled_from([b"a", b"b", b"ab", b"aab", b"abab", TOKEN[:9], TOKEN[1:]]), max_size=20
    ),
    st.lists(st.integers(min_value=0), max_size=12),
    st.sampled_from([TOKEN, b"ababb", b"aaaaab", b"bbbbbbb"]),
)
@pytest.mark.req("N68")
def test_other_bytes_pass_unchanged(parts: list[bytes], borders: list[int], token: bytes) -> None:
    """Without the token nothing is lost or added; what is held back could be its beginning."""
    data = b"".join(parts)
    guard = LeakGuard(token)
    if token in data:
        return
    seen = b""
    for chunk in cut(data, borders):
        seen += guard.feed(chunk)
        held = data[len(seen) : len(seen) + len(token)]
        assert data.startswith(seen)
        assert len(guard._held) < len(token)
        assert token.startswith(guard._held)
        assert held.startswith(guard._held)
    assert seen + guard.finish() == data
    assert guard.finish() == b""


@pytest.mark.req("N68")
def test_nothing_is_held_back_without_cause() -> None:
    """A chunk that could not begin the token passes at once, as it is."""
    chunk = b'{"id":7}'
    assert LeakGuard(TOKEN).feed(chunk) is chunk


@pytest.mark.req("N68")
def test_a_token_in_a_header_is_found() -> None:
    """In a Location, in a header of the API's own invention, alone or within other text."""
    guard = LeakGuard(TOKEN)
    guard.check_headers([(b"etag", TOKEN[:-1]), (b"x", b"")])
    for value in (TOKEN, b"Bearer " + TOKEN, b"/next?access_token=" + TOKEN + b"&page=2"):
        with pytest.raises(TokenLeaked):
            guard.check_headers([(b"content-type", b"text/plain"), (b"x-echo", value)])


def test_an_empty_token_is_a_mistake() -> None:
    """It would be found everywhere."""
    with pytest.raises(ValueError, match="empty"):
        LeakGuard(b"")


@pytest.mark.parametrize(
    ("coding", "expected"),
    [(None, True), (b"identity", True), (b" Identity ", True), (b"gzip", False)],
)
def test_only_plain_bodies_can_be_watched(coding: bytes | None, expected: bool) -> None:
    """A content coding hides what the body says."""
    fields = [(b"content-type", b"text/plain")]
    if coding is not None:
        fields.append((b"content-encoding", coding))
    assert readable(fields) is expected


def test_a_false_beginning_before_a_true_one_is_passed_on() -> None:
    """The anchor occurs twice; only the second could still become the token."""
    guard = LeakGuard(b"abcdefghijkl")
    assert guard.feed(b"abcdXabcdef") == b"abcdX"
    assert guard.feed(b"g!") == b"abcdefg!"


@pytest.mark.req("N68")
def test_a_body_that_is_all_here_is_looked_through_at_once() -> None:
    """Anywhere in it."""
    assert not leaks(b"token-1234", [], b"harmless, even token-123 at the end: token-123")
    assert leaks(b"token-1234", [], b"...token-1234...")


@pytest.mark.req("N68")
def test_an_answer_that_is_all_here_is_searched_once() -> None:
    """Its fields always, its body where it can be read."""
    check_answer(TOKEN, [(b"etag", b"a")], b"harmless")
    check_answer(TOKEN, [(b"content-encoding", b"gzip")], TOKEN)
    for fields, body in (
        ([(b"x-echo", b"<" + TOKEN)], b""),
        ([], b"{" + TOKEN + b"}"),
        ([(b"content-encoding", b"identity")], TOKEN),
    ):
        with pytest.raises(TokenLeaked):
            check_answer(TOKEN, fields, body)
