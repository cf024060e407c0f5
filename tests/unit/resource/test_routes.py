"""The route table."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import MethodNotAllowed, RequestMalformed, RouteNotFound
from bff.resource.routes import ApiRoute, RouteTable, Upstream, parse_upstream


def a_route(prefix: str, **changes: Any) -> ApiRoute:
    """A route to ``/v1`` of an API that allows GET and POST."""
    given: dict[str, Any] = {
        "name": prefix.strip("/"),
        "prefix": prefix,
        "upstream": Upstream("https", "api.example", 443, "/v1"),
        "methods": ("GET", "POST"),
    }
    return ApiRoute(**(given | changes))


TABLE = RouteTable(
    [
        a_route("/api/leads"),
        a_route("/api/leads/admin", methods=("GET",)),
        a_route(
            "/api/events", upstream=Upstream("http", "events.example", 8080), path_parameters=True
        ),
        a_route("/reports"),
    ]
)


@pytest.mark.parametrize(
    ("path", "prefix", "upstream_path"),
    [
        (b"/api/leads", "/api/leads", b"/v1"),
        (b"/api/leads/", "/api/leads", b"/v1/"),
        (b"/api/leads/7", "/api/leads", b"/v1/7"),
        (b"/api/leads/a%20b", "/api/leads", b"/v1/a%20b"),
        (b"/api/leads/administrator", "/api/leads", b"/v1/administrator"),
        (b"/api/leads/admin", "/api/leads/admin", b"/v1"),
        (b"/api/leads/admin/x", "/api/leads/admin", b"/v1/x"),
        (b"/api/events", "/api/events", b"/"),
        (b"/api/events/7;v=1", "/api/events", b"/7;v=1"),
        (b"/reports/2026/11", "/reports", b"/v1/2026/11"),
    ],
)
@pytest.mark.req("N88", "N89")
def test_the_longest_prefix_wins_on_segment_borders(
    path: bytes, prefix: str, upstream_path: bytes
) -> None:
    """A path goes where the longest prefix of whole segments says, the rest unchanged."""
    route, sent = TABLE.match("GET", path)
    assert route.prefix == prefix
    assert sent == upstream_path


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/api",
        b"/api/",
        b"/api/lead",
        b"/api/leadsx",
        b"/API/leads",
        b"/bff/session",
        b"/x/api/leads",
    ],
)
@pytest.mark.req("N88", "N89")
def test_what_no_route_describes_does_not_exist(path: bytes) -> None:
    """Everything but the table's prefixes is refused."""
    with pytest.raises(RouteNotFound):
        TABLE.match("GET", path)


@pytest.mark.req("N88")
def test_an_empty_table_describes_nothing() -> None:
    """Without routes there is no way out."""
    with pytest.raises(RouteNotFound):
        RouteTable([]).match("GET", b"/api")


@pytest.mark.req("N89")
def test_ambiguous_paths_are_refused_before_any_route() -> None:
    """The one parse comes first, and semicolons pass only where a route allows them."""
    for path in (b"/api/leads/%2e%2e/admin", b"/nowhere//x", b"/api/leads/7;v=1"):
        with pytest.raises(RequestMalformed):
            TABLE.match("GET", path)


@pytest.mark.parametrize("method", ["PUT", "TRACE", "CONNECT", "get", "GET ", ""])
@pytest.mark.req("N90")
def test_unlisted_methods_are_refused(method: str) -> None:
    """The refusal names the methods there are; methods are case-sensitive."""
    with pytest.raises(MethodNotAllowed) as refused:
        TABLE.match(method, b"/api/leads")
    assert refused.value.allowed == ("GET", "POST")


@given(st.lists(st.sampled_from(["a", "b", "c", "ab"]), max_size=5), st.data())
@pytest.mark.req("N88")
def test_matching_agrees_with_the_obvious_way(segments: list[str], data: st.DataObject) -> None:
    """The table finds what trying every prefix, longest first, would find."""
    prefixes = data.draw(
        st.sets(
            st.lists(st.sampled_from(["a", "b", "c", "ab"]), min_size=1, max_size=4).map(
                lambda parts: "/" + "/".join(parts)
            )
        )
    )
    path = "/" + "/".join(segments)
    expected = [
        prefix
        for prefix in sorted(prefixes, key=len, reverse=True)
        if path == prefix or path.startswith(prefix + "/")
    ]
    table = RouteTable(a_route(prefix) for prefix in prefixes)
    try:
        route, sent = table.match("GET", path.encode())
    except RouteNotFound:
        assert not expected
    else:
        assert route.prefix == expected[0]
        assert sent == b"/v1" + path.removeprefix(route.prefix).encode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prefix": "/api/leads/"}, "prefix"),
        ({"prefix": "/"}, "prefix"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": "/api//leads"}, "prefix"),
        ({"prefix": "/api/../x"}, "prefix"),
        ({"prefix": "/api/l%65ads"}, "prefix"),
        ({"methods": ()}, "methods"),
        ({"methods": ("TRACE",)}, "methods"),
        ({"methods": ("get",)}, "methods"),
        ({"request_headers": frozenset({b"X-Tenant"})}, "lower case"),
        ({"request_headers": frozenset({b"authorization"})}, "request header"),
        ({"request_headers": frozenset({b"x-forwarded-for"})}, "request header"),
        ({"request_headers": frozenset({b"cookie"})}, "request header"),
        ({"request_headers": frozenset({b"bff-session"})}, "request header"),
        ({"response_headers": frozenset({b"transfer-encoding"})}, "response header"),
        ({"response_headers": frozenset({b"bff-error"})}, "response header"),
    ],
)
@pytest.mark.req("N88", "N92")
def test_a_route_that_contradicts_itself_cannot_be_made(
    changes: dict[str, Any], message: str
) -> None:
    """What no route may say is refused when it is said, not when it is used."""
    with pytest.raises(ValueError, match=message):
        a_route(**({"prefix": "/api/leads"} | changes))


@pytest.mark.req("N88")
def test_two_routes_cannot_share_a_prefix() -> None:
    """Which of them would be meant is nobody's to guess."""
    with pytest.raises(ValueError, match="another route"):
        RouteTable([a_route("/api"), a_route("/api")])


@pytest.mark.parametrize(
    ("url", "upstream", "origin"),
    [
        ("https://api.example", Upstream("https", "api.example", 443), "https://api.example"),
        ("https://API.example/", Upstream("https", "api.example", 443), "https://api.example"),
        ("http://api:8720/v1/", Upstream("http", "api", 8720, "/v1"), "http://api:8720"),
        ("http://api:80/a/b", Upstream("http", "api", 80, "/a/b"), "http://api"),
        ("https://[::1]:8443/x", Upstream("https", "::1", 8443, "/x"), "https://[::1]:8443"),
    ],
)
def test_upstream_urls_are_read_once(url: str, upstream: Upstream, origin: str) -> None:
    """Scheme, host, port and base path; the origin is spelled without a standard port."""
    assert parse_upstream(url) == upstream
    assert upstream.origin == origin


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("api.example", "https://"),
        ("ftp://api.example", "https://"),
        ("https://ada:secret@api.example", "password"),
        ("https://api.example/?x=1", "query"),
        ("https://api.example/#x", "fragment"),
        ("https:///v1", "host"),
        ("https://exämple/", "host"),
        ("https://a b/", "host"),
        ("https://api.example/a//b", "path"),
        ("https://api.example/%2e%2e", "path"),
        ("https://api.example:99999", "[Pp]ort"),
    ],
)
@pytest.mark.req("N88")
def test_upstream_urls_that_hide_something_are_refused(url: str, message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValueError, match=message):
        parse_upstream(url)


@pytest.mark.req("N61")
@pytest.mark.parametrize(
    "changes",
    [
        {"token": "none", "max_age": 300},
        {"token": "none", "acr": ("mfa",)},
        {"acr": ("two words",)},
        {"acr": ('"',)},
        {"acr": ("\\",)},
        {"acr": ("",)},
    ],
)
def test_a_step_up_that_cannot_be_asked_for_is_refused(changes: dict[str, Any]) -> None:
    """Without a session there is nobody to step up; a class is one visible word."""
    with pytest.raises(ValueError, match="expected"):
        a_route("/api/payout", **changes)
    assert a_route("/api/payout", max_age=300, acr=("urn:x:mfa", "2")).max_age == 300


def test_a_path_too_long_to_be_remembered_is_read_all_the_same() -> None:
    """Longer than a few hundred octets: the same answer."""
    table = RouteTable([a_route("/api/leads")])
    for length in (10, 250, 260, 2000):
        path = b"/api/leads/" + b"a" * length
        assert table.match("GET", path) == table.match("GET", path)
        assert table.match("GET", path)[1].endswith(b"a" * length)
