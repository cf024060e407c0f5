"""A callback whose sign-in is not known any more: it took too long, came twice, or its memory was lost.

Who is signed in all the same goes home. Who began it in this browser begins again, once. Anybody else
is shown a page that says what to do.
"""

from html import escape

from litestar.response.base import ASGIResponse

from bff.endpoints.answers import Fields, page, redirect
from bff.endpoints.dependencies import (
    BrowserCookies,
    Flows,
    Request,
    Surroundings,
    client_address,
)
from bff.errors import SessionNotUsable
from bff.flows.access import Presented
from bff.flows.login_request import AGAIN, LoginRequest

AGAIN_PATH = "/bff/login/again"

_BOUNCE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in</title>
<meta http-equiv="refresh" content="0; url={path}?state={state}"></head>
<body><p>Signing you in. <a href="{path}?state={state}">Continue</a></p></body></html>"""

_OVER = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign-in is over</title></head>
<body><main><h1>This sign-in is over</h1>
<p>It took too long, or it was finished in another window. Nothing has been changed.</p>
<p><a href="/bff/login">Sign in again</a> or <a href="/">go to the start page</a>.</p>
<p><small>Reference: {request_id}</small></p></main></body></html>"""


class StaleSignIn:
    """Decides what becomes of such a callback."""

    def __init__(self, flows: Flows, cookies: BrowserCookies, around: Surroundings) -> None:
        """Bind it to its surroundings."""
        self._flows = flows
        self._cookies = cookies
        self._around = around

    async def settle(self, request: Request, state: str) -> ASGIResponse:
        """An answer to the callback.

        On the way from another site the session cookie stays behind (SameSite=Strict): a page of our
        own asks again, and then it comes along.
        """
        if request.get(b"sec-fetch-site") == b"cross-site":
            body = _BOUNCE.format(path=AGAIN_PATH, state=escape(state if _is_plain(state) else ""))
            return page(body.encode(), https=self._around.https)
        return await self.decide(request, state)

    async def decide(self, request: Request, state: str) -> ASGIResponse:
        """Home, once more to the provider, or the end."""
        pending = self._cookies.login(request)
        left = self._cookies.set_login(pending.remove(state) if pending else None)
        if await self._is_signed_in(request):
            return redirect("/", https=self._around.https, fields=[(b"set-cookie", left)])
        if pending is None or state.startswith(AGAIN):
            body = _OVER.format(request_id=request.id).encode()
            fields: Fields = [(b"set-cookie", left), (b"bff-error", b"login_expired")]
            return page(body, https=self._around.https, status=400, fields=fields)
        address = client_address(request, self._around.trusted_proxies)
        await self._around.rate_limits.hit("sign_in", address)
        started = await self._flows.login.begin(
            LoginRequest(return_to="/", browser=pending.browser, again=True)
        )
        cookie = self._cookies.set_login(pending.remove(state).add(started.state))
        return redirect(
            started.location, https=self._around.https, fields=[(b"set-cookie", cookie)]
        )

    async def _is_signed_in(self, request: Request) -> bool:
        presented = self._cookies.presented(request)
        if presented is None:
            return False
        unpinned = Presented(presented.key, presented.generation, presented.arrived_at)
        try:
            await self._flows.access.state(unpinned)
        except SessionNotUsable:
            return False
        return True


def _is_plain(state: str) -> bool:
    """Whether it may have been ours."""
    return len(state) <= 64 and state.replace("-", "").replace("_", "").replace(".", "").isalnum()  # noqa: PLR2004
