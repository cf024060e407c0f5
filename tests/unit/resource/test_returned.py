"""What is remembered of answers says the same as a fresh judgement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import RequestMalformed
from bff.resource import returned
from bff.resource.fields import HOP_BY_HOP, USUALLY_RETURNED, WITHHELD
from bff.resource.messages import Fields, field_lines
from bff.resource.returned import ReturningLines, returning_headers
from bff.resource.routes import ApiRoute, Upstream

NAMES = sorted(
    HOP_BY_HOP
    | USUALLY_RETURNED
    | WITHHELD
    | {b"location", b"content-location", b"www-authenticate", b"x-mine", b"bff-session", b"x-other"}
)
VALUES = [
    b"",
    b"1",
    b"x-mine",
    b"close",
    b"keep-alive, etag",
    b"Basic x",
    b"Bearer",
    b"/v1/a",
    b"/",
]
ROUTES = [
    ApiRoute(
        name="leads",
        prefix="/api/leads",
        upstream=Upstream("https", "api.example", 443, "/v1"),
        methods=("GET",),
        response_headers=frozenset(names),
        navigable=navigable,
    )
    for names in ((), (b"cache-control", b"server", b"x-mine"))
    for navigable in (False, True)
]
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=6)


def said(route: ApiRoute, fields: Fields) -> list[bytes]:
    """Line by line, judged afresh."""
    return sorted(field_lines(returning_headers(fields, route)).splitlines())


@given(route=st.sampled_from(ROUTES), answers=st.lists(FIELDS, min_size=1, max_size=4))
def test_remembered_lines_are_what_a_fresh_judgement_says(
    route: ApiRoute, answers: list[Fields]
) -> None:
    """Each line begins with its end; where a field speaks of others nothing is said."""
    returning = ReturningLines(route)
    for fields in [*answers, *answers]:
        written = returning.written(fields)
        if written is None:
            assert any(name == b"connection" for name, _ in fields)
        else:
            assert sorted(written.removeprefix(b"\r\n").split(b"\r\n")) == said(route, fields)


def test_a_plain_connection_field_speaks_of_nobody() -> None:
    """The usual two options are for us alone."""
    returning = ReturningLines(ROUTES[0])
    assert returning.written([(b"connection", b"keep-alive")]) is not None
    assert returning.written([(b"connection", b"x-mine")]) is None
    assert returning.written([(b"connection", b"x-mine")]) is None, "nor the second time"


def test_a_line_end_is_refused_each_time() -> None:
    """No parser lets one through; should one, it goes no further."""
    returning = ReturningLines(ROUTES[0])
    for _ in range(2):
        with pytest.raises(RequestMalformed):
            returning.written([(b"x-mine", b"1\r\nset-cookie: a=b")])


def test_what_is_remembered_is_bounded_and_no_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many are forgotten; long ones and cookies never kept."""
    monkeypatch.setattr(returned, "REMEMBERED", 3)
    returning = ReturningLines(ROUTES[0])
    for value in range(5):
        assert returning.written([(b"etag", b"%d" % value)]) is not None
    returning.written([(b"set-cookie", b"a=b"), (b"etag", b"x" * 300)])
    assert sorted(returning._known) == [(b"etag", b"3"), (b"etag", b"4")]


def test_an_api_that_may_say_how_long_it_is_kept_is_heard() -> None:
    """And where it says nothing, nothing is kept."""
    returning = ReturningLines(ROUTES[2])
    kept = returning.written([(b"cache-control", b"max-age=60")])
    assert kept is not None
    assert kept.count(b"cache-control") == 1
    assert b"no-store" in (returning.written([]) or b"")
