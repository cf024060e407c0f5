"""POST /token: one function per grant.

RFC 6749, sections 4.1.3, 4.4, 5 and 6; RFC 7636, section 4.6; RFC 8707, section 2.2.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency

from upstream_mocks.provider import minting
from upstream_mocks.provider.answers import OAuthError, form_pairs, json_answer, parameters
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.faults import BadDay
from upstream_mocks.provider.grants import Authorization, Family
from upstream_mocks.provider.party import Provider

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class TokenRequest:
    """An authenticated token request, and the day it came on."""

    provider: Provider
    client: Client
    form: dict[str, str]
    resources: list[str]
    day: BadDay

    def require(self, name: str) -> str:
        """A parameter; raises OAuthError(invalid_request) if it is missing."""
        if name not in self.form:
            raise OAuthError("invalid_request", f"{name} is missing")
        return self.form[name]


def authorization_code(request: TokenRequest) -> dict[str, Any]:
    """RFC 6749, section 4.1.3; a code works once (section 10.5)."""
    provider = request.provider
    code = provider.grants.codes.get(request.require("code"))
    if code is None or code.authorization.client_id != request.client.client_id:
        raise OAuthError("invalid_grant", "no such code")
    if code.family is not None:
        provider.reuse_detected(code.family, "code")
    if provider.now() >= code.expires_at:
        raise OAuthError("invalid_grant", "the code has expired")
    if request.require("redirect_uri") != code.redirect_uri:
        raise OAuthError(
            "invalid_grant", "redirect_uri is not the one of the authorization request"
        )
    verifier = request.require("code_verifier")
    if not VERIFIER.fullmatch(verifier) or challenge_of(verifier) != code.challenge:
        raise OAuthError("invalid_grant", "code_verifier does not match the challenge")
    audience = _audience(request, code.authorization)
    code.family = provider.grants.start_family(code.authorization)
    answer = _tokens(request, code.family, code.authorization.scope, audience, refreshed=False)
    if "offline_access" in code.authorization.scope:
        answer["refresh_token"] = _new_refresh_token(provider, code.family)
    return answer


def refresh_token(request: TokenRequest) -> dict[str, Any]:
    """RFC 6749, section 6, with rotation; a spent token ends the family (RFC 9700, 4.14.2)."""
    provider = request.provider
    presented = provider.grants.refresh_tokens.get(request.require("refresh_token"))
    if presented is None or presented.family.authorization.client_id != request.client.client_id:
        raise OAuthError("invalid_grant", "no such refresh token")
    family = presented.family
    if presented.spent:
        provider.reuse_detected(family, "refresh")
    if family.revoked is not None:
        raise OAuthError("invalid_grant", f"the grant was revoked: {family.revoked}")
    if provider.now() >= presented.expires_at:
        raise OAuthError("invalid_grant", "the refresh token has expired")
    granted = family.authorization.scope
    scope = tuple(request.form.get("scope", " ".join(granted)).split())
    if not set(scope) <= set(granted):
        raise OAuthError("invalid_scope", "more than was granted")
    audience = _audience(request, family.authorization)
    answer = _tokens(request, family, scope, audience, refreshed=True)
    if not request.day.omits("refresh_token"):
        presented.spent = True
        answer["refresh_token"] = _new_refresh_token(provider, family)
    family.refreshes += 1
    provider.stats.refreshes_by_sub[family.authorization.sub] += 1
    provider.stats.refreshes_by_sid[family.authorization.sid] += 1
    return answer


def client_credentials(request: TokenRequest) -> dict[str, Any]:
    """RFC 6749, section 4.4: the client for itself; no refresh token, no ID Token."""
    provider, client = request.provider, request.client
    allowed = client.client_credentials_scopes
    scope = tuple(request.form.get("scope", " ".join(allowed)).split())
    if not allowed:
        raise OAuthError("unauthorized_client", "not registered for this grant")
    if not set(scope) <= set(allowed):
        raise OAuthError("invalid_scope", "not registered for this scope")
    audience = provider.require_audiences(request.resources) or provider.settings.audiences[:1]
    scope = _narrowed(request.day, scope)
    seconds = _lifetime(request)
    token = minting.access_token(
        provider,
        request.day,
        sub=client.client_id,
        client_id=client.client_id,
        scope=scope,
        audience=audience,
        seconds=seconds,
    )
    return _bearer(token, seconds, scope)


GRANTS: dict[str, Callable[[TokenRequest], dict[str, Any]]] = {
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "client_credentials": client_credentials,
}


@post("/token", status_code=200)
async def token(
    request: Request[Any, Any, Any], provider: NamedDependency[Provider]
) -> Response[Any]:
    """The token endpoint."""
    try:
        return await _answer(request, provider)
    except OAuthError as error:
        provider.stats.token_errors[error.error] += 1
        raise


async def _answer(request: Request[Any, Any, Any], provider: Provider) -> Response[Any]:
    form, resources = parameters(await form_pairs(request))
    grant_type = form.get("grant_type", "")
    provider.stats.token_requests[grant_type] += 1
    provider.stats.last["token"] = sorted(form)
    day = provider.bad_day("token", grant_type)
    if (instead := await day.before()) is not None:
        return instead
    client = provider.authenticate(request, form)
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise OAuthError("unsupported_grant_type" if grant_type else "invalid_request", grant_type)
    for fault in day.all("rotate_key"):
        provider.keys.rotate(drop_old=fault.drop_old)
    answer = grant(TokenRequest(provider, client, form, resources, day))
    provider.stats.issued[grant_type] += 1
    if (instead := await day.after()) is not None:
        return instead
    date = formatdate(provider.now() + day.clock_ahead, usegmt=True)
    return json_answer(day.fields(answer), headers={"Date": date})


def _tokens(
    request: TokenRequest,
    family: Family,
    scope: Sequence[str],
    audience: Sequence[str],
    *,
    refreshed: bool,
) -> dict[str, Any]:
    """Access token and ID Token for a user."""
    authorization = family.authorization
    scope, seconds = _narrowed(request.day, scope), _lifetime(request)
    access = minting.access_token(
        request.provider,
        request.day,
        sub=authorization.sub,
        client_id=authorization.client_id,
        scope=scope,
        audience=audience,
        seconds=seconds,
        family_id=family.family_id,
    )
    identity = minting.id_token(
        request.provider, request.day, authorization, access=access, refreshed=refreshed
    )
    return {**_bearer(access, seconds, scope), "id_token": identity}


def _bearer(access: str, seconds: float, scope: Sequence[str]) -> dict[str, Any]:
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int(seconds),
        "scope": " ".join(scope),
    }


def _new_refresh_token(provider: Provider, family: Family) -> str:
    expires_at = provider.now() + provider.settings.refresh_token_seconds
    return provider.grants.issue_refresh_token(family, expires_at)


def _audience(request: TokenRequest, authorization: Authorization) -> tuple[str, ...]:
    """The resources asked for, or all that were granted, or the default; raises OAuthError."""
    asked = request.provider.require_audiences(request.resources)
    granted = authorization.resources
    if granted and not set(asked) <= set(granted):
        raise OAuthError("invalid_target", "not granted for this resource")
    return asked or granted or request.provider.settings.audiences[:1]


def _lifetime(request: TokenRequest) -> float:
    fault = request.day.any("expires_in")
    return fault.seconds if fault else request.provider.settings.access_token_seconds


def _narrowed(day: BadDay, scope: Sequence[str]) -> tuple[str, ...]:
    fault = day.any("scope")
    return tuple(fault.scope.split()) if fault else tuple(scope)


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
