"""Where an API points."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.resource.locations import public_location
from bff.resource.routes import ApiRoute, Upstream

LEADS = ApiRoute(
    name="leads",
    prefix="/api/leads",
    upstream=Upstream("http", "api.example", 8720, "/v1/leads"),
    methods=("GET",),
)
ROOT = ApiRoute(
    name="root", prefix="/api", upstream=Upstream("https", "api.example", 443), methods=("GET",)
)


@pytest.mark.parametrize(
    ("route", "value", "public"),
    [
        (LEADS, b"http://api.example:8720/v1/leads/7", b"/api/leads/7"),
        (LEADS, b"http://api.example:8720/v1/leads?page=2#x", b"/api/leads?page=2#x"),
        (LEADS, b"http://api.example:8720/v1/leads", b"/api/leads"),
        (LEADS, b"/v1/leads/7?next=/v1/leads//8", b"/api/leads/7?next=/v1/leads//8"),
        (LEADS, b"7", b"7"),
        (LEADS, b"7/notes", b"7/notes"),
        (LEADS, b"?page=2", b"?page=2"),
        (LEADS, b"#top", b"#top"),
        (LEADS, b"7?at=10:30", b"7?at=10:30"),
        (ROOT, b"https://api.example/x", b"/api/x"),
        (ROOT, b"https://api.example/", b"/api/"),
        (ROOT, b"/x", b"/api/x"),
    ],
)
@pytest.mark.req("N94", "N96")
def test_the_routes_own_part_is_rewritten(route: ApiRoute, value: bytes, public: bytes) -> None:
    """A Location below the base path becomes one below the prefix; a plain relative one stays."""
    assert public_location(value, route) == public


@pytest.mark.parametrize(
    "value",
    [
        b"https://evil.example/",
        b"http://api.example/v1/leads/7",
        b"https://api.example:8720/v1/leads/7",
        b"http://api.example:8720@evil.example/v1/leads",
        b"http://api.example:87201/v1/leads",
        b"http://api.example:8720.evil.example/v1/leads",
        b"http://api.example:8720",
        b"//evil.example/",
        b"/\\evil.example/",
        b"\\\\evil.example/",
        b"/v1/leads\\..\\x",
        b"///evil.example",
        b"/v1/leads//evil.example",
        b"/v2/leads/7",
        b"/v1/leadsx",
        b"/v1",
        b"/",
        b"/v1/leads/../admin",
        b"/v1/leads/%2e%2E/admin",
        b"/v1/leads/.%2e",
        b"/v1/leads/..;/admin",
        b"../admin",
        b"./7",
        b"..",
        b"javascript:alert(1)",
        b"data:text/html,x",
        b"http:evil.example",
        b"7:8",
        b"",
        b"/v1/leads/a b",
        b"/v1/leads/\r\nset-cookie: a=b",
        b"\t//evil.example",
        b"/v1/leads/caf\xc3\xa9",
        b"/v1/leads/<script>",
        b'/v1/leads/"',
    ],
)
@pytest.mark.req("N8", "N94", "N96")
def test_any_other_location_is_withheld(value: bytes) -> None:
    """Another origin, another part of the API, another scheme, or text with two readings."""
    assert public_location(value, LEADS) is None


@given(
    st.lists(
        st.sampled_from(
            [
                "/",
                "//",
                "\\",
                "..",
                ".",
                "%2e",
                "v1",
                "leads",
                "/v1/leads",
                "evil.example",
                ":",
                "@",
                "?",
                "#",
                "http:",
                "https://",
                "http://api.example:8720",
                " ",
                "\t",
                ";",
                "javascript:",
            ]
        ),
        max_size=7,
    ).map("".join)
)
@pytest.mark.req("N8", "N94")
def test_no_location_leads_off_our_origin(text: str) -> None:
    """A browser that resolves what comes back stays with us; if rooted, below the prefix."""
    public = public_location(text.encode(), LEADS)
    if public is None:
        return
    folded = public.decode().replace("\\", "/").translate({9: None, 10: None, 13: None})
    target = urlsplit(urljoin("https://app.example/api/leads/7", folded))
    assert (target.scheme, target.netloc) == ("https", "app.example")
    if public.startswith(b"/"):
        assert target.path == "/api/leads" or target.path.startswith("/api/leads/")
