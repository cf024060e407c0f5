"""The one parse of a request target."""

import contextlib
import posixpath
from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bff.errors import RequestMalformed
from bff.resource.paths import PATH_LIMIT, QUERY_LIMIT, canonical_path, canonical_query

FRAGMENTS = st.sampled_from(
    [
        b"/",
        b"a",
        b"admin",
        b".",
        b"..",
        b"%",
        b"%2",
        b"%2e",
        b"%2F",
        b"%5c",
        b"%25",
        b"%252e",
        b"%20",
        b"%c3%a9",
        b"%c0%ae",
        b"%00",
        b"%61",
        b"%3b",
        b";",
        b";x=1",
        b"\\",
        b"//",
        b"~",
        b"@",
        b"+",
        b" ",
        b"\x00",
        b"\n",
        b"\xe9",
        b"?",
        b"#",
        b"%7e",
        b"%ff",
        b"%u002e",
        b"|",
        b"[",
        b"^",
    ]
)
NASTY_PATHS = st.lists(FRAGMENTS, max_size=8).map(lambda parts: b"/" + b"".join(parts))


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/api/leads",
        b"/api/leads/",
        b"/api/leads/7",
        b"/api/a.b/..c/...",
        b"/api/caf%C3%A9",
        b"/api/a%20b",
        b"/api/100%25",
        b"/api/~ada@example.org:1,2+3=6!$&'()*",
        b"/api/%40%3A%3F%23",
        b"/" + b"a" * (PATH_LIMIT - 1),
    ],
)
@pytest.mark.req("N89")
def test_unambiguous_paths_pass_unchanged(path: bytes) -> None:
    """What is matched is, byte for byte, what is sent."""
    assert canonical_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"api/leads",
        b"*",
        b"http://evil.example/api",
        b"//evil.example/api",
        b"/api//leads",
        b"/api/./leads",
        b"/api/../bff",
        b"/api/..",
        b"/api/.",
        b"/api/%2e%2e/admin",
        b"/api/%2E/admin",
        b"/api/.%2e/admin",
        b"/api/%2fadmin",
        b"/api/%2Fadmin",
        b"/api/%5cadmin",
        b"/api/%5Cadmin",
        b"/api\\admin",
        b"/api/..;/admin",
        b"/api/leads;v=1",
        b"/api/leads%3Bv=1",
        b"/api/%252e%252e/admin",
        b"/api/%25%32%65",
        b"/api/%25252e",
        b"/api/%61dmin",
        b"/api/%7Eada",
        b"/api/%5fx",
        b"/api/%2d",
        b"/api/%",
        b"/api/%2",
        b"/api/%zz",
        b"/api/%u002e",
        b"/api/%00",
        b"/api/%0d%0aset-cookie:a",
        b"/api/%7f",
        b"/api/%c0%ae%c0%ae/admin",
        b"/api/%ff",
        b"/api/%e9",
        b"/api/caf\xc3\xa9",
        b"/api/a b",
        b"/api/a\tb",
        b"/api/a\x00b",
        b"/api/a\r\nb",
        b"/api/leads?x=1",
        b"/api/leads#x",
        b"/api/<script>",
        b"/api/a|b",
        b"/api/[1]",
        b"/" + b"a" * PATH_LIMIT,
    ],
)
@pytest.mark.req("N88", "N89")
def test_ambiguous_paths_are_refused(path: bytes) -> None:
    """Whatever two readers could take for different paths goes no further."""
    with pytest.raises(RequestMalformed) as refused:
        canonical_path(path)
    assert refused.value.what == "path"


@pytest.mark.req("N89")
def test_parameters_pass_where_they_are_allowed() -> None:
    """A semicolon is a parameter for a route that says so, and never hides a dot segment."""
    assert canonical_path(b"/api/leads;v=1/7", parameters=True) == b"/api/leads;v=1/7"
    for path in (b"/api/..;/admin", b"/api/.;x/admin", b"/api/leads%3bv=1"):
        with pytest.raises(RequestMalformed):
            canonical_path(path, parameters=True)


@given(NASTY_PATHS, st.booleans())
@example(b"/api/%2525252e", True)
@pytest.mark.req("N88", "N89")
def test_every_reader_agrees_on_what_passes(path: bytes, parameters: bool) -> None:
    """Decoding, splitting and normalizing, in any order and twice, change nothing that passes."""
    try:
        canonical_path(path, parameters=parameters)
    except RequestMalformed:
        return
    text = path.decode("ascii")
    decoded = unquote(text, errors="strict")
    assert [unquote(segment) for segment in text.split("/")] == decoded.split("/")
    assert unquote(decoded) == decoded or "%" not in text
    assert unquote_to_bytes(unquote_to_bytes(path)) == unquote_to_bytes(path)
    assert posixpath.normpath(decoded) == (decoded.rstrip("/") or "/")
    assert decoded.isprintable()
    assert "\\" not in decoded
    assert parameters or ";" not in decoded


@given(st.binary(max_size=64))
@pytest.mark.req("N89")
def test_no_bytes_crash_the_parse(raw: bytes) -> None:
    """Any bytes are passed unchanged or refused."""
    for parse in (canonical_path, canonical_query):
        with contextlib.suppress(RequestMalformed):
            assert parse(raw) == raw


@pytest.mark.req("N89")
def test_refusing_takes_linear_time() -> None:
    """A long path that fails at its last byte does not make the pattern backtrack."""
    for unit in (b"/a", b"a", b"%20", b"/.a"):
        path = b"/" + unit * (PATH_LIMIT // len(unit) - 2) + b"\\"
        with pytest.raises(RequestMalformed):
            canonical_path(path)


@pytest.mark.parametrize(
    "query",
    [b"", b"page=2&q=caf%C3%A9", b"filter[name]=a|b^{c}`\\", b"q=100%", b'a="<b>"', b"a?b/c"],
)
@pytest.mark.req("N89")
def test_queries_are_the_apis_own_affair(query: bytes) -> None:
    """Whatever a browser leaves in a query passes unchanged."""
    assert canonical_query(query) == query


@pytest.mark.parametrize(
    "query",
    [
        b"a b",
        b"a\tb",
        b"a\r\nhost: x",
        b"a\x00",
        b"a#b",
        b"caf\xc3\xa9",
        b"\x7f",
        b"a" * (QUERY_LIMIT + 1),
    ],
)
@pytest.mark.req("N89")
def test_queries_cannot_end_the_request_line(query: bytes) -> None:
    """Spaces, controls, fragments, raw non-ASCII and endless queries are refused."""
    with pytest.raises(RequestMalformed) as refused:
        canonical_query(query)
    assert refused.value.what == "query"
