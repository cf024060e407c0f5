"""A page that shows another session than the cookie's: nothing is forwarded, whatever it asks for."""

import tomllib
from collections.abc import Iterator

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import ROOT, Stack

HOSTILE = {
    "no header": {"bff-session": ""},
    "cross-site": {"sec-fetch-site": "cross-site"},
    "a sibling": {"sec-fetch-site": "same-site"},
    "another origin": {"origin": "https://evil.example"},
    "an image": {"sec-fetch-dest": "image"},
}


@pytest.fixture
def signed_in(stack: Stack) -> Iterator[ApiBrowser]:
    """Ada."""
    browser = ApiBrowser(stack.bff.url, stack.provider_url)
    browser.sign_in("ada")
    yield browser
    browser.close()


def routes() -> list[tuple[str, str, str]]:
    """Method, path and token plan of every line of the route table."""
    table = tomllib.loads((ROOT / "bff.toml").read_text(encoding="utf-8"))["routes"]
    return [
        (method, route["prefix"], route.get("token", "user"))
        for route in table
        for method in route.get("methods", ["GET", "HEAD"])
    ]


def arrived(stack: Stack) -> dict[str, int]:
    """What reached the API so far, but for our own questions."""
    requests: dict[str, int] = stack.ask("api", "GET", "/__stats")["requests"]
    return {what: count for what, count in requests.items() if "/__" not in what}


@pytest.mark.req("S4", "S16", "N40", "N56")
def test_another_sessions_reference_is_a_conflict_before_anything_is_forwarded(
    stack: Stack, signed_in: ApiBrowser
) -> None:
    """Every route that acts for a session, every method: 409, and the API hears nothing."""
    other = ApiBrowser(stack.bff.url, stack.provider_url)
    foreign = other.sign_in("grace")["ref"]
    other.close()
    before = arrived(stack)
    tried = 0
    for method, path, plan in routes():
        if plan == "none":
            continue
        answer = signed_in.send(method, path, headers={"bff-session": foreign})
        assert (answer.status_code, answer.headers["bff-error"]) == (409, "session_changed"), path
        assert answer.headers["bff-forwarded"] == "no"
        tried += 1
    assert tried > 20
    for path in ("/bff/session/extend", "/bff/refresh"):
        answer = signed_in.send("POST", path, headers={"bff-session": foreign})
        assert answer.status_code == 409, path
    assert arrived(stack) == before
    assert signed_in.send("GET", "/api/me").status_code == 200


@pytest.mark.req("N40", "N41", "N42", "N46")
def test_what_is_refused_at_the_gate_never_reaches_an_api(
    stack: Stack, signed_in: ApiBrowser
) -> None:
    """With the user's own cookie, on every route and method: 403, and the API hears nothing."""
    before = arrived(stack)
    for method, path, _ in routes():
        for signals in HOSTILE.values():
            answer = signed_in.send(method, path, headers=signals)
            assert (answer.status_code, answer.headers["bff-error"]) == (403, "csrf_failed"), path
            assert "access-control-allow-origin" not in answer.headers
    assert arrived(stack) == before
