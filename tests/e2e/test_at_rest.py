"""What lies in Redis after people have worked: nothing that a thief could use."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis import Redis

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from upstream_mocks.provider.canary import CANARY_PATTERNS

BODY = "a-body-that-is-nobodys-business"
USERS = ("ada", "grace", "ada")
VALUE = re.compile(rb"[A-Za-z0-9_-]{43,}")
Work = tuple[Stack, list[ApiBrowser], set[str], set[str]]


def dump(stack: Stack) -> dict[bytes, list[bytes]]:
    """Every key with everything under it, whatever its type."""
    with Redis(port=stack.redis_port) as redis:
        return {key: list(_under(redis, key)) for key in redis.scan_iter(count=1000)}


def _under(redis: Any, key: bytes) -> Iterator[bytes]:
    kind = redis.type(key)
    if kind == b"string":
        yield redis.get(key) or b""
    elif kind == b"hash":
        for name, value in redis.hgetall(key).items():
            yield from (name, value)
    elif kind == b"zset":
        yield from redis.zrange(key, 0, -1)
    elif kind == b"set":
        yield from redis.smembers(key)
    elif kind == b"list":
        yield from redis.lrange(key, 0, -1)
    elif kind == b"stream":
        for number, fields in redis.xrange(key):
            yield number
            for name, value in fields.items():
                yield from (name, value)
    else:
        assert kind == b"none", f"{key!r} is a {kind!r}: this test does not look inside"


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Three sessions that signed in, called, renewed; one of them signed out; two sign-ins left unfinished.

    Also every value that must not be found, and the challenges whose verifiers must not.
    """
    stack = Stack(tmp_path_factory.mktemp("at-rest"))
    browsers: list[ApiBrowser] = []
    secrets: set[str] = set()
    challenges: set[str] = set()
    try:
        stack.start()
        bff = stack.add_bff()
        for user in USERS:
            browser = ApiBrowser(bff.url, stack.provider_url)
            browsers.append(browser)
            left = browser.navigate(f"{bff.url}/bff/login")
            _remember(left.headers["location"], browser, secrets, challenges)
            browser.sign_in(user)
            secrets |= set(browser.cookies.values())
            browser.send("GET", "/api/me")
            browser.send("POST", "/api/echo", content=f"{BODY} of {user}")
            browser.send("POST", "/bff/refresh")
            browser.send("GET", "/api/events")
            secrets |= set(browser.cookies.values())
        answer = browsers[-1].send("POST", "/bff/logout")
        secrets.add(parse_qs(urlsplit(answer.json()["redirect_to"]).query)["ticket"][0])
        secrets |= {value.partition(".")[0] for value in secrets if len(value) > 60}
        yield stack, browsers, {secret for secret in secrets if len(secret) > 15}, challenges
    finally:
        for browser in browsers:
            browser.close()
        stack.end()


def _remember(location: str, browser: ApiBrowser, secrets: set[str], challenges: set[str]) -> None:
    query = parse_qs(urlsplit(location).query)
    secrets |= {query["state"][0], query["nonce"][0], *browser.cookies.values()}
    challenges.add(query["code_challenge"][0])


@pytest.mark.req("N65", "N66", "N67", "S8")
def test_a_dump_of_redis_holds_nothing_that_signs_in(worked: Work) -> None:
    """No token, code, state, nonce, verifier, cookie value, session id or ticket, neither as text nor decoded."""
    stack, _, secrets, challenges = worked
    assert len(secrets) > 12
    content = dump(stack)
    assert sum(key.endswith(b":session") for key in content) >= 2
    pieces = [piece for key, values in content.items() for piece in (key, *values)]
    everything = b"\n".join(pieces)
    for secret in secrets:
        assert secret.encode() not in everything
        if re.fullmatch(r"[A-Za-z0-9_-]{43}", secret):
            assert base64.urlsafe_b64decode(secret + "=") not in everything
    text = everything.decode("latin-1")
    assert [pattern.pattern for pattern in CANARY_PATTERNS if pattern.search(text)] == []
    digests = {
        base64.urlsafe_b64encode(hashlib.sha256(found).digest()).rstrip(b"=").decode()
        for found in VALUE.findall(everything)
    }
    assert not digests & challenges


@pytest.mark.req("N65", "N66", "N102", "N119")
def test_the_logs_of_the_run_hold_none_of_it_either(worked: Work) -> None:
    """Sessions are named by their public reference; bodies and queries are not written down."""
    stack, browsers, secrets, _ = worked
    log = stack.log("bff")
    assert browsers[0].ref in log
    assert not any(secret in log for secret in secrets)
    assert BODY not in log
    assert "/api/echo" in log
    assert [pattern.pattern for pattern in CANARY_PATTERNS if pattern.search(log)] == []


@pytest.mark.req("N66", "N67")
def test_a_reader_of_redis_cannot_name_a_session_to_the_app(worked: Work) -> None:
    """No key, and no part of one, works as a cookie."""
    stack, _, _, _ = worked
    thief = ApiBrowser(stack.bff.url, stack.provider_url)
    thief.ref = "any"
    keys = [key.decode() for key in dump(stack) if key.endswith(b":session")]
    for key in keys:
        name = key[key.index("{") + 1 : key.index("}")]
        for cookie in (name, f"{name}.0", f"{name}.0.{name}", key):
            thief.cookies = {"__Host-Http-bff": cookie}
            assert thief.send("GET", "/api/me").status_code in {400, 401}
    thief.close()


@pytest.mark.req("N66", "S8")
def test_two_sealed_values_exchanged_are_noticed(worked: Work) -> None:
    """Somebody who writes to Redis gives one user's tokens to another: the API is never called with them."""
    stack, (ada, grace, _), _, _ = worked
    with Redis(port=stack.redis_port) as redis:
        named = {}
        for key in redis.scan_iter(match="*:session"):
            named[b"grace" in (redis.hget(key, "core") or b"")] = key
        first, second = named[False], named[True]
        mine, theirs = redis.hget(first, "tokens"), redis.hget(second, "tokens")
        assert mine
        assert theirs
        redis.hset(first, "tokens", theirs)
        redis.hset(second, "tokens", mine)
        seen = stack.ask("api", "GET", "/__stats")
        for browser in (ada, grace):
            answer = browser.send("GET", "/api/me")
            assert answer.status_code in {401, 503}, answer.text
            assert answer.headers["bff-error"]
        assert _requests(stack.ask("api", "GET", "/__stats")) == _requests(seen)
        redis.hset(first, "tokens", mine)
        redis.hset(second, "tokens", theirs)


def _requests(stats: dict[str, object]) -> object:
    return {name: value for name, value in stats.items() if name != "held"}
