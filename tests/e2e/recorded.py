"""A browser without a window that keeps everything it was told, and a run through everything there is.

The app stands behind a hop that ends TLS: browsers know it as https://app.example, and the hop speaks plain HTTP to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Bff, Stack

ORIGIN = "https://app.example"
SESSION, LOGIN, NOTE = "__Host-Http-bff", "__Host-Http-bff-login", "__Host-Http-bff-note"
SCRIPT = "<script>alert(document.domain)</script>"


@dataclass(frozen=True)
class Said:
    """One answer, and what was asked."""

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for field, value in self.headers if field == name]

    def value(self, name: str) -> str:
        """The one value of a field; empty if it is not there."""
        values = self.values(name)
        assert len(values) <= 1, (self, name)
        return values[0] if values else ""

    @property
    def set_cookies(self) -> list[str]:
        """Every Set-Cookie value."""
        return self.values("set-cookie")

    @property
    def by_us(self) -> bool:
        """Whether it is our own answer and not an API's."""
        return not self.path.startswith("/api/") or bool(self.value("bff-error"))

    def __str__(self) -> str:
        """For a failure."""
        return f"{self.method} {self.path} -> {self.status}"


class _Hop(httpx.BaseTransport):
    """Ends TLS: what is meant for the public origin goes to the app over plain HTTP, Host untouched."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._onward = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "app.example":
            request.url = request.url.copy_with(scheme="http", host="localhost", port=self._port)
        return self._onward.handle_request(request)

    def close(self) -> None:
        self._onward.close()


class RecordingBrowser(ApiBrowser):
    """Keeps every answer of the app."""

    def __init__(self, bff: Bff, stack: Stack) -> None:
        super().__init__(ORIGIN, stack.provider_url)
        self.port = bff.port
        self.http.close()
        self.http = httpx.Client(transport=_Hop(bff.port), timeout=30, follow_redirects=False)
        self.said: list[Said] = []
        self.held: set[str] = set()
        self.longest_cookie_header = 0

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        request = answer.request
        if request.url.port == self.port:
            headers = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in answer.headers.raw
            ]
            path = request.url.raw_path.decode("ascii")
            said = Said(request.method, path, answer.status_code, headers, answer.content)
            self.said.append(said)
            for line in said.set_cookies:
                self.held |= {each.value for each in morsels(line) if each.value}
            sent = len(request.headers.get("cookie", ""))
            self.longest_cookie_header = max(self.longest_cookie_header, sent)
        return super()._keep(answer)

    def raw(self, method: str, path: str, headers: dict[str, str], **options: Any) -> Said:
        """Exactly these headers."""
        self._keep(self.http.request(method, ORIGIN + path, headers=headers, **options))
        return self.said[-1]


def morsels(line: str) -> list[Morsel[str]]:
    """What a Set-Cookie value sets."""
    return list(SimpleCookie(line).values())


@contextmanager
def faults(stack: Stack, party: str, *given: dict[str, object]) -> Iterator[None]:
    """Bad weather, for a while."""
    stack.ask(party, "POST", "/__faults", list(given))
    try:
        yield
    finally:
        stack.ask(party, "DELETE", "/__faults")


def wide_run(browser: RecordingBrowser, stack: Stack) -> None:
    """Every endpoint, every kind of outcome: anonymous, refused, signed in, renewed, failed, signed out."""
    _anonymous(browser)
    _refused(browser)
    browser.sign_in("ada", "/leads?tab=notes")
    _signed_in(browser, stack)
    _failed_sign_ins(browser, stack)
    browser.sign_in("grace")
    browser.send("POST", "/bff/refresh")
    browser.send("GET", "/api/me")
    _superseded(browser)
    _out(browser)


def _anonymous(browser: RecordingBrowser) -> None:
    for path in (
        *(
            "/",
            "/leads/7",
            "/index.html",
            "/bff/client.js",
            "/bff/client/index.js",
            "/assets/none.js",
        ),
        *("/bff/popup-done", "/bff/popup-done.js", "/bff/logout/next", "/bff/logout/next?ticket=x"),
        *("/bff/callback", "/bff/callback?code=x&state=y", "/bff/login?return_to=//evil.example"),
        *("/bff/console", "/bff/console/", "/icon.svg", "/metrics", "/schema", "/docs"),
    ):
        browser.navigate(ORIGIN + path, site="none")
    for method, path in (
        *(("GET", "/bff/session"), ("POST", "/bff/session/extend"), ("POST", "/bff/refresh")),
        *(
            ("POST", "/bff/logout"),
            ("GET", "/api/me"),
            ("POST", "/api/leads"),
            ("GET", "/api/none"),
        ),
        *(
            ("DELETE", "/api/me"),
            ("GET", "/bff/none"),
            ("PUT", "/bff/session"),
            ("GET", "/bff/login"),
        ),
        *(("GET", "/bff/events"), ("GET", "/api/me/../leads"), ("GET", "/api/me/%2e%2e")),
        *(
            ("GET", "/healthz"),
            ("POST", "/"),
            ("HEAD", "/"),
            ("OPTIONS", "/bff/session"),
            ("TRACE", "/bff/session"),
        ),
    ):
        browser.send(method, path)


def _refused(browser: RecordingBrowser) -> None:
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    browser.raw("POST", "/bff/logout", evil)
    browser.raw("OPTIONS", "/api/me", {**evil, "access-control-request-method": "GET"})
    browser.raw("GET", "/", {"host": "evil.example"})
    browser.raw(
        "GET", "/bff/session", {"bff-session": "any", "cookie": f"{SESSION}=a; {SESSION}=b"}
    )
    browser.raw("GET", "/bff/session", {"bff-session": "any", "cookie": f"{SESSION}=forged.AAAA"})
    browser.raw("POST", "/bff/backchannel-logout", {}, data={"logout_token": "x"})
    browser.raw("POST", "/bff/backchannel-logout", {}, content=b"x" * 100_000)
    browser.raw("GET", "/bff/backchannel-logout", {})


def _signed_in(browser: RecordingBrowser, stack: Stack) -> None:
    browser.session()
    browser.send("POST", "/bff/session/extend")
    browser.send("POST", "/bff/refresh")
    for path in (
        *("/api/me", "/api/me/x.css", "/api/events", "/api/none", "/api/status/404"),
        *("/api/status/500", "/api/redirect?to=https://evil.example/", "/api/redirect?to=/me"),
        "/api/headers?h=Set-Cookie:evil%3D1&h=Access-Control-Allow-Origin:*&h=Cache-Control:public",
        "/api/headers?h=Strict-Transport-Security:max-age%3D0&h=Clear-Site-Data:%22cookies%22",
        "/api/headers?h=Content-Security-Policy:default-src%20*&h=Access-Control-Allow-Credentials:true",
    ):
        browser.send("GET", path)
    browser.send("POST", "/api/leads", content=b"{")
    browser.navigate(f"{ORIGIN}/api/download")
    browser.send("GET", "/api/me", headers={"bff-session": "s_somebodyelse"})
    for fault in ({"fault": "drop"}, {"fault": "status", "status": 503, "retry_after": 7}):
        with faults(stack, "api", {**fault, "path": "/me"}):
            browser.send("GET", "/api/me")
    with faults(stack, "provider", {"fault": "status", "status": 503, "retry_after": 3}):
        browser.send("POST", "/bff/refresh")


def _failed_sign_ins(browser: RecordingBrowser, stack: Stack) -> None:
    """The provider says no, with a description made to hurt; its answers make no sense."""
    for fault in (
        {"fault": "error", "endpoint": "authorization", "error": "access_denied"},
        {"fault": "error", "endpoint": "authorization", "error": SCRIPT},
        {"fault": "error", "error": "invalid_grant"},
        {"fault": "garbage"},
        {"fault": "status", "status": 500},
        {"fault": "alg_none"},
        {"fault": "wrong_key"},
        {"fault": "override", "claims": {"nonce": "another"}},
    ):
        described = {"description": f"{SCRIPT}\r\nset-cookie: a=b"} if "error" in fault else {}
        with faults(stack, "provider", {**fault, **described}), suppress(AssertionError):
            browser.sign_in("ada")
        browser.session()


def _superseded(browser: RecordingBrowser) -> None:
    """A second browser's cookie from before; and fifty sign-ins that nobody finished."""
    for _ in range(50):
        browser.navigate(f"{ORIGIN}/bff/login", site="same-origin")


def _out(browser: RecordingBrowser) -> None:
    held = dict(browser.cookies)
    browser.session()
    answer = browser.send("POST", "/bff/logout")
    browser.navigate(ORIGIN + answer.json()["redirect_to"])
    browser.navigate(ORIGIN + answer.json()["redirect_to"])
    browser.send("POST", "/bff/logout")
    browser.cookies = held
    for method, path in (("GET", "/api/me"), ("POST", "/bff/refresh"), ("GET", "/bff/session")):
        browser.send(method, path)
