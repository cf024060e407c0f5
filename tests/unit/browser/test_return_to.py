"""Where a browser may be sent."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.browser.return_to import LIMIT, parse_return_to
from bff.errors import ReturnToRejected


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/leads",
        "/leads/7?tab=notes&next=https://other.example//x#top/../x",
        "/leads/#/route//with/slashes",
        "/caf%C3%A9/a%20b",
        "/100%25/a%25b",
        "/?q=\\".replace("\\", "%5C"),
        "/a.b/..c/~ada/@x:y",
        "/bffx",
        "/bff/console",
        "/bff/console/sessions?state=stuck",
        "/x/bff",
        "/" + "a" * (LIMIT - 1),
    ],
)
@pytest.mark.req("N8")
def test_paths_of_our_own_come_back_unchanged(text: str) -> None:
    """Query and fragment included."""
    assert parse_return_to(text) == text


@pytest.mark.parametrize("text", [None, ""])
@pytest.mark.req("N8")
def test_nothing_asked_for_means_the_start(text: str | None) -> None:
    """No path is the root."""
    assert parse_return_to(text) == "/"


@pytest.mark.parametrize(
    "text",
    [
        "leads",
        "https://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "/\r\nset-cookie: a=b",
        " //evil.example",
        " /leads",
        "/leads ",
        "/%2f%2fevil.example",
        "/%2F/evil.example",
        "/%5cevil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/x/..//evil.example",
        "/%2e%2e//evil.example",
        "/.%2e/x",
        "/%0a/evil.example",
        "/%252f/evil.example",
        "/%2525252f/evil.example",
        "/x/%7f",
        "/%%32f0%52f",
        "/%25%32%66evil.example",
        "/%",
        "/x/..",
        "/x/.?y",
        "/x//y",
        "/leads\\x",
        "/leads?x=\\",
        "/leads#\\",
        "/leads\x00",
        "/leads\x7f",
        "/caf\u00e9",
        "/\uff0f/evil.example",
        "/\u2028",
        '/"onload=x',
        "/<script>",
        "/bff",
        "/bff/login",
        "/bff/console/api/me",
        "/bff/consoles",
        "/bff/console/%2e%2e/login",
        "/bff/console/../login",
        "/bff/login?return_to=/",
        "/bff?x",
        "/bff#x",
        "?x",
        "#x",
        "@evil.example",
        "/" + "a" * LIMIT,
    ],
)
@pytest.mark.req("N8")
def test_anything_else_is_refused(text: str) -> None:
    """Other origins in every disguise, tricks with white space and slashes, our own endpoints."""
    with pytest.raises(ReturnToRejected):
        parse_return_to(text)


def test_the_endpoints_may_live_elsewhere() -> None:
    """What must not be returned to moves with the base path."""
    assert parse_return_to("/bff/x", base_path="/auth") == "/bff/x"
    with pytest.raises(ReturnToRejected):
        parse_return_to("/auth/login", base_path="/auth")


@given(
    st.lists(
        st.sampled_from(
            [
                "/",
                "\\",
                ".",
                "..",
                "%2f",
                "%5c",
                "%2e",
                "evil.example",
                "@",
                ":",
                "https:",
                "//",
                "a",
                "?",
                "#",
                "\t",
                "\n",
                "\r",
                " ",
                "\x00",
                "\u3002",
                "\uff0f",
                ";",
                "bff",
                "/bff",
            ]
        ),
        max_size=8,
    ).map("".join)
    | st.text(max_size=30)
)
@pytest.mark.req("N8")
def test_what_passes_stays_on_our_origin(text: str) -> None:
    """For a reader who folds backslashes, drops tabs, decodes and climbs, it is still our path."""
    try:
        path = parse_return_to(text)
    except ReturnToRejected:
        return
    for reading in (path, path.replace("%5c", "\\").replace("%2f", "/").replace("%2e", ".")):
        folded = reading.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip()
        target = urlsplit(urljoin("https://app.example/bff/callback", folded.split("?")[0]))
        assert (target.scheme, target.netloc) == ("https", "app.example")
        assert not target.path.startswith("//")
