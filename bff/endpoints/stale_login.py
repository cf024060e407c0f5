"""A callback whose sign-in is not known any more: it took too long, came twice, or its memory was lost.

Who is signed in all the same goes home. Anybody else begins anew, once, and is then shown a page that
says what to do.
"""

from html import escape

from litestar.response.base import ASGIResponse

from bff.browser.cookies import SESSION_COOKIE
from bff.browser.login_cookie import LoginCookie
from bff.endpoints.answers import Fields, answer, page, redirect
from bff.endpoints.dependencies import (
    RESTARTED,
    BrowserCookies,
    Flows,
    Request,
    Surroundings,
    client_address,
)
from bff.endpoints.problem_page import to_answer
from bff.errors import LoginTransactionNotFound, SessionNotUsable
from bff.flows.access import Presented
from bff.flows.login_request import AGAIN, LoginRequest

AGAIN_PATH = "/bff/login/again"
_STATE_CHARACTERS = 64

_BOUNCE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in</title>
<meta http-equiv="refresh" content="0; url={path}?state={state}"></head>
<body><p>Signing you in. <a href="{path}?state={state}">Continue</a></p></body></html>"""


class StaleSignIn:
    """Decides what becomes of such a callback."""

    def __init__(self, flows: Flows, cookies: BrowserCookies, around: Surroundings) -> None:
        """Bind it to its surroundings."""
        self._flows = flows
        self._cookies = cookies
        self._around = around

    async def settle(self, request: Request, state: str) -> ASGIResponse:
        """An answer to the callback: a redirect, or a page that says that it is over.

        On the way from another site the session cookie stays behind (SameSite=Strict): a page of
        our own asks again, and then it comes along.
        """
        if _cookies_stayed_behind(request):
            again = f"{AGAIN_PATH}?state={state if _is_plain(state) else ''}"
            return redirect(again, https=self._around.https)
        return await self._decide(request, state)

    async def ask_again(self, request: Request, state: str) -> ASGIResponse:
        """The page of our own, and what it asks for."""
        if _cookies_stayed_behind(request):
            body = _BOUNCE.format(path=AGAIN_PATH, state=escape(state if _is_plain(state) else ""))
            return page(body.encode(), https=self._around.https)
        return await self._decide(request, state)

    async def _decide(self, request: Request, state: str) -> ASGIResponse:
        """Home, once more to the provider, or the end.

        That it was once more is told by a note, and by the new ``state`` itself to a browser that
        keeps no cookies: nobody is sent round and round.
        """
        pending = self._cookies.login(request)
        left = self._cookies.set_login(pending.remove(state) if pending else None)
        if await self._is_signed_in(request):
            return redirect("/", https=self._around.https, fields=[(b"set-cookie", left)])
        if state.startswith(AGAIN) or self._cookies.restarted(request):
            error = LoginTransactionNotFound()
            status, fields, body = to_answer(error, request, https=self._around.https)
            over = [(b"set-cookie", left), (b"set-cookie", self._cookies.clear_note())]
            return answer(body, status, [*fields, *over])
        return await self._begin_anew(request, state)

    async def _begin_anew(self, request: Request, state: str) -> ASGIResponse:
        address = client_address(request, self._around.trusted_proxies)
        await self._around.rate_limits.hit("sign_in", address)
        pending = self._cookies.login(request)
        browser = pending.browser if pending else None
        wanted = LoginRequest(return_to="/", browser=browser, again=True)
        started = await self._flows.login.begin(wanted)
        before = pending.remove(state) if pending else LoginCookie(started.browser)
        fields: Fields = [
            (b"set-cookie", self._cookies.set_login(before.add(started.state))),
            (b"set-cookie", self._cookies.set_note(RESTARTED, request.id)),
        ]
        return redirect(started.location, https=self._around.https, fields=fields)

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


def _cookies_stayed_behind(request: Request) -> bool:
    foreign = request.get(b"sec-fetch-site") == b"cross-site"
    return foreign and SESSION_COOKIE.name not in request.cookies()


def _is_plain(state: str) -> bool:
    """Whether it may have been ours."""
    bare = state.replace("-", "").replace("_", "").replace(".", "")
    return len(state) <= _STATE_CHARACTERS and bare.isalnum() and bare.isascii()
