"""Everything the app says in one wide run, held against what every answer must and must not say."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.processes import Bff, Stack
from tests.e2e.recorded import (
    LOGIN,
    ORIGIN,
    SCRIPT,
    SESSION,
    RecordingBrowser,
    Said,
    faults,
    morsels,
    wide_run,
)

A_YEAR = 31_536_000
MOST_COOKIE_SECONDS = 400 * 86_400


@pytest.fixture(scope="module")
def hop(stack: Stack) -> Bff:
    """A BFF that browsers know as https://app.example."""
    values = {
        "server.public_url": ORIGIN,
        "limits.sign_in_per_minute": 100_000,
        "limits.callback_per_minute": 100_000,
    }
    return stack.add_bff("hop", values)


@pytest.fixture(scope="module")
def run(stack: Stack, hop: Bff) -> Iterator[RecordingBrowser]:
    """After the run."""
    made = RecordingBrowser(hop, stack)
    wide_run(made, stack)
    yield made
    made.close()


@pytest.fixture
def another(stack: Stack, hop: Bff) -> Iterator[Callable[[], RecordingBrowser]]:
    """Makes further browsers."""
    made: list[RecordingBrowser] = []

    def make() -> RecordingBrowser:
        made.append(RecordingBrowser(hop, stack))
        return made[-1]

    yield make
    for each in made:
        each.close()


def ours(run: RecordingBrowser) -> list[Said]:
    """Our own answers."""
    return [said for said in run.said if said.by_us]


def test_the_run_was_wide(run: RecordingBrowser) -> None:
    """Every status and code that can be had without breaking Redis was seen, and every cookie was set and deleted."""
    assert {said.status for said in run.said} >= {
        *(200, 303, 400, 401, 403, 404, 405, 409, 422, 500, 503)
    }
    codes = {said.value("bff-error") for said in run.said}
    assert codes >= {
        *("csrf_failed", "session_changed", "return_to_rejected", "navigation_required"),
        *("request_malformed", "route_not_found", "method_not_allowed", "session_required"),
    }
    lines = [line for said in run.said for line in said.set_cookies]
    names = {line.partition("=")[0] for line in lines}
    assert names == {SESSION, LOGIN, "__Host-Http-bff-note"}
    deleted = {line.partition("=")[0] for line in lines if "Max-Age=0" in line}
    assert deleted == names


@pytest.mark.req("N26", "N27", "N28", "N29", "N30", "N31", "N33", "N37")
def test_every_cookie_has_every_attribute(run: RecordingBrowser) -> None:
    """Secure, HttpOnly, SameSite, Path=/, no Domain, the prefix, a bounded life and size; deletions and errors too."""
    for said in run.said:
        for line in said.set_cookies:
            (cookie,) = morsels(line)
            assert cookie["secure"] is True, said
            assert cookie["httponly"] is True, said
            assert cookie["path"] == "/", said
            assert "domain" not in line.lower(), said
            assert "expires" not in line.lower(), said
            assert cookie.key.startswith("__Host-Http-"), said
            assert cookie["samesite"] == ("Strict" if cookie.key == SESSION else "Lax"), said
            assert 0 <= int(cookie["max-age"]) <= MOST_COOKIE_SECONDS, said
            assert len(cookie.key) + len(cookie.value) < 400, said


@pytest.mark.req("N27", "N32", "N68")
def test_a_cookie_value_is_said_in_set_cookie_alone(run: RecordingBrowser) -> None:
    """Neither the value nor its first part is in any body, address or other field."""
    assert len(run.held) > 50
    secrets = run.held | {value.partition(".")[0] for value in run.held}
    secrets = {secret for secret in secrets if len(secret) > 15}
    for said in run.said:
        texts = [value for name, value in said.headers if name != "set-cookie"]
        everything = said.body.decode("latin-1") + "\n".join(texts)
        assert not any(secret in everything for secret in secrets), said


@pytest.mark.req("N32", "N33")
def test_the_session_cookie_is_small_and_opaque(
    another: Callable[[], RecordingBrowser], stack: Stack
) -> None:
    """Its size does not depend on who signs in; nothing in it decodes to something."""
    plain, important = another(), another()
    plain.sign_in("ada")
    groups = [f"group-of-many-{number}" for number in range(500)]
    with faults(stack, "provider", {"fault": "override", "claims": {"roles": groups}}):
        body = important.sign_in("ada")
    assert body["user"]["roles"] == groups
    sizes = {len(each.cookies[SESSION]) for each in (plain, important)}
    assert len(sizes) == 1
    assert sizes.pop() <= 100
    assert "ada" not in plain.cookies[SESSION]
    assert "eyJ" not in plain.cookies[SESSION]


@pytest.mark.req("N38")
def test_fifty_abandoned_sign_ins_leave_the_header_as_it_was(run: RecordingBrowser) -> None:
    """One small cookie remembers the last few."""
    started = [said for said in run.said if said.path == "/bff/login" and said.status == 303]
    assert len(started) >= 50
    assert run.longest_cookie_header < 400


@pytest.mark.req("N38")
def test_several_tabs_sign_in_at_once_and_each_succeeds(
    another: Callable[[], RecordingBrowser], stack: Stack
) -> None:
    """Finished in another order than begun; the cookie goes with the last."""
    browser = another()
    left = [browser.navigate(f"{ORIGIN}/bff/login?return_to=/tab/{tab}") for tab in range(4)]
    for tab in (2, 0, 3, 1):
        consented = browser.navigate(left[tab].headers["location"] + "&mock_user=ada", "cross-site")
        back = browser.navigate(consented.headers["location"], site="cross-site")
        assert (back.status_code, back.headers["location"]) == (303, f"/tab/{tab}")
        assert browser.session()["authenticated"] is True
    assert LOGIN not in browser.cookies


@pytest.mark.req("N4", "N6", "N38")
def test_a_stale_callback_goes_home_or_begins_anew_once(
    another: Callable[[], RecordingBrowser],
) -> None:
    """Signed in: home, quietly. Not signed in: one new sign-in, then a plain page that says so."""
    browser = another()
    browser.sign_in("ada")
    used = next(said.path for said in reversed(browser.said) if "/bff/callback" in said.path)
    again = browser.navigate(ORIGIN + used, site="cross-site")
    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert browser.session()["login_error" if "login_error" in browser.session() else "ref"]
    stranger = another()
    first = _asked_again(stranger, used)
    assert first.status_code == 303
    assert urlsplit(first.headers["location"]).path == "/authorize"
    assert stranger.send("GET", "/bff/session").json()["login_error"] is None
    second = _asked_again(stranger, used)
    assert (second.status_code, second.headers["bff-error"]) == (400, "login_expired")
    assert second.headers["content-type"] == "text/html; charset=utf-8"
    assert "/bff/login" in second.text
    assert "__Host-Http-bff-note" not in stranger.cookies


def _asked_again(browser: RecordingBrowser, callback: str) -> httpx.Response:
    """A callback without the session cookie: a page of ours asks again, from our own site."""
    first = browser.navigate(ORIGIN + callback, site="cross-site")
    assert first.status_code == 303
    page = browser.navigate(ORIGIN + first.headers["location"], site="cross-site")
    assert page.status_code == 200
    return browser.navigate(ORIGIN + page.text.split("url=")[1].split('"')[0])


@pytest.mark.req("N35", "N56")
def test_a_sign_in_over_a_session_gives_a_new_one_and_ends_the_old(
    another: Callable[[], RecordingBrowser],
) -> None:
    """Same user or another: the cookie changes, and the one before is worth nothing."""
    browser = another()
    browser.sign_in("ada")
    for user in ("ada", "grace"):
        before = browser.cookies[SESSION]
        browser.sign_in(user)
        assert browser.cookies[SESSION].partition(".")[0] != before.partition(".")[0]
        thief = another()
        thief.cookies = {SESSION: before}
        answer = thief.send("GET", "/api/me", headers={"bff-session": "any"})
        assert answer.status_code == 401
        assert browser.send("GET", "/api/me").status_code == 200


@pytest.mark.req("N8", "N12", "N87")
def test_no_redirect_leaves_but_for_the_provider(run: RecordingBrowser, stack: Stack) -> None:
    """Home, a path of ours, or the provider's own endpoints; what an API says is rewritten or withheld."""
    locations = [(said, value) for said in run.said for value in said.values("location")]
    assert len(locations) > 60
    for said, value in locations:
        target = urlsplit(value)
        if f"{target.scheme}://{target.netloc}" == stack.provider_url:
            assert target.path in {"/authorize", "/end_session"}, said
        else:
            assert value.startswith("/") or value == f"{ORIGIN}/", said
            assert not value.startswith(("//", "/\\")), said
        assert "access_token" not in value, said


@pytest.mark.req("N116", "N46", "N117")
def test_every_answer_carries_what_all_must(run: RecordingBrowser) -> None:
    """HSTS of a year with sub-domains, nosniff, CORP: pages, JSON, errors, redirects, files, what APIs said."""
    for said in run.said:
        policy = said.value("strict-transport-security")
        assert policy == f"max-age={A_YEAR}; includeSubDomains", said
        assert said.value("x-content-type-options") == "nosniff", said
        assert said.value("cross-origin-resource-policy") == "same-origin", said


@pytest.mark.req("N117", "N12", "N45")
def test_every_answer_of_ours_has_the_policy_of_its_kind(run: RecordingBrowser) -> None:
    """CSP with frame-ancestors and base-uri; pages with Trusted Types, COOP and Permissions-Policy; Referrer-Policy."""
    pages = 0
    for said in ours(run):
        policy = said.value("content-security-policy")
        if said.value("content-type").startswith("image/svg"):
            assert "sandbox" in policy, said
            continue
        assert "frame-ancestors 'none'" in policy, said
        assert "base-uri 'none'" in policy, said
        if said.value("content-type").startswith("text/html"):
            pages += 1
            assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy, said
            assert "object-src 'none'" in policy, said
            assert "unsafe" not in policy, said
            assert said.value("referrer-policy") in {"same-origin", "no-referrer"}, said
            assert said.value("permissions-policy"), said
            opener = said.value("cross-origin-opener-policy")
            assert opener == ("" if "popup-done" in said.path else "same-origin-allow-popups"), said
        elif said.value("cache-control") == "no-store":
            assert said.value("referrer-policy") == "no-referrer", said
            assert "default-src 'none'" in policy, said
    assert pages > 10


@pytest.mark.req("N45", "N99")
def test_nothing_of_a_user_is_kept_and_caches_know_what_it_depends_on(
    run: RecordingBrowser,
) -> None:
    """no-store and Vary on everything but files; the address may look like a style sheet's."""
    files = 0
    for said in run.said:
        kept = said.value("cache-control")
        if said.status == 200 and kept != "no-store":
            files += 1
            assert not said.path.startswith(("/api/", "/bff/session")), said
            assert kept in {"no-cache", "public, max-age=31536000, immutable"}, said
            continue
        assert kept == "no-store", said
        assert {part.strip() for part in ",".join(said.values("vary")).lower().split(",")} >= {
            "sec-fetch-site",
            "origin",
        }, said
    assert files > 1


@pytest.mark.req("N47", "N94")
def test_no_answer_opens_the_origin_to_others(run: RecordingBrowser) -> None:
    """No CORS field of ours, none of an API's, no cookie and no policy that an API wished for."""
    for said in run.said:
        assert not [name for name, _ in said.headers if name.startswith("access-control-")], said
        assert not any("evil" in line for line in said.set_cookies), said
        if not said.by_us:
            assert not said.values("clear-site-data"), said


@pytest.mark.req("N128")
def test_every_body_has_its_type_and_text_its_charset(run: RecordingBrowser) -> None:
    """JSON is UTF-8 by its own standard (RFC 8259, section 8.1); text and XML say so."""
    for said in run.said:
        kind = said.value("content-type")
        if said.body:
            assert kind, said
        if kind.startswith("text/") or kind.partition(";")[0].endswith("xml"):
            assert kind.endswith("; charset=utf-8"), said


@pytest.mark.req("N122", "N119")
def test_nothing_that_came_from_outside_is_repeated(run: RecordingBrowser) -> None:
    """No error_description, no unregistered error, no part of a request, no trace of the inside."""
    for said in ours(run):
        texts = [value for name, value in said.headers if name != "location"]
        everything = said.body.decode("latin-1") + "\n".join(texts)
        for word in (SCRIPT, "alert(", "evil.example", "Traceback", "bff/", "ac-CANARY"):
            if word == "bff/" and said.status < 400:
                continue
            assert word not in everything.replace("/bff/login", ""), (said, word)


@pytest.mark.req("N125")
def test_nothing_for_operators_or_developers_is_public(run: RecordingBrowser, hop: Bff) -> None:
    """Health and metrics are not found; documentation is the app's own page; the server tells no version."""
    for path in ("/metrics", "/healthz"):
        assert [said.status for said in run.said if said.path == path] == [404]
    shell = next(said for said in run.said if said.path == "/")
    for path in ("/schema", "/docs"):
        assert next(said for said in run.said if said.path == path).body == shell.body
    for said in run.said:
        assert not any(letter.isdigit() for letter in said.value("server")), said
        assert not said.values("x-powered-by"), said
    answer = run.http.get(f"{hop.operators_url}/metrics")
    assert answer.status_code == 200


@pytest.mark.req("N36", "N34")
def test_an_identifier_that_was_not_issued_is_not_adopted(
    another: Callable[[], RecordingBrowser], stack: Stack
) -> None:
    """Well-formed and unsigned: 401, and Redis holds what it held."""
    browser = another()
    browser.cookies = {SESSION: f"{'A' * 43}.0.{'B' * 43}"}
    before = _beside_the_trail(stack)
    assert browser.send("GET", "/api/me", headers={"bff-session": "any"}).status_code == 401
    assert _beside_the_trail(stack) == before
    assert browser.said[-1].set_cookies == []


def _beside_the_trail(stack: Stack) -> set[bytes]:
    """Every key but the audit trail's and the cache's beat, which come and go by themselves."""
    own = (b"bff:{audit}", b"bff:beat")
    return {key for key in stack.redis_keys() if not key.startswith(own)}


@pytest.mark.req("N127")
def test_plain_http_is_refused_for_calls_and_moved_for_pages(
    stack: Stack, another: Callable[[], RecordingBrowser], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a trusted hop says of the browser's own connection counts; without such a hop the field means nothing."""
    proxied = stack.add_bff("proxied", {"server.public_url": ORIGIN, "server.trusted_proxies": 1})
    browser = RecordingBrowser(proxied, stack)
    http = {"x-forwarded-proto": "http", "bff-session": "any", "sec-fetch-site": "same-origin"}
    for method, path in (
        ("GET", "/api/me"),
        ("POST", "/bff/logout"),
        ("GET", "/bff/callback?code=x"),
    ):
        said = browser.raw(method, path, http)
        assert (said.status, said.value("bff-error")) == (403, "https_required")
        assert not said.values("location")
    moved = browser.raw("GET", "//evil.example/leads?x=1", http)
    assert (moved.status, moved.value("location")) == (308, f"{ORIGIN}//evil.example/leads?x=1")
    https = {**http, "x-forwarded-proto": "https"}
    assert browser.raw("GET", "/bff/session", https).status == 200
    assert another().raw("GET", "/bff/session", http).status == 200
    browser.close()
