"""The cross-site matrix: every address of the app, every method, every combination of signals.

Addresses come from the app itself and from its route table: one that is added is in the matrix, and fails here until
somebody says that it is something else than a call.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest

from bff.app import create_app
from bff.endpoints.gate import KINDS, Bff, Kind, kind_of
from bff.settings.model import Settings
from bff.settings.read import load_settings

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost:8700"
UNPLACED = {"8730": "1", "localhost:8710": "localhost:2", "localhost:8720": "localhost:3"}

# What is not a call, and why a browser may ask for it without our header.
NOT_CALLS = {
    "/bff/login": Kind.NAVIGATION,  # begins by a link
    "/bff/logout/next": Kind.NAVIGATION,  # one use, and only with a ticket that a call was given
    "/bff/callback": Kind.RETURN,  # the provider sends the browser here
    "/bff/login/again": Kind.RETURN,  # a page of ours that asks once more, with its cookies
    "/bff/popup-done": Kind.RETURN,  # static
    "/bff/popup-done.js": Kind.PAGE,  # static
    "/bff/client.js": Kind.PAGE,  # static
    "/bff/console": Kind.PAGE,  # static
    "/bff/backchannel-logout": Kind.MACHINE,  # the provider's token is the proof
    "/bff/frontchannel-logout": Kind.MACHINE,  # off unless configured; checks who frames it
    "/bff/events": Kind.EVENTS,  # EventSource sends no header; Fetch Metadata and Origin decide
}
SITES = (None, "same-origin", "same-site", "cross-site", "none", "new-word")
ORIGINS = (None, ORIGIN, "null", "https://evil.example")
DESTINATIONS = (None, "empty", "script", "image")
SESSIONS = (None, "any")
SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", None)
SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def settings() -> Settings:
    """The demo's, with every party away."""
    text = (ROOT / "bff.toml").read_text()
    for there, nowhere in UNPLACED.items():
        text = text.replace(there, nowhere)
    return load_settings(text + '\n[logging]\nlevel = "error"\n', {}, lambda name: name)[0]


@pytest.fixture(scope="module")
def app(settings: Settings) -> Bff:
    """In process."""
    return create_app(settings)


def calls(app: Bff, settings: Settings) -> list[tuple[str, str, bool]]:
    """Every call: method, path, and whether a link may lead there. Methods that a path lacks are tried too."""
    own = [
        (method, route.path, False)
        for route in app.routes
        if route.path.startswith("/bff/") and kind_of(route.path.encode()) is Kind.CALL
        for method in sorted({*getattr(route, "methods", ()), "POST"})
    ]
    proxied = [
        (method, route.prefix, route.navigable)
        for route in settings.routes
        for method in sorted({*route.methods, "POST", "DELETE"})
    ]
    strays = [("GET", "/bff/none"), ("POST", "/api/none"), ("POST", "/bff/console/api/none")]
    return [*own, *proxied, *((method, path, False) for method, path in strays)]


async def asked(app: Bff, method: str, path: str, **signals: str | None) -> tuple[int, str]:
    """Status and code of the answer to exactly these headers."""
    given = {
        "host": "localhost:8700",
        **{name.replace("_", "-"): value for name, value in signals.items()},
    }
    headers = [
        (name.encode(), value.encode()) for name, value in given.items() if value is not None
    ]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8700),
        "root_path": "",
        "state": {},
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    fields = dict(sent[0]["headers"])
    return sent[0]["status"], fields.get(b"bff-error", b"").decode()


def passes(
    method: str, site: str | None, origin: str | None, dest: str | None, session: str | None
) -> bool:
    """The rule, told a second time: everything that speaks must speak for us, and somebody must."""
    known_site = site if site in {"same-origin", "same-site", "cross-site", "none"} else None
    if session is None or known_site not in {None, "same-origin"}:
        return False
    if dest in {"script", "image"} or origin not in {None, ORIGIN}:
        return False
    return known_site == "same-origin" or origin == ORIGIN or method in SAFE


@pytest.mark.req("N40", "N41")
def test_every_address_is_a_call_unless_this_file_says_what_else(app: Bff) -> None:
    """Deny by default: a new endpoint needs our header until somebody gives it a reason not to."""
    paths = {route.path for route in app.routes if route.path.startswith("/bff/")}
    assert len(paths) > 8
    assert {path.decode(): kind for path, kind in KINDS.items()} == NOT_CALLS
    for path in paths - set(NOT_CALLS):
        assert kind_of(path.encode()) is Kind.CALL, path
    for path in ("/bff", "/bff/", "/bff/x", "/api", "/api/", "/apix", "/bff/console/api/x"):
        assert kind_of(path.encode()) is Kind.CALL, path


@pytest.mark.req("N40", "N41", "N42", "N43", "N45", "N46", "N51")
async def test_the_matrix_of_calls_has_no_hole(app: Bff, settings: Settings) -> None:
    """Each call with each combination of header, site, origin and destination passes exactly by the rule."""
    tried = refused = 0
    for method, path, _ in calls(app, settings):
        for site, origin, dest, session in itertools.product(
            SITES, ORIGINS, DESTINATIONS, SESSIONS
        ):
            if passes(method, site, origin, dest, session):
                continue
            signals = {"sec_fetch_site": site, "origin": origin, "sec_fetch_dest": dest}
            status, code = await asked(app, method, path, bff_session=session, **signals)
            assert (status, code) == (403, "csrf_failed"), (
                method,
                path,
                site,
                origin,
                dest,
                session,
            )
            refused += 1
        tried += 1
    assert tried > 40
    assert refused > 6000


@pytest.mark.req("N40", "N45")
async def test_our_own_page_is_let_through_everywhere(app: Bff, settings: Settings) -> None:
    """With any sufficient combination of signals; what happens then is another matter."""
    combinations = [
        ("same-origin", None, "empty"),
        (None, ORIGIN, None),
        ("new-word", ORIGIN, "empty"),
    ]
    for method, path, _ in calls(app, settings):
        for site, origin, dest in combinations:
            assert passes(method, site, origin, dest, "any")
            signals = {"sec_fetch_site": site, "origin": origin, "sec_fetch_dest": dest}
            _, code = await asked(app, method, path, bff_session="any", **signals)
            assert code != "csrf_failed", (method, path, site, origin, dest)


@pytest.mark.req("N40", "N43")
async def test_no_form_and_no_simple_request_gets_through(app: Bff, settings: Settings) -> None:
    """Whatever a page can send without a preflight, from wherever, navigations included."""
    for method, path, navigable in calls(app, settings):
        for kind, site in itertools.product(SIMPLE_TYPES, SITES):
            for mode, dest in (
                ("navigate", "document"),
                ("navigate", "iframe"),
                ("no-cors", "empty"),
            ):
                status, code = await asked(
                    app, method, path, content_type=kind, sec_fetch_site=site, origin="null",
                    sec_fetch_mode=mode, sec_fetch_dest=dest,
                )  # fmt: skip
                link = navigable and method in {"GET", "HEAD"} and site == "same-origin"
                if link and (mode, dest) == ("navigate", "document"):
                    continue  # a link on our own page, to a route that says it may be one
                assert (status, code) == (403, "csrf_failed"), (
                    method,
                    path,
                    kind,
                    site,
                    mode,
                    dest,
                )


@pytest.mark.req("N44", "N51")
@pytest.mark.parametrize(
    "path", ["/bff/logout", "/bff/refresh", "/bff/session/extend", "/bff/sessions/end"]
)
async def test_nothing_changes_by_a_safe_method(app: Bff, path: str) -> None:
    """GET and HEAD of what changes something are 405, even from our own page."""
    for method in ("GET", "HEAD"):
        signals = {"sec_fetch_site": "same-origin", "origin": ORIGIN, "bff_session": "any"}
        status, _ = await asked(app, method, path, **signals)
        assert status == 405, (method, path)


@pytest.mark.req("N48")
@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_websocket_handshake_needs_our_origin(
    app: Bff, settings: Settings, site: str | None, origin: str | None
) -> None:
    """On every route, socket or not: 403 unless Origin is ours and nothing speaks against it."""
    headers = {"host": "localhost:8700", "origin": origin, "sec-fetch-site": site}
    for route in settings.routes:
        scope: dict[str, Any] = {
            "type": "websocket",
            "scheme": "ws",
            "path": route.prefix,
            "query_string": b"",
            "raw_path": route.prefix.encode(),
            "client": ("127.0.0.1", 1),
            "subprotocols": [],
            "headers": [
                (name.encode(), value.encode()) for name, value in headers.items() if value
            ],
            "extensions": {"websocket.http.response": {}},
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any], sent: list[dict[str, Any]] = sent) -> None:
            sent.append(message)

        await app(scope, receive, send)
        ours = origin == ORIGIN and site in {None, "same-origin", "new-word"}
        assert (sent[0].get("status") == 403) is not ours, (route.prefix, sent[0])
        assert sent[0]["type"] != "websocket.accept"
