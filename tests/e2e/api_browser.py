"""A browser without a window: cookies kept by the rules, headers as Chromium sends them.

For tests that need many calls and no page.
"""

from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin

import httpx


class ApiBrowser:
    """Signs in, calls and signs out over real HTTP."""

    def __init__(self, origin: str, provider: str) -> None:
        self.origin = origin
        self.provider = provider
        self.http = httpx.Client(trust_env=False, timeout=30, follow_redirects=False)
        self.cookies: dict[str, str] = {}
        self.ref = "anon"

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One same-origin fetch; cookies kept."""
        headers = {
            "bff-session": self.ref,
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "cors",
            "sec-fetch-dest": "empty",
            "origin": self.origin,
            **options.pop("headers", {}),
        }
        return self._keep(
            self.http.request(
                method, self.origin + path, headers=self._with_cookies(headers), **options
            )
        )

    def navigate(self, url: str, site: str = "same-origin") -> httpx.Response:
        """One top-level navigation."""
        headers = {
            "sec-fetch-site": site,
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        }
        own = url.startswith(self.origin + "/")
        sent = self._with_cookies(headers) if own else headers
        answer = self.http.get(url, headers=sent)
        return self._keep(answer) if own else answer

    def sign_in(self, user: str = "ada", return_to: str = "/") -> dict[str, Any]:
        """Out to the mock provider and back; what GET /bff/session says then."""
        left = self.navigate(f"{self.origin}/bff/login?return_to={return_to}")
        assert left.status_code == 303, left.text
        consented = self.navigate(f"{left.headers['location']}&mock_user={user}", site="cross-site")
        assert consented.status_code in {302, 303}, consented.text
        back = self.navigate(
            urljoin(self.provider, consented.headers["location"]), site="cross-site"
        )
        assert back.status_code == 303, back.text
        assert back.headers["location"] == return_to
        return self.session()

    def session(self) -> dict[str, Any]:
        """GET /bff/session; remembers the reference for the calls that follow."""
        body: dict[str, Any] = self.send("GET", "/bff/session").json()
        self.ref = body.get("ref", "anon")
        return body

    def close(self) -> None:
        self.http.close()

    def _with_cookies(self, headers: dict[str, str]) -> dict[str, str]:
        if not self.cookies:
            return headers
        return {
            **headers,
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        self.http.cookies.clear()
        return answer
