"""GET /authorize: a page that asks who signs in.

Unless the browser is signed in already, or ``mock_user`` names a user. RFC 6749, section 4.1.1;
OIDC Core 1.0, section 3.1.2; RFC 7636, section 4.3; RFC 8707, section 2.1; RFC 9207, section 2.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from upstream_mocks.provider import pages
from upstream_mocks.provider.answers import OAuthError, form_pairs, go_to, parameters
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.discovery import ACR_VALUES
from upstream_mocks.provider.faults import BadDay
from upstream_mocks.provider.grants import Authorization, Code, SignIn
from upstream_mocks.provider.party import Provider

SIGN_IN_COOKIE = "idp_session"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request from a registered client for a registered address: errors may go there."""

    client: Client
    redirect_uri: str
    parameters: dict[str, str]
    resources: list[str]

    @property
    def scope(self) -> tuple[str, ...]:
        """As asked for."""
        return tuple(self.parameters.get("scope", "").split())

    @property
    def prompt(self) -> frozenset[str]:
        """OIDC Core 1.0, section 3.1.2.1."""
        return frozenset(self.parameters.get("prompt", "").split())

    @property
    def acr(self) -> str | None:
        """The first acceptable class that we know; None if none was asked for."""
        asked = self.parameters.get("acr_values", "").split()
        return next((value for value in asked if value in ACR_VALUES), None)


class Unanswerable(Exception):
    """The request names no address that we may send the browser to."""


def read_request(provider: Provider, pairs: list[tuple[str, str]]) -> AuthorizationRequest:
    """Who asks, and where the answer goes; raises Unanswerable."""
    try:
        single, resources = parameters(pairs)
    except OAuthError as error:
        raise Unanswerable(error.description) from error
    client = provider.clients.get(single.get("client_id", ""))
    if client is None:
        raise Unanswerable("No such client.")
    redirect_uri = single.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:  # compared as strings: RFC 9700, section 2.1
        raise Unanswerable("redirect_uri is not registered for this client.")
    return AuthorizationRequest(client, redirect_uri, single, resources)


def validate(provider: Provider, request: AuthorizationRequest) -> None:
    """The rest of the request; raises OAuthError, which goes back to the client."""
    given = request.parameters
    for name in ("request", "request_uri", "registration"):
        if name in given:
            raise OAuthError(f"{name}_not_supported")
    if given.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "only code")
    if given.get("response_mode", "query") != "query":
        raise OAuthError("invalid_request", "response_mode is not supported")
    if "openid" not in request.scope or not set(request.scope) <= set(request.client.scopes):
        raise OAuthError("invalid_scope", "openid is missing, or a scope is not registered")
    if given.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(given.get("code_challenge", "")):
        raise OAuthError("invalid_request", "code_challenge is missing or malformed")
    if not request.prompt <= PROMPTS or ("none" in request.prompt and len(request.prompt) > 1):
        raise OAuthError("invalid_request", "prompt is malformed")
    if not given.get("max_age", "0").isdecimal():
        raise OAuthError("invalid_request", "max_age is no number")
    provider.require_audiences(request.resources)


def usable(provider: Provider, request: AuthorizationRequest, known: SignIn | None) -> bool:
    """Whether the browser's sign-in answers the request as it stands."""
    if known is None or request.prompt & {"login", "select_account"}:
        return False
    max_age = request.parameters.get("max_age")
    if max_age is not None and provider.now() - known.auth_time > int(max_age):
        return False
    return request.acr is None or ACR_VALUES.index(request.acr) <= ACR_VALUES.index(known.acr)


def answer(
    provider: Provider, request: AuthorizationRequest, day: BadDay, values: dict[str, str]
) -> Response[Any]:
    """Back to the client, with ``state`` and ``iss`` (RFC 9207), good news or bad."""
    members = {**values, "iss": provider.settings.issuer}
    if "state" in request.parameters:
        members["state"] = request.parameters["state"]
    address = urlsplit(request.redirect_uri)
    query = [*parse_qsl(address.query), *day.fields(members).items()]
    location = urlunsplit(address._replace(query=urlencode(query)))
    return go_to(location)


def grant_code(
    provider: Provider, request: AuthorizationRequest, day: BadDay, known: SignIn
) -> Response[Any]:
    """The user is known and agrees."""
    known.client_ids.add(request.client.client_id)
    authorization = Authorization(
        client_id=request.client.client_id,
        sub=known.sub,
        sid=known.sid,
        scope=request.scope,
        resources=tuple(request.resources),
        auth_time=known.auth_time,
        acr=known.acr,
        nonce=request.parameters.get("nonce"),
    )
    code = Code(
        authorization,
        request.redirect_uri,
        request.parameters["code_challenge"],
        provider.now() + provider.settings.code_seconds,
    )
    value = provider.grants.issue_code(code, provider.now())
    response = answer(provider, request, day, {"code": value})
    response.cookies.append(
        Cookie(SIGN_IN_COOKIE, value=known.cookie, path="/", httponly=True, samesite="lax")
    )
    return response


def settle(
    provider: Provider, request: AuthorizationRequest, known: SignIn | None
) -> SignIn | None:
    """Who is signed in, if that can be told without asking; raises OAuthError."""
    validate(provider, request)
    if usable(provider, request, known):
        return known
    if "none" in request.prompt:
        raise OAuthError("login_required")
    if "mock_user" in request.parameters:
        return authenticate(provider, request, request.parameters["mock_user"], known)
    return None


def read_decision(
    provider: Provider, request: AuthorizationRequest, known: SignIn | None
) -> SignIn:
    """Who the user chose to be; raises OAuthError."""
    validate(provider, request)
    if "deny" in request.parameters:
        raise OAuthError("access_denied", "the user refused")
    return authenticate(provider, request, request.parameters.get("user", ""), known)


def authenticate(
    provider: Provider, request: AuthorizationRequest, sub: str, known: SignIn | None
) -> SignIn:
    """Signed in anew; raises OAuthError for nobody we know."""
    if sub not in provider.users:
        raise OAuthError("access_denied", "no such user")
    acr = request.acr or ACR_VALUES[0]
    return provider.grants.sign_in(sub, acr, provider.now(), known)


def sign_in_page(provider: Provider, request: AuthorizationRequest) -> Response[Any]:
    """Ask."""
    target = urlsplit(request.redirect_uri)
    return pages.sign_in(
        client_name=request.client.name or request.client.client_id,
        users=provider.users.values(),
        request=request.parameters,
        resources=request.resources,
        redirect_origin=f"{target.scheme}://{target.netloc}",
    )


@get("/authorize")
async def authorize(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """The authorization endpoint."""
    day = provider.bad_day("authorization")
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    provider.stats.last["authorization"] = dict(pairs)
    try:
        asked = read_request(provider, pairs)
    except Unanswerable as error:
        return pages.refused("invalid_request", str(error))
    try:
        if (instead := await day.before()) is not None:
            return instead
        user = settle(provider, asked, signed_in(request, provider))
    except OAuthError as error:
        return refuse(provider, asked, day, error)
    return grant_code(provider, asked, day, user) if user else sign_in_page(provider, asked)


@post("/authorize/decision", status_code=200)
async def decide(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """What the sign-in page sends: the request again, and ``user`` or ``deny``."""
    day = provider.bad_day("authorization")
    try:
        asked = read_request(provider, await form_pairs(request))
    except Unanswerable as error:
        return pages.refused("invalid_request", str(error))
    try:
        user = read_decision(provider, asked, signed_in(request, provider))
    except OAuthError as error:
        return refuse(provider, asked, day, error)
    return grant_code(provider, asked, day, user)


def signed_in(request: Request[Any, Any, Any], provider: Provider) -> SignIn | None:
    """Who this browser is, as far as we remember."""
    return provider.grants.sign_ins.get(request.cookies.get(SIGN_IN_COOKIE, ""))


def refuse(
    provider: Provider, request: AuthorizationRequest, day: BadDay, error: OAuthError
) -> Response[Any]:
    """RFC 6749, section 4.1.2.1."""
    values = {"error": error.error}
    if error.description:
        values["error_description"] = error.description
    return answer(provider, request, day, values)
