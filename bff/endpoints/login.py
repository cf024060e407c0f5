"""Signing in: GET /bff/login, GET /bff/callback, GET /bff/popup-done.

Navigations all, never answered to a fetch.
"""

import re
from typing import Any
from urllib.parse import parse_qs

from litestar import Request as LitestarRequest
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bff.browser.device import device_hint, network_hint
from bff.browser.login_cookie import LoginCookie
from bff.browser.return_to import parse_return_to
from bff.endpoints.answers import Fields, redirect
from bff.endpoints.dependencies import (
    BrowserCookies,
    Flows,
    Request,
    Surroundings,
    client_address,
    seen,
)
from bff.endpoints.problems import code_of
from bff.endpoints.stale_login import AGAIN_PATH, StaleSignIn
from bff.errors import LoginTransactionNotFound, RequestMalformed
from bff.flows.login_request import LoginBroken, LoginRequest, SignInOrigin
from bff.session.handle import Handle

AnyRequest = LitestarRequest[Any, Any, Any]
MAX_FIELDS = 20
PROMPT = re.compile(r"none|(?:login|consent|select_account)(?: (?:login|consent|select_account))*")
LOGIN_HINT = re.compile(r"[^\x00-\x1f\x7f]{1,254}")
ACR_VALUES = re.compile(r"[!#-\[\]-~]{1,128}(?: [!#-\[\]-~]{1,128}){0,7}")


def login_handlers(
    flows: Flows, cookies: BrowserCookies, around: Surroundings
) -> list[HTTPRouteHandler]:
    """The endpoints of a sign-in."""
    stale = StaleSignIn(flows, cookies, around)

    @get("/bff/login")
    async def login(request: AnyRequest) -> ASGIResponse:
        """Leaves for the provider."""
        facts = seen(request)
        query = _query(request.scope["query_string"])
        wanted = _wanted(query, cookies, facts)
        await around.rate_limits.hit("sign_in", client_address(facts, around.trusted_proxies))
        return await _leave(flows, cookies, around, facts, wanted)

    @get("/bff/callback")
    async def callback(request: AnyRequest) -> ASGIResponse:
        """Comes back from the provider.

        Leads into the app with a session, or with a note of what went wrong.
        """
        facts = seen(request)
        parameters = _parameters(request.scope["query_string"])
        pending = cookies.login(facts)
        state = (parameters.get("state") or [""])[0]
        left = cookies.set_login(pending.remove(state) if pending else None)
        if pending is not None:  # anybody else is turned away without a look at Redis
            await around.rate_limits.hit("callback", client_address(facts, around.trusted_proxies))
        completed = await flows.login.complete(
            parameters, pending.browser if pending else None, _origin(facts, around)
        )
        if isinstance(completed, LoginBroken):
            if isinstance(completed.error, LoginTransactionNotFound):
                return await stale.settle(facts, state)
            note = cookies.set_note(code_of(completed.error), facts.id)
            noted: Fields = [(b"set-cookie", left), (b"set-cookie", note)]
            away = "/bff/popup-done" if completed.popup else "/"
            return redirect(away, https=around.https, fields=noted)
        handle = Handle(completed.session_id, completed.generation)
        session = cookies.set_session(handle, completed.max_age_seconds)
        location = "/bff/popup-done" if completed.popup else completed.return_to
        fields: Fields = [
            (b"set-cookie", left),
            (b"set-cookie", session),
            (b"set-cookie", cookies.clear_note()),
        ]
        return redirect(location, https=around.https, fields=fields)

    @get(AGAIN_PATH)
    async def login_again(request: AnyRequest) -> ASGIResponse:
        """Where a callback leads whose sign-in is not known any more."""
        parameters = _parameters(request.scope["query_string"])
        return await stale.ask_again(seen(request), (parameters.get("state") or [""])[0])

    return [login, callback, login_again]


async def _leave(
    flows: Flows,
    cookies: BrowserCookies,
    around: Surroundings,
    facts: Request,
    wanted: LoginRequest,
) -> ASGIResponse:
    pending = cookies.login(facts)
    started = await flows.login.begin(wanted)
    cookie = (pending or LoginCookie(started.browser)).add(started.state)
    return redirect(
        started.location,
        https=around.https,
        fields=[(b"set-cookie", cookies.set_login(cookie))],
    )


def _wanted(query: dict[str, str], cookies: BrowserCookies, facts: Request) -> LoginRequest:
    """What is asked for. Raises ReturnToRejected, RequestMalformed; nothing has happened then."""
    pending, known = cookies.login(facts), cookies.session(facts)
    return LoginRequest(
        return_to=parse_return_to(query.get("return_to")),
        popup=query.get("mode") == "popup",
        browser=pending.browser if pending else None,
        replaces=known.key if known else None,
        prompt=_word(query.get("prompt"), PROMPT),
        login_hint=_word(query.get("login_hint"), LOGIN_HINT),
        max_age=_seconds(query.get("max_age")),
        acr_values=tuple((_word(query.get("acr_values"), ACR_VALUES) or "").split()),
    )


def _origin(facts: Request, around: Surroundings) -> SignInOrigin:
    """Hints for people, in words of our own."""
    address = client_address(facts, around.trusted_proxies)
    return SignInOrigin(device_hint(facts.get(b"user-agent")), network_hint(address))


def _parameters(query_string: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(
            query_string.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise RequestMalformed("query") from None


def _query(query_string: bytes) -> dict[str, str]:
    """Each parameter at most once."""
    parameters = _parameters(query_string)
    if any(len(values) > 1 for values in parameters.values()):
        raise RequestMalformed("query")
    return {name: values[0] for name, values in parameters.items()}


def _word(text: str | None, form: re.Pattern[str]) -> str | None:
    """Raises RequestMalformed for what no provider could understand."""
    if text is not None and not form.fullmatch(text):
        raise RequestMalformed("query")
    return text


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 7):  # noqa: PLR2004  a few months
        raise RequestMalformed("query")
    return int(text)
