"""The canary sings (acceptance case 33): a token planted in any place a browser can show is found there.

It watches every other browser test, whose contexts it looks through at the end (conftest.py).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.canary import Canary

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2ln"
MARK = "a-mark-of-the-provider"
CODE = "a-code-of-the-provider"
COOKIE = "the-value-of-a-cookie"


@pytest.fixture(autouse=True)
def _canary_in_every_page() -> None:
    """The leaks of this file are meant, so the canary that watches every other test stays out."""


def server_of(body: str, headers: dict[str, str]) -> ThreadingHTTPServer:
    """Answers everything the same."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in {"Content-Type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(f"<!doctype html>{body}".encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            """Not on the terminal."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Answer)


@contextmanager
def planted(
    browser: Browser, *, body: str = "", headers: dict[str, str] | None = None
) -> Iterator[tuple[Page, Canary]]:
    """A page that holds ``body``, watched."""
    server = server_of(body, headers or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    context = browser.new_context(base_url=f"http://localhost:{server.server_port}")
    watcher = Canary(marks=lambda text: MARK in text, codes=lambda text: CODE in text)
    watcher.watch(context)
    try:
        page = context.new_page()
        page.goto("/")
        yield page, watcher
    finally:
        context.close()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.req("N27")
@pytest.mark.parametrize(
    ("where", "script"),
    [
        ("the console", "(secret) => console.log('got', secret)"),
        ("localStorage", "(secret) => localStorage.setItem('kept', secret)"),
        ("sessionStorage", "(secret) => sessionStorage.setItem('kept', secret)"),
        ("document.cookie", "(secret) => { document.cookie = `kept=${secret}` }"),
        ("the document", "(secret) => { document.body.dataset.kept = secret }"),
        ("window.name", "(secret) => { window.name = secret }"),
        ("history.state", "(secret) => history.replaceState({kept: secret}, '')"),
        ("location.href", "(secret) => { location.hash = secret }"),
        ("the address of a GET", "(secret) => fetch('/?kept=' + secret)"),
        ("the body sent to", "(secret) => fetch('/', {method: 'POST', body: secret})"),
    ],
)
@pytest.mark.parametrize("secret", [JWT, MARK])
def test_33_a_leak_in_the_page_is_found(
    browser: Browser, where: str, script: str, secret: str
) -> None:
    """Whatever JavaScript could do with a token, it is seen."""
    with planted(browser) as (page, watcher):
        page.evaluate(script, secret)
        watcher.look(page.context)
    assert any(finding.startswith(where) for finding in watcher.findings()), list(
        watcher.findings()
    )


@pytest.mark.parametrize("secret", [JWT, MARK])
def test_33_a_leak_in_an_answer_is_found(browser: Browser, secret: str) -> None:
    """Bodies and headers are read, Set-Cookie too."""
    headers = {"X-Echo": secret, "Set-Cookie": f"kept={secret}; HttpOnly; Path=/"}
    with planted(browser, body=secret, headers=headers) as (_, watcher):
        pass
    found = {finding.split(" of ")[0] for finding in watcher.findings()}
    assert {"the header x-echo", "the header set-cookie", "the body"} <= found


def test_33_a_page_without_a_token_is_clean(browser: Browser) -> None:
    """Nothing is found where nothing is, and it was looked at."""
    with planted(browser, body="eyJ is how it would begin") as (page, watcher):
        page.evaluate("() => console.log('hello')")
    assert list(watcher.findings()) == []
    places = {sight.where.split(" of ")[0] for sight in watcher.sights}
    assert {"the console", "the body", "the document", "an address shown"} <= places


@pytest.mark.req("N12")
def test_33_a_code_may_travel_in_a_redirect_and_nowhere_else(browser: Browser) -> None:
    """The redirect that brings it is no finding; an address that stays, or a console line, is."""
    with planted(browser) as (page, watcher):
        page.evaluate("(code) => fetch('/callback?code=' + code)", CODE)
    assert list(watcher.findings()) == []
    with planted(browser) as (page, watcher):
        page.goto(f"/?code={CODE}")
        page.evaluate("(code) => console.log(code)", CODE)
    found = {finding.split(":")[0] for finding in watcher.findings()}
    assert {"an address shown", "the console"} <= found


@pytest.mark.req("N27")
def test_33_a_cookie_that_is_also_elsewhere_is_found(browser: Browser) -> None:
    """Set-Cookie holds its value; a piece of it in a body is a finding."""
    headers = {
        "Set-Cookie": f"__Host-Http-bff={COOKIE}.and-its-signature; HttpOnly; Path=/; Secure"
    }
    with planted(browser, headers=headers) as (_, watcher):
        pass
    assert COOKIE in watcher.cookies
    assert list(watcher.findings()) == []
    with planted(browser, headers=headers, body=COOKIE) as (_, watcher):
        pass
    assert {finding.split(" of ")[0] for finding in watcher.findings()} == {
        "the body",
        "the document",
    }
