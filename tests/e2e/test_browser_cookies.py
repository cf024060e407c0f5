"""A real browser with a provider on another site: what Strict cookies do, what strangers cannot, what Back shows.

The app is at 127.0.0.1, the provider and the stranger at localhost: to a browser those are different sites.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, Request, Route, expect

from tests.e2e.acceptance import ENDED, dialog, end_session
from tests.e2e.processes import Stack

SESSION, LOGIN = "__Host-Http-bff", "__Host-Http-bff-login"
STRANGER = "http://localhost:9"
Context = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def origin(stack: Stack) -> str:
    """Another site than the provider's."""
    url = f"http://127.0.0.1:{stack.next_port}"
    stack.add_bff(
        "crossing",
        {
            "server.public_url": url,
            "limits.sign_in_per_minute": 1000,
            "limits.callback_per_minute": 1000,
        },
    )
    return url


def sign_in(page: Page, origin: str) -> None:
    """From the landing page over the other site and back."""
    page.goto(f"{origin}/")
    page.get_by_test_id("sign-in").click()
    page.get_by_role("button", name=re.compile("Ada")).click()
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


def cookie_names(request: Request) -> set[str]:
    """The cookies a request carried."""
    return {
        pair.strip().partition("=")[0]
        for pair in request.all_headers().get("cookie", "").split(";")
        if pair
    }


@pytest.mark.req("N26", "N28", "N29", "N30", "N31", "N38", "S1")
def test_a_provider_on_another_site_and_a_strict_cookie(new_context: Context, origin: str) -> None:
    """Signed in right after the way back, without a reload: the page arrives without the cookie and asks for itself."""
    context = new_context()
    page = context.new_page()
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # noqa: PLW0108  Playwright marks the function
    sign_in(page, origin)
    way_back = next(each for each in seen if "/bff/callback" in each.url)
    assert way_back.all_headers()["sec-fetch-site"] == "cross-site"
    assert cookie_names(way_back) == {LOGIN}
    landed = seen[seen.index(way_back) + 1]
    assert landed.is_navigation_request()
    assert SESSION not in cookie_names(landed)
    check = next(each for each in seen[seen.index(landed) :] if "/bff/session" in each.url)
    assert SESSION in cookie_names(check)
    cookies = {cookie["name"]: cookie for cookie in context.cookies(origin)}
    assert set(cookies) == {SESSION}
    kept: Any = cookies[SESSION]
    assert (kept["secure"], kept["httpOnly"], kept["sameSite"], kept["path"]) == (
        *(True, True, "Strict", "/"),
    )
    assert kept["domain"] == "127.0.0.1"
    page.reload()
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


ATTACKS = {
    "a form": """() => { const form = document.createElement('form'); form.method = 'POST';
        form.action = TARGET + '/bff/logout'; document.body.append(form); form.submit() }""",
    "a form as text": """() => { const form = document.createElement('form'); form.method = 'POST';
        form.enctype = 'text/plain'; form.action = TARGET + '/bff/session/extend';
        document.body.append(form); form.submit() }""",
    "a link": "() => { location.href = TARGET + '/bff/logout' }",
    "a fetch": """() => fetch(TARGET + '/bff/logout',
        { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => 0)""",
    "a fetch with our header": """() => fetch(TARGET + '/bff/logout',
        { method: 'POST', credentials: 'include', headers: { 'BFF-Session': 'any' } }).catch(() => 0)""",
    "a picture": """() => new Promise((done) => { const image = new Image();
        image.onload = image.onerror = done; image.src = TARGET + '/api/me' })""",
    "a frame": """() => new Promise((done) => { const frame = document.createElement('iframe');
        frame.onload = done; frame.src = TARGET + '/'; document.body.append(frame) })""",
}


@pytest.mark.req("N28", "N40", "N43", "N44", "N46", "N47", "N51")
def test_a_page_of_another_site_changes_nothing(new_context: Context, origin: str) -> None:
    """It may post, link, fetch, embed and frame: the user stays signed in, and it has read nothing."""
    context = new_context()
    context.route(f"{STRANGER}/**", stranger)
    page = context.new_page()
    sign_in(page, origin)
    evil = context.new_page()
    for attack in ATTACKS.values():
        evil.goto(f"{STRANGER}/")
        evil.evaluate(f"() => {{ const TARGET = '{origin}'; return ({attack})() }}")
        evil.wait_for_load_state()
        page.reload()
        expect(page.get_by_test_id("user-name")).to_contain_text("Ada")


def stranger(route: Route) -> None:
    """A page that belongs to somebody else."""
    route.fulfill(body="<!doctype html><title>stranger</title>", content_type="text/html")


@pytest.fixture
def remembering(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Page]:
    """A page in a browser that keeps pages for Back, as people's browsers do and test browsers do not."""
    browser = browser_type.launch(
        **browser_type_launch_args, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser.new_context().new_page()
    browser.close()


def reload_as(page: Page, origin: str, caching: str) -> None:
    """The page anew, with another Cache-Control, as from a server in front of ours."""

    def answer(route: Route) -> None:
        got = route.fetch()
        route.fulfill(response=got, headers={**got.headers, "cache-control": caching})

    page.route(f"{origin}/leads", answer)
    shell = page.goto(f"{origin}/leads")
    assert shell is not None
    assert shell.headers["cache-control"] == caching
    expect(page.get_by_test_id("user-name")).to_contain_text("Ada")
    page.unroute(f"{origin}/leads")
    page.evaluate("window.before = true")


@pytest.mark.req("N99", "N105", "S16")
@pytest.mark.parametrize("shell", ["no-store", "no-cache"])
def test_18_back_after_signing_out_shows_nobody(remembering: Page, origin: str, shell: str) -> None:
    """Neither from the page that was left, nor from one that another tab signed out meanwhile."""
    page = remembering
    sign_in(page, origin)
    reload_as(page, origin, shell)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.evaluate("setTimeout(() => history.back(), 0)")
    page.wait_for_timeout(500)
    expect(page.get_by_test_id("user-name")).to_have_count(0)

    sign_in(page, origin)
    reload_as(page, origin, shell)
    other = page.context.new_page()
    other.goto(f"{origin}/")
    page.goto("about:blank")
    other.get_by_test_id("sign-out").click()
    expect(other.get_by_test_id("sign-in")).to_be_visible()
    page.evaluate("setTimeout(() => history.back(), 0)")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert page.evaluate("window.before") is None, "the page came back from memory"
    expect(page.get_by_test_id("user-name")).to_have_count(0)


HIDDEN = """() => {
    const root = document.documentElement
    return [getComputedStyle(root).opacity, root.inert]
}"""
AS_SHOWN = f"""() => addEventListener('pageshow', ({{ persisted }}) => {{
    window.asShown = [persisted, ...({HIDDEN})()]
}})"""


@pytest.mark.req("N99", "S16")
def test_18_a_page_that_comes_back_from_memory_is_hidden_until_the_server_has_answered(
    remembering: Page, origin: str, stack: Stack
) -> None:
    """A shell that may be kept, and a session that ended without a word to the browser: the veil is all there is."""
    page = remembering
    sign_in(page, origin)
    reload_as(page, origin, "no-cache")
    page.evaluate(AS_SHOWN)
    page.goto("about:blank")
    end_session(stack, "ada")
    page.evaluate("setTimeout(() => history.back(), 0)")
    dialog(page, ENDED)
    assert page.evaluate("window.asShown") == [True, "0", True], "from memory, hidden, inert"
    assert page.evaluate(HIDDEN) == ["0", True]
