"""The whole application in process, without a network: what the gate lets pass."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bff.app import create_app
from bff.browser.login_cookie import LoginCookie
from bff.endpoints.dependencies import BrowserCookies
from bff.settings import values
from bff.settings.read import load_settings

ROOT = Path(__file__).parents[2]
ORIGIN = "http://localhost:8700"
OURS = {"bff-session": "anon", "sec-fetch-site": "same-origin", "origin": ORIGIN}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Calls the app; its Redis and provider are away."""
    text = (
        (ROOT / "bff.toml")
        .read_text()
        .replace("8730", "1")
        .replace("localhost:8710", "localhost:2")
    )
    settings, _ = load_settings(text, {}, lambda name: name)
    transport = httpx.ASGITransport(create_app(settings), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield http


def routes() -> list[tuple[str, str]]:
    """Every route of the table, and every call under /bff, with each of its methods."""
    settings, _ = load_settings((ROOT / "bff.toml").read_text(), {}, lambda name: name)
    calls = [
        ("GET", "/bff/session"),
        ("POST", "/bff/session/extend"),
        ("POST", "/bff/refresh"),
        ("POST", "/bff/logout"),
    ]
    proxied = [
        (method, route.prefix)
        for route in settings.routes
        for method in route.methods
        if not route.navigable
    ]
    return [*calls, *proxied, ("GET", "/bff/anything"), ("POST", "/api/anything")]


HOSTILE: dict[str, dict[str, str]] = {
    "no header": {"sec-fetch-site": "same-origin", "origin": ORIGIN},
    "cross-site": {**OURS, "sec-fetch-site": "cross-site"},
    "sibling": {**OURS, "sec-fetch-site": "same-site"},
    "another origin": {**OURS, "origin": "https://evil.example"},
    "a form": {"sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded"},
    "plain text": {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
    "an image": {**OURS, "sec-fetch-dest": "image"},
    "unknown metadata, another origin": {**OURS, "sec-fetch-site": "new-word", "origin": "null"},
}


@pytest.mark.req("N40", "N41", "N42", "N43", "N45", "N46", "N51")
@pytest.mark.parametrize("hostile", HOSTILE)
async def test_no_call_passes_that_is_not_shown_to_be_ours(
    client: httpx.AsyncClient, hostile: str
) -> None:
    """Every call of the table, every method: 403 before anything happens."""
    for method, path in routes():
        answer = await client.request(method, path, headers=HOSTILE[hostile])
        assert answer.status_code == 403, (method, path)
        assert answer.headers["bff-error"] == "csrf_failed"
        assert answer.headers["vary"] == "sec-fetch-site, origin"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.req("N45")
async def test_without_fetch_metadata_the_origin_decides(client: httpx.AsyncClient) -> None:
    """And without either nothing is changed."""
    bare = {"bff-session": "anon"}
    assert (await client.get("/bff/session", headers=bare)).status_code == 200
    assert (await client.post("/bff/refresh", headers=bare)).status_code == 403
    assert (
        await client.post("/bff/refresh", headers={**bare, "origin": ORIGIN})
    ).status_code == 401


@pytest.mark.req("N24", "N23")
async def test_sign_in_is_a_navigation_and_not_another_sites(client: httpx.AsyncClient) -> None:
    """A fetch gets 400, a foreign page 403, never a redirect to the provider."""
    fetched = await client.get("/bff/login", headers={"sec-fetch-mode": "cors"})
    assert (fetched.status_code, fetched.headers["bff-error"]) == (400, "navigation_required")
    foreign = {
        "sec-fetch-mode": "navigate",
        "sec-fetch-site": "cross-site",
        "sec-fetch-dest": "document",
    }
    assert (await client.get("/bff/login", headers=foreign)).status_code == 403


@pytest.mark.req("N8")
@pytest.mark.parametrize(
    "path", ["//evil.example", "https:evil.example", "/\\evil", "/a%0d%0ab", "evil", "/%09/x"]
)
async def test_sign_in_returns_to_our_own_origin_only(client: httpx.AsyncClient, path: str) -> None:
    """Anything else is refused, not repaired."""
    answer = await client.get(
        "/bff/login", params={"return_to": path.replace("%0d%0a", "\r\n").replace("%09", "\t")}
    )
    assert answer.status_code == 400


@pytest.mark.req("N74", "N123")
async def test_a_provider_that_is_away_at_sign_in_is_503(client: httpx.AsyncClient) -> None:
    """With a time to come back."""
    answer = await client.get("/bff/login")
    assert (answer.status_code, answer.headers["bff-error"]) == (503, "idp_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_an_anonymous_page_is_told_so_without_a_word_to_redis(
    client: httpx.AsyncClient,
) -> None:
    """200, never an error."""
    answer = await client.get("/bff/session", headers=OURS)
    assert answer.json() == {"authenticated": False, "ended": None, "login_error": None}


@pytest.mark.req("N36")
async def test_a_cookie_nobody_signed_is_no_cookie(client: httpx.AsyncClient) -> None:
    """And costs no look-up: Redis is away, and the answer is 401."""
    forged = {**OURS, "cookie": f"__Host-Http-bff={'A' * 43}.0.{'B' * 43}"}
    assert (await client.get("/api/me", headers=forged)).status_code == 401
    twice = {**OURS, "cookie": "__Host-Http-bff=a; __Host-Http-bff=b"}
    assert (await client.get("/api/me", headers=twice)).status_code == 400


@pytest.mark.req("N88", "N89", "N90")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/leads/%2e%2e/x", 400), ("/api/leads%2fx", 400), ("/api//leads", 400), ("/api/leads/;x", 400),
     ("/api/leads/%5cx", 400), ("/api/nothing", 404), ("/api/leadsx", 404)],
)  # fmt: skip
async def test_what_the_table_does_not_describe_is_refused(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    """Before any I/O."""
    assert (await client.get(path, headers=OURS)).status_code == status


async def test_a_method_the_route_does_not_list_is_405(client: httpx.AsyncClient) -> None:
    """Saying which are."""
    answer = await client.delete("/api/me", headers=OURS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_body_beyond_the_routes_limit_is_413(client: httpx.AsyncClient) -> None:
    """By its stated length."""
    headers = {**OURS, "content-length": "99999999", "cookie": "x=y"}
    assert (await client.post("/api/leads", headers=headers, content=b"x")).status_code in {
        401,
        413,
    }
    assert (
        await client.post("/api/leads", headers={**OURS, "content-length": "1e3"}, content=b"x")
    ).status_code == 400


@pytest.mark.req("N112", "N113", "N115")
async def test_the_back_channel_answers_400_to_what_it_cannot_believe(
    client: httpx.AsyncClient,
) -> None:
    """No token, two tokens, too long; a GET is 405."""
    path = "/bff/backchannel-logout"
    for content in (b"", b"logout_token=a&logout_token=b", b"logout_token=x", b"x" * 20_000):
        answer = await client.post(path, content=content)
        assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
    assert (await client.get(path)).status_code == 405


@pytest.mark.req("N117", "N12")
async def test_pages_and_answers_carry_their_policies(client: httpx.AsyncClient) -> None:
    """The shell, the window that closes itself, and a problem."""
    shell = await client.get("/any/route/of/the/app")
    assert shell.status_code == 200
    assert "trusted-types 'none'" in shell.headers["content-security-policy"]
    assert shell.headers["cache-control"] == "no-store"
    assert (await client.get("/bff/popup-done")).headers[
        "content-type"
    ] == "text/html; charset=utf-8"
    assert "BroadcastChannel" in (await client.get("/bff/popup-done.js")).text
    assert (await client.get("/bff/client.js")).status_code == 200
    assert (await client.get("/assets/nothing.js")).status_code == 404
    assert (await client.post("/")).status_code == 405
    assert (await client.head("/")).content == b""


async def test_another_host_is_not_served(client: httpx.AsyncClient) -> None:
    """The public origin is configured, never taken from a header."""
    assert (await client.get("/", headers={"host": "evil.example"})).status_code == 400


@pytest.mark.req("N118")
async def test_a_callback_while_redis_is_away_leads_home_with_a_note(
    client: httpx.AsyncClient,
) -> None:
    """The note says so, once, and no session cookie is set."""
    begun = {"cookie": a_login_cookie("y")}
    answer = await client.get("/bff/callback", params={"code": "x", "state": "y"}, headers=begun)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    note = next(line for line in answer.headers.get_list("set-cookie") if "-note=" in line)
    told = await client.get("/bff/session", headers={**OURS, "cookie": note.partition(";")[0]})
    assert told.json()["login_error"]["code"] == "store_unavailable"
    assert "__Host-Http-bff-note=;" in told.headers["set-cookie"]


def a_login_cookie(state: str) -> str:
    """What a browser sends that has begun a sign-in with this ``state``."""
    settings, _ = load_settings((ROOT / "bff.toml").read_text(), {}, lambda name: name)
    cookies = BrowserCookies(values.signing_keys(settings), values.lookup_key(settings))
    line = cookies.set_login(LoginCookie("B" * 22).add(state))
    return line.decode().partition(";")[0]


@pytest.mark.req("N26", "N27", "N30")
async def test_every_cookie_that_is_set_has_every_attribute(client: httpx.AsyncClient) -> None:
    """Deletions and errors included."""
    seen: list[str] = []
    for answer in (
        await client.get("/bff/callback", params={"state": "y"}),
        await client.post("/bff/logout", headers=OURS),
    ):
        seen += answer.headers.get_list("set-cookie")
    assert seen
    for line in seen:
        assert line.startswith("__Host-Http-bff")
        for attribute in ("Path=/", "Secure", "HttpOnly", "SameSite="):
            assert attribute in line
        assert "Domain" not in line


async def test_signing_out_without_a_session_leads_home(client: httpx.AsyncClient) -> None:
    """Not an error; caches are cleared all the same."""
    answer = await client.post("/bff/logout", headers=OURS)
    assert answer.json() == {"redirect_to": "/"}
    assert answer.headers["clear-site-data"] == '"cache"'


async def test_odd_queries_are_refused(client: httpx.AsyncClient) -> None:
    """Twice the same parameter, or a number that is none."""
    for query in ("return_to=/a&return_to=/b", "max_age=x"):
        assert (await client.get(f"/bff/login?{query}")).status_code == 400


def test_settings_of_the_tests_have_routes() -> None:
    """So that the matrix is not empty."""
    rows: list[Any] = routes()
    assert len(rows) > 30
