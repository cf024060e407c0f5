"""What survives the way to an API and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.errors import RequestMalformed
from bff.resource.fields import (
    HOP_BY_HOP,
    USUALLY_RETURNED,
    USUALLY_SENT,
    is_never_returned,
    is_never_sent,
    is_withheld,
)
from bff.resource.messages import (
    ApiRequest,
    ApiResponse,
    Fields,
    Forwarded,
    field_lines,
    outgoing_headers,
    unchanging_headers,
)
from bff.resource.returned import returning_headers
from bff.resource.routes import ApiRoute, Upstream

FORWARDED = Forwarded("203.0.113.7", "app.example", "https", "req_1")
FORWARDING = [
    (b"forwarded", b'for=203.0.113.7;host="app.example";proto=https'),
    (b"x-forwarded-for", b"203.0.113.7"),
    (b"x-forwarded-host", b"app.example"),
    (b"x-forwarded-proto", b"https"),
    (b"x-request-id", b"req_1"),
]
SAFEGUARDS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"sec-fetch-site, origin"),
]
NO_STORE = (b"cache-control", b"no-store")


def a_route(**changes: Any) -> ApiRoute:
    """A route to an API's ``/v1``."""
    given: dict[str, Any] = {
        "name": "leads",
        "prefix": "/api/leads",
        "upstream": Upstream("https", "api.example", 443, "/v1"),
        "methods": ("GET", "POST"),
    }
    return ApiRoute(**(given | changes))


def sent(*incoming: tuple[bytes, bytes], **changes: Any) -> Fields:
    """What goes out for these fields, without the forwarding fields."""
    fields = outgoing_headers(
        list(incoming), a_route(**changes), authorization=None, forwarded=FORWARDED
    )
    assert fields[-5:] == FORWARDING
    return fields[:-5]


def returned(*upstream: tuple[bytes, bytes], **changes: Any) -> Fields:
    """What comes back for these fields."""
    return returning_headers(list(upstream), a_route(**changes))


@pytest.mark.req("N92")
def test_a_trace_goes_out_if_it_can_be_read() -> None:
    """A page that takes part in a trace is followed by its API; what is malformed goes no further."""
    parent = (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert sent(parent, (b"accept", b"a"), (b"tracestate", b"a=1")) == [
        (b"accept", b"a"),
        parent,
        (b"tracestate", b"a=1"),
    ]
    words = (b"traceparent", b"00-hello")
    named = frozenset({b"traceparent", b"tracestate"})
    assert sent(words, (b"tracestate", b"a=1"), request_headers=named) == []


@pytest.mark.req("N92")
def test_everyday_fields_go_out_in_order_with_duplicates() -> None:
    """What an API needs to negotiate content passes unchanged."""
    fields = [(name, b"x") for name in sorted(USUALLY_SENT)] + [
        (b"accept", b"a"),
        (b"accept", b"b"),
    ]
    assert sent(*fields) == fields


@pytest.mark.parametrize(
    "name",
    [
        b"authorization",
        b"cookie",
        b"dpop",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-anything",
        b"x-real-ip",
        b"x-user-id",
        b"x-user-roles",
        b"proxy-authorization",
        b"proxy-connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"upgrade",
        b"expect",
        b"host",
        b"origin",
        b"referer",
        b"bff-session",
        b"bff-background",
        b"sec-fetch-site",
        b"sec-ch-ua",
        b"x-request-id",
        b"x-http-method-override",
        b"x-original-url",
        b"true-client-ip",
        b"anything-else",
        b"Accept",
    ],
)
@pytest.mark.req("N91", "N92", "N93")
def test_what_an_api_would_believe_never_comes_from_a_browser(name: bytes) -> None:
    """Everything that is not on the list is dropped, on anonymous routes as well."""
    assert sent((b"accept", b"*/*"), (name, b"forged")) == [(b"accept", b"*/*")]


@pytest.mark.req("N92")
def test_a_route_may_let_more_through() -> None:
    """Names that the route lists go out too."""
    field = (b"x-tenant", b"7")
    assert sent(field, request_headers=frozenset({b"x-tenant"})) == [field]


@pytest.mark.req("N87", "N91")
def test_the_token_goes_in_one_header() -> None:
    """The bearer token takes the place of whatever the browser sent."""
    fields = outgoing_headers(
        [(b"authorization", b"Basic forged")],
        a_route(),
        authorization=b"Bearer token",
        forwarded=FORWARDED,
    )
    assert fields == [(b"authorization", b"Bearer token"), *FORWARDING]


@pytest.mark.parametrize(
    ("client", "node", "plain"),
    [
        ("203.0.113.7", b"203.0.113.7", b"203.0.113.7"),
        ("2001:db8::7", b'"[2001:db8::7]"', b"2001:db8::7"),
        ("", b"unknown", b"unknown"),
        ("evil;host=x", b"unknown", b"unknown"),
        ("1.2.3.4\r\nx: y", b"unknown", b"unknown"),
        ("fe80::1%eth0", b"unknown", b"unknown"),
        ("1" * 46, b"unknown", b"unknown"),
    ],
)
@pytest.mark.req("N97")
def test_the_client_is_named_by_address_or_not_at_all(
    client: str, node: bytes, plain: bytes
) -> None:
    """RFC 7239's forms of an address; text that is none never reaches a header."""
    fields = dict(
        outgoing_headers(
            [],
            a_route(),
            authorization=None,
            forwarded=Forwarded(client, "a.example", "https", "r"),
        )
    )
    assert fields[b"forwarded"] == b"for=" + node + b';host="a.example";proto=https'
    assert fields[b"x-forwarded-for"] == plain


@pytest.mark.parametrize(
    "options", [b"close, X-Tenant", b"x-tenant", b" X-TENANT ,, keep-alive", b"upgrade,x-tenant"]
)
@pytest.mark.req("N93")
def test_fields_that_connection_names_stay_here(options: bytes) -> None:
    """They were meant for one hop, even if they are on the list."""
    fields = [(b"x-tenant", b"7"), (b"connection", options), (b"accept", b"*/*")]
    assert sent(*fields, request_headers=frozenset({b"x-tenant"})) == [(b"accept", b"*/*")]
    assert (b"x-tenant", b"7") not in returned(*fields)
    assert (b"x-tenant", b"7") in returned((b"x-tenant", b"7"), (b"connection", b"close"))


@pytest.mark.req("N93")
def test_one_content_length_is_handed_on() -> None:
    """Of the framing, only the length of the body travels, also beside a Connection field."""
    field = (b"content-length", b"12")
    assert sent((b"connection", b"keep-alive"), field) == [field]
    assert sent((b"transfer-encoding", b"chunked")) == []


@pytest.mark.parametrize(
    "framing",
    [
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"content-length", b"1"), (b"content-length", b"1")],
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"+1")],
        [(b"content-length", b"1,1")],
        [(b"content-length", b"")],
        [(b"content-length", b"0x1")],
        [(b"content-length", b"1" * 20)],
    ],
)
@pytest.mark.req("N93")
def test_framing_that_contradicts_itself_is_refused(framing: Fields) -> None:
    """Two readers could disagree where such a request ends."""
    with pytest.raises(RequestMalformed) as refused:
        sent(*framing)
    assert refused.value.what == "header"


@pytest.mark.req("N94", "N99")
def test_everyday_fields_come_back_in_order_with_duplicates() -> None:
    """What describes the content passes unchanged, and so does what an API invents; ours follow."""
    fields = [
        (b"content-type", b"application/json"),
        (b"link", b"<a>; rel=next"),
        (b"link", b"<b>; rel=last"),
        (b"vary", b"accept"),
    ]
    invented = [(b"x-page", b"1"), (b"x-page", b"2"), (b"content-security-policy", b"sandbox")]
    assert returned(*fields, *invented) == [*fields, *invented, *SAFEGUARDS, NO_STORE]


@pytest.mark.parametrize(
    "name",
    [
        b"set-cookie",
        b"set-cookie2",
        b"access-control-allow-origin",
        b"access-control-allow-credentials",
        b"strict-transport-security",
        b"clear-site-data",
        b"service-worker-allowed",
        b"refresh",
        b"bff-error",
        b"bff-session-expires",
        b"alt-svc",
        b"public-key-pins",
        b"nel",
        b"report-to",
        b"reporting-endpoints",
        b"server",
        b"x-powered-by",
        b"cache-control",
        b"cross-origin-resource-policy",
        b"x-content-type-options",
        b"connection",
        b"keep-alive",
        b"transfer-encoding",
        b"trailer",
        b"upgrade",
        b"proxy-authenticate",
        b"location",
    ],
)
@pytest.mark.req("N47", "N93", "N94")
def test_an_api_cannot_speak_for_our_origin(name: bytes) -> None:
    """Neither cookies nor policies nor our own vocabulary come back from behind."""
    assert returned((name, b"https://evil.example")) == [*SAFEGUARDS, NO_STORE]


@pytest.mark.req("N94")
def test_a_route_may_let_more_back() -> None:
    """Names that the route lists come back, exactly those."""
    extra = frozenset({b"set-cookie", b"access-control-expose-headers"})
    fields = [(b"set-cookie", b"a=b"), (b"set-cookie", b"c=d"), (b"server", b"x")]
    assert returned(*fields, response_headers=extra)[:2] == fields[:2]
    exposed = (b"access-control-expose-headers", b"x")
    assert returned(exposed, (b"access-control-allow-origin", b"*"), response_headers=extra) == [
        exposed,
        *SAFEGUARDS,
        NO_STORE,
    ]


@pytest.mark.req("N94", "N96")
def test_locations_are_made_public() -> None:
    """Both fields that carry one."""
    fields = returned((b"location", b"/v1/7"), (b"content-location", b"https://api.example/v1/7"))
    assert fields[:2] == [(b"location", b"/api/leads/7"), (b"content-location", b"/api/leads/7")]


@pytest.mark.parametrize(
    ("challenge", "passes"),
    [
        (b'Bearer error="invalid_token"', True),
        (b'DPoP algs="ES256"', True),
        (b'Basic realm="x"', False),
        (b" negotiate", False),
        (b'DIGEST realm="x"', False),
        (b"NTLM", False),
    ],
)
@pytest.mark.req("N94")
def test_no_api_opens_a_password_dialog_over_our_page(challenge: bytes, passes: bool) -> None:
    """Challenges that a browser answers by itself are withheld; those for scripts pass."""
    field = (b"www-authenticate", challenge)
    assert (field in returned(field)) is passes


@pytest.mark.req("N99")
def test_caching_is_left_to_an_api_only_by_its_route() -> None:
    """Without an own word of the API, a route that trusts it says no-store nevertheless."""
    field = (b"cache-control", b"private, max-age=60")
    trusting = frozenset({b"cache-control"})
    assert returned(field) == [*SAFEGUARDS, NO_STORE]
    assert returned(field, response_headers=trusting) == [field, *SAFEGUARDS]
    assert returned(response_headers=trusting) == [*SAFEGUARDS, NO_STORE]


@pytest.mark.req("N46", "N94")
def test_a_document_of_an_api_runs_in_a_sandbox() -> None:
    """Where links may lead, an API's HTML is not a page of our origin, even if the API says so."""
    theirs = (b"content-security-policy", b"default-src *")
    policies = [
        value
        for name, value in returned(theirs, navigable=True)
        if name == b"content-security-policy"
    ]
    assert policies == [theirs[1], b"default-src 'none'; frame-ancestors 'none'; sandbox"]


NAMES = st.sampled_from(
    sorted(
        HOP_BY_HOP
        | USUALLY_SENT
        | USUALLY_RETURNED
        | {
            b"set-cookie",
            b"authorization",
            b"cookie",
            b"x-forwarded-for",
            b"content-length",
            b"x-a",
        }
        | {b"bff-error", b"access-control-max-age", b"refresh", b"location", b"proxy-x", b"sec-x"}
    )
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([b"1", b"x-a", b"close", b"/v1/7", b"accept"])))


@given(FIELDS)
@pytest.mark.req("N92", "N93", "N94")
def test_no_mixture_of_fields_lets_a_forbidden_one_through(fields: Fields) -> None:
    """Both ways: each field that passes was there, is permitted, and keeps its place."""
    try:
        out = sent(*fields)
    except RequestMalformed:
        out = []
    assert not any(is_never_sent(name) and name != b"content-length" for name, _ in out)
    assert [field for field in fields if field in out and field[0] != b"content-length"] == [
        field for field in out if field[0] != b"content-length"
    ]
    back = returned(*fields)[: -len(SAFEGUARDS) - 1]
    assert not any(is_never_returned(name) or is_withheld(name) for name, _ in back)


def test_messages_do_not_print_what_they_carry() -> None:
    """A request or response in a log shows no query, no field and no token."""
    request = ApiRequest("GET", b"/v1?secret", [(b"authorization", b"Bearer secret")])

    class Nothing:
        def __aiter__(self) -> Any: ...

        async def aclose(self) -> None: ...

    response = ApiResponse(200, [(b"x", b"secret")], Nothing(), b"secret")
    assert repr(request) == "ApiRequest(GET)"
    assert repr(response) == "ApiResponse(200)"


def test_fields_are_written_a_line_each() -> None:
    """In order, duplicates kept."""
    assert field_lines([(b"a", b"b"), (b"a", b"")]) == b"a: b\r\na: \r\n"
    assert field_lines([]) == b""


@pytest.mark.parametrize("octet", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_field_that_would_be_two_is_not_written(octet: bytes, place: int) -> None:
    """Neither by its name nor by its value."""
    field = [b"a", b"b"]
    field[place] += octet + b"c"
    with pytest.raises(RequestMalformed):
        field_lines([(b"x", b"y"), (field[0], field[1])])


def test_what_does_not_change_from_call_to_call() -> None:
    """All that goes out but the token and the id."""
    incoming = [(b"accept", b"a"), (b"cookie", b"c"), (b"authorization", b"mine")]
    out = outgoing_headers(incoming, a_route(), authorization=b"Bearer t", forwarded=FORWARDED)
    kept = unchanging_headers(incoming, a_route(), FORWARDED)
    assert [field for field in out if field not in kept] == [
        (b"authorization", b"Bearer t"),
        (b"x-request-id", b"req_1"),
    ]
