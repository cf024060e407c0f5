"""Several BFF processes on one Redis, over real HTTP: one refresh per expiry, and what happens when Redis goes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack


@pytest.fixture
def fleet(new_stack: Callable[..., Stack]) -> Iterator[tuple[Stack, ApiBrowser, ApiBrowser]]:
    """Two processes, and one browser signed in through the first, its cookie also shown to the second."""
    stack = new_stack()
    origins = [stack.add_bff("bff").url, stack.add_bff("bff2").url]
    first, second = (ApiBrowser(origin, stack.provider_url) for origin in origins)
    yield stack, first, second
    first.close()
    second.close()


def same_session(first: ApiBrowser, second: ApiBrowser) -> None:
    """The second shows what the first holds."""
    second.cookies, second.ref = dict(first.cookies), first.ref


@pytest.mark.req("R1", "R2", "N64", "N71", "S7")
def test_fifty_calls_at_expiry_make_one_refresh(
    fleet: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """Two processes, fifty calls at once, one expired token: one grant, no reuse, fifty answers."""
    stack, first, second = fleet
    stack.ask("provider", "POST", "/__faults", {"fault": "expires_in", "seconds": 1, "count": 1})
    first.sign_in()
    same_session(first, second)
    time.sleep(1.1)  # the access token's own second, in real processes
    with ThreadPoolExecutor(50) as pool:
        callers = [first if number % 2 else second for number in range(50)]
        answers = list(pool.map(lambda caller: caller.send("GET", "/api/me").status_code, callers))
    assert answers == [200] * 50
    stats = stack.ask("provider", "GET", "/__stats")
    assert (stats["issued"]["refresh_token"], stats["refresh_reuse_detected"]) == (1, 0)


@pytest.mark.req("N123", "S5")
def test_redis_goes_and_comes_back_and_nobody_is_signed_out(
    fleet: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """503 with Retry-After once its loss is noticed, the cookie untouched; recovery by itself."""
    stack, first, _ = fleet
    first.sign_in()
    held = dict(first.cookies)
    stack.keep()
    stack.kill("redis")
    noticed = time.monotonic() + 20
    while first.send("GET", "/api/me").status_code == 200:  # a held copy, a second at most
        assert time.monotonic() < noticed, "it answers as if nothing had happened"
    for path in ("/api/me", "/bff/session"):
        answer = first.send("GET", path)
        assert (answer.status_code, answer.headers["bff-error"]) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert "set-cookie" not in answer.headers
    stack.restart("redis")
    deadline = time.monotonic() + 60
    while first.send("GET", "/api/me").status_code != 200:
        assert time.monotonic() < deadline, "it did not recover"
        time.sleep(0.1)
    assert first.cookies == held
    assert first.session()["authenticated"]


@pytest.mark.req("N56", "N106", "N111", "N112")
def test_a_back_channel_logout_is_seen_by_every_process(
    fleet: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """The provider ends it; both processes say so, with the reason."""
    stack, first, second = fleet
    first.sign_in()
    same_session(first, second)
    stack.ask("provider", "POST", "/__backchannel-logout", {"sub": "ada"})
    for browser in (first, second):
        answer = browser.send("GET", "/api/me")
        assert (answer.status_code, answer.headers["bff-error"]) == (401, "session_revoked")
    assert first.session()["ended"] == "idp_logout"
    assert first.session()["ended"] is None


@pytest.mark.req("N74")
def test_a_provider_outage_is_invisible_while_the_token_is_valid(
    fleet: tuple[Stack, ApiBrowser, ApiBrowser],
) -> None:
    """In the window, with the token endpoint down: calls answer as ever."""
    stack, first, _ = fleet
    stack.ask("provider", "POST", "/__faults", {"fault": "expires_in", "seconds": 30, "count": 1})
    first.sign_in()
    stack.ask("provider", "POST", "/__faults", {"fault": "status", "status": 503, "retry_after": 1})
    time.sleep(20.5)  # into the last third of the token's life
    assert [first.send("GET", "/api/me").status_code for _ in range(5)] == [200] * 5
    assert first.session()["token"] in {"ok", "renewing", "stuck"}


@pytest.mark.req("N68")
@pytest.mark.parametrize("place", ["body", "header", "chunked"])
def test_an_api_that_echoes_the_token_is_stopped(
    fleet: tuple[Stack, ApiBrowser, ApiBrowser], place: str
) -> None:
    """Over real HTTP: a problem, or a broken answer, and nothing of the token."""
    _, first, _ = fleet
    first.sign_in()
    try:
        answer = first.send("GET", f"/api/echo?leak={place}")
    except httpx.HTTPError:
        return  # broken off midway: the browser cannot take it for whole
    assert (answer.status_code, answer.headers["bff-error"]) == (502, "upstream_leak")
    assert "eyJ" not in answer.text + str(answer.headers)
