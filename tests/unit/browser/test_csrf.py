"""Is it our own page that asks?"""

import itertools
from collections.abc import Mapping

import pytest

from bff.browser.csrf import (
    require_navigation,
    require_own_page,
    require_same_origin,
    require_top_level,
    require_websocket_origin,
)
from bff.errors import CsrfRejected, NavigationRequired, RequestRejected

OURS = b"https://app.example"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND")


def a_call(**headers: bytes | None) -> dict[bytes, bytes]:
    """The headers of our page's own fetch, but for those given; None takes one away."""
    usual: dict[str, bytes | None] = {
        "bff_session": b"any",
        "sec_fetch_site": b"same-origin",
        "sec_fetch_mode": b"cors",
        "sec_fetch_dest": b"empty",
        "origin": OURS,
    }
    return {
        name.replace("_", "-").encode(): value
        for name, value in (usual | headers).items()
        if value is not None
    }


def a_link(**headers: bytes | None) -> dict[bytes, bytes]:
    """The headers of a link on our own page that was followed."""
    usual: dict[str, bytes | None] = {
        "bff_session": None,
        "origin": None,
        "sec_fetch_mode": b"navigate",
        "sec_fetch_dest": b"document",
    }
    return a_call(**(usual | headers))


def signal(method: str, headers: Mapping[bytes, bytes], *, navigable: bool = False) -> str | None:
    """Why it is refused, or None if it passes."""
    try:
        require_same_origin(method, headers.get, public_origin=OURS, navigable=navigable)
    except CsrfRejected as refused:
        return refused.signal
    return None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.req("N40")
def test_our_own_page_passes(method: str) -> None:
    """With all signals, with Fetch Metadata alone, with Origin alone."""
    assert signal(method, a_call()) is None
    assert signal(method, a_call(origin=None)) is None
    bare = a_call(sec_fetch_site=None, sec_fetch_mode=None, sec_fetch_dest=None)
    assert signal(method, bare) is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [None, b""])
@pytest.mark.req("N40", "N41", "N43")
def test_every_call_needs_the_header(method: str, value: bytes | None) -> None:
    """Reading calls too, and whatever the other signals say."""
    assert signal(method, a_call(bff_session=value)) == "header_missing"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b"none"])
@pytest.mark.parametrize("origin", [None, OURS])
@pytest.mark.req("N40", "N42", "N45")
def test_another_site_is_refused(method: str, site: bytes, origin: bytes | None) -> None:
    """A sibling subdomain and the address bar are not our page, whatever Origin says."""
    assert signal(method, a_call(sec_fetch_site=site, origin=origin)) == "fetch_site"


@pytest.mark.parametrize("site", [b"same-origin", None, b"same-planet", b""])
@pytest.mark.parametrize(
    "origin",
    [
        b"https://evil.example",
        b"null",
        b"",
        b"http://app.example",
        b"https://app.example:8443",
        b"https://app.example.evil.example",
        b"https://APP.example",
        b"https://sub.app.example",
    ],
)
@pytest.mark.req("N40", "N45")
def test_another_origin_is_refused(site: bytes | None, origin: bytes) -> None:
    """Whatever Fetch Metadata says, Origin must be ours to the letter."""
    for method in METHODS:
        assert signal(method, a_call(sec_fetch_site=site, origin=origin)) == "origin"


@pytest.mark.parametrize("site", [None, b"same-planet"])
@pytest.mark.req("N40", "N45")
def test_without_any_word_of_its_origin_nothing_is_changed(site: bytes | None) -> None:
    """No usable Fetch Metadata and no Origin: reading passes, for the header needed a preflight."""
    headers = a_call(sec_fetch_site=site, origin=None)
    for method in ("GET", "HEAD", "OPTIONS"):
        assert signal(method, headers) is None
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        assert signal(method, headers) == "origin_missing"


@pytest.mark.parametrize(
    "destination",
    [
        b"script",
        b"image",
        b"style",
        b"iframe",
        b"object",
        b"embed",
        b"document",
        b"worker",
        b"video",
    ],
)
@pytest.mark.req("N46")
def test_an_answer_is_never_loaded_as_something_else(destination: bytes) -> None:
    """Neither script nor picture nor frame, nor on navigable routes; the unknown is ignored."""
    assert signal("GET", a_call(sec_fetch_dest=destination)) == "fetch_dest"
    headers = a_call(sec_fetch_dest=destination, sec_fetch_mode=b"no-cors")
    assert signal("GET", headers, navigable=True) == "fetch_dest"
    assert signal("GET", a_call(sec_fetch_dest=b"hologram")) is None


@pytest.mark.req("N40", "N46")
def test_a_link_of_ours_leads_to_navigable_routes_only() -> None:
    """Without the header: top level, same origin, safe method, and a route that says so."""
    for method in ("GET", "HEAD"):
        assert signal(method, a_link(), navigable=True) is None
        assert signal(method, a_link()) == "header_missing"
    assert signal("POST", a_link(), navigable=True) == "header_missing"
    for site in (b"cross-site", b"same-site", b"none", None):
        assert signal("GET", a_link(sec_fetch_site=site), navigable=True) == "header_missing"
    for destination in (b"iframe", b"embed", b"empty", None):
        headers = a_link(sec_fetch_dest=destination)
        assert signal("GET", headers, navigable=True) == "header_missing"
    assert signal("GET", a_link(sec_fetch_mode=b"no-cors"), navigable=True) == "header_missing"
    assert signal("GET", a_call(), navigable=True) is None


@pytest.mark.req("N40", "N42", "N45")
def test_the_whole_matrix_has_no_hole() -> None:
    """A combination of signals passes exactly if enough speaks for it and nothing against."""
    sites = (None, b"same-origin", b"same-site", b"cross-site", b"none", b"?")
    origins = (None, OURS, b"null", b"https://evil.example")
    destinations = (None, b"empty", b"script", b"?")
    sessions = (None, b"", b"any")
    for method, site, origin, destination, session in itertools.product(
        METHODS, sites, origins, destinations, sessions
    ):
        headers = a_call(
            bff_session=session, sec_fetch_site=site, origin=origin, sec_fetch_dest=destination
        )
        against = (
            not session
            or site in {b"same-site", b"cross-site", b"none"}
            or origin not in {None, OURS}
            or destination == b"script"
        )
        enough = site == b"same-origin" or origin == OURS or method in {"GET", "HEAD", "OPTIONS"}
        assert (signal(method, headers) is None) is (enough and not against)


def refusal(headers: Mapping[bytes, bytes]) -> type[RequestRejected] | None:
    """How sign-in refuses it."""
    try:
        require_navigation(headers.get)
    except RequestRejected as refused:
        return type(refused)
    return None


@pytest.mark.req("N23", "N24")
def test_sign_in_starts_by_navigation() -> None:
    """From a link, the address bar, a sibling site, an old browser; never by a fetch or a frame."""
    for site in (b"same-origin", b"none", b"same-site", None, b"?"):
        assert refusal(a_link(sec_fetch_site=site)) is None
    assert refusal({}) is None
    assert refusal(a_link(sec_fetch_mode=b"?", sec_fetch_dest=b"?")) is None
    for mode in (b"cors", b"no-cors", b"same-origin", b"websocket"):
        assert refusal(a_link(sec_fetch_mode=mode)) is NavigationRequired
    for destination in (b"iframe", b"frame", b"embed", b"object", b"empty", b"image"):
        assert refusal(a_link(sec_fetch_dest=destination)) is NavigationRequired


@pytest.mark.req("N23")
def test_another_site_cannot_start_a_sign_in() -> None:
    """Creating a session takes an action of the user with us."""
    with pytest.raises(CsrfRejected) as refused:
        require_navigation(a_link(sec_fetch_site=b"cross-site").get)
    assert refused.value.signal == "fetch_site"


@pytest.mark.req("N24")
def test_the_way_back_comes_from_another_site() -> None:
    """The callback takes any top-level navigation, and only those."""
    require_top_level(a_link(sec_fetch_site=b"cross-site").get)
    for headers in (a_link(sec_fetch_dest=b"iframe"), a_call(sec_fetch_site=b"cross-site")):
        with pytest.raises(NavigationRequired):
            require_top_level(headers.get)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"origin": OURS}, None),
        ({b"origin": OURS, b"sec-fetch-site": b"same-origin"}, None),
        ({b"origin": OURS, b"sec-fetch-site": b"?"}, None),
        ({}, "origin_missing"),
        ({b"sec-fetch-site": b"same-origin"}, "origin_missing"),
        ({b"origin": b"https://evil.example"}, "origin"),
        ({b"origin": b"null"}, "origin"),
        ({b"origin": OURS, b"sec-fetch-site": b"same-site"}, "fetch_site"),
    ],
)
@pytest.mark.req("N48")
def test_a_websocket_comes_from_our_origin(
    headers: dict[bytes, bytes], expected: str | None
) -> None:
    """Scripts cannot add a header to a handshake, so Origin is not optional there."""
    if expected is None:
        require_websocket_origin(headers.get, public_origin=OURS)
        return
    with pytest.raises(CsrfRejected) as refused:
        require_websocket_origin(headers.get, public_origin=OURS)
    assert refused.value.signal == expected


def listener(**headers: bytes | None) -> dict[bytes, bytes]:
    """What an EventSource of our own page sends, but for those given."""
    return a_call(**({"bff_session": None, "origin": None} | headers))


@pytest.mark.parametrize(
    ("headers", "signal"),
    [
        ({}, None),
        ({"origin": OURS}, None),
        ({"sec_fetch_site": None, "sec_fetch_dest": None, "origin": OURS}, None),
        ({"sec_fetch_site": b"new-word", "origin": OURS}, None),
        ({"sec_fetch_site": None}, "origin_missing"),
        ({"sec_fetch_site": b"new-word"}, "origin_missing"),
        ({"sec_fetch_site": b"same-site", "origin": OURS}, "fetch_site"),
        ({"sec_fetch_site": b"cross-site"}, "fetch_site"),
        ({"sec_fetch_site": b"none"}, "fetch_site"),
        ({"origin": b"https://evil.example"}, "origin"),
        ({"origin": b"null"}, "origin"),
        ({"sec_fetch_dest": b"script"}, "fetch_dest"),
        ({"sec_fetch_dest": b"document"}, "fetch_dest"),
    ],
)
@pytest.mark.req("N40", "N42", "N45", "N46")
def test_an_event_source_is_let_in_by_where_it_comes_from(
    headers: dict[str, bytes | None], signal: str | None
) -> None:
    """It cannot send our header, so its origin must be shown to be ours."""
    if signal is None:
        require_own_page(listener(**headers).get, public_origin=OURS)
        return
    with pytest.raises(CsrfRejected) as refused:
        require_own_page(listener(**headers).get, public_origin=OURS)
    assert refused.value.signal == signal
