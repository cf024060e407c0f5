"""One table from the error tree to answers (RFC 9457).

Nothing that came from outside is ever repeated in one.
"""

import math
from typing import Any
from urllib.parse import urlencode

import msgspec

from bff import errors
from bff.browser.headers import json_headers

Fields = list[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """How an error is told.

    HTTP status, stable code, title, and whether the API may have seen the request.
    """

    status: int
    code: str
    title: str
    forwarded: bool = False


STATUS: dict[type[errors.BffError], Answer] = {
    errors.CsrfRejected: Answer(
        403, "csrf_failed", "This request was not shown to come from the app."
    ),
    errors.SessionChanged: Answer(
        409, "session_changed", "The page shows another session than the one signed in."
    ),
    errors.ReturnToRejected: Answer(
        400, "return_to_rejected", "return_to must be a path of this origin."
    ),
    errors.NavigationRequired: Answer(
        400, "navigation_required", "This address is for navigation, not for fetch."
    ),
    errors.TlsRequired: Answer(403, "https_required", "This address is answered over HTTPS only."),
    errors.RequestMalformed: Answer(
        400, "request_malformed", "The request cannot be read in exactly one way."
    ),
    errors.RouteNotFound: Answer(404, "route_not_found", "There is nothing at this path."),
    errors.MethodNotAllowed: Answer(
        405, "method_not_allowed", "This path does not allow this method."
    ),
    errors.ContentTooLarge: Answer(413, "content_too_large", "The request body is too large."),
    errors.RateLimited: Answer(429, "rate_limited", "Too many requests."),
    errors.InsufficientScope: Answer(403, "insufficient_scope", "The sign-in does not cover this."),
    errors.StepUpRequired: Answer(401, "step_up_required", "Sign in again to do this."),
    errors.StepUpUnmet: Answer(
        403, "step_up_unmet", "The sign-in service did not confirm what this needs."
    ),
    errors.NotAReviewer: Answer(
        403, "not_a_reviewer", "Your account has no role that allows this."
    ),
    errors.CountChanged: Answer(
        409, "count_changed", "The number of sessions has changed: look again before ending them."
    ),
    errors.LoginTransactionNotFound: Answer(
        400, "login_expired", "This sign-in is over; start again."
    ),
    errors.AuthorizationRejected: Answer(403, "access_denied", "The sign-in was refused."),
    errors.AuthorizationResponseInvalid: Answer(
        400, "login_failed", "The sign-in did not complete."
    ),
    errors.SignedTokenInvalid: Answer(400, "login_failed", "The sign-in did not complete."),
    errors.SessionRequired: Answer(401, "session_required", "Sign in first."),
    errors.SessionExpired: Answer(401, "session_expired", "The session has expired."),
    errors.SessionRevoked: Answer(401, "session_revoked", "The session was ended."),
    errors.ReauthenticationRequired: Answer(401, "reauth_required", "Sign in again."),
    errors.RefreshInProgress: Answer(
        503, "refresh_in_progress", "The session is being renewed; ask again."
    ),
    errors.TokenRequestRejected: Answer(502, "login_failed", "The sign-in did not complete."),
    errors.TokenResponseInvalid: Answer(502, "login_failed", "The sign-in did not complete."),
    errors.ProviderUnavailable: Answer(
        503, "idp_unavailable", "The sign-in service does not respond."
    ),
    errors.ProviderMetadataInvalid: Answer(
        503, "idp_unavailable", "The sign-in service does not respond properly."
    ),
    errors.AudienceRefused: Answer(
        502, "audience_refused", "The sign-in service gives no access to this service."
    ),
    errors.ResourceServerUnavailable: Answer(
        502, "upstream_unreachable", "The service cannot be reached."
    ),
    errors.ResourceServerTimedOut: Answer(
        504, "upstream_timeout", "The service did not answer in time.", forwarded=True
    ),
    errors.ResourceServerResponseInvalid: Answer(
        502, "upstream_broken", "The service's answer is unreadable.", forwarded=True
    ),
    errors.TokenLeaked: Answer(
        502, "upstream_leak", "The service's answer was withheld.", forwarded=True
    ),
    errors.StoreUnavailable: Answer(503, "store_unavailable", "Sessions cannot be read right now."),
}
UNEXPECTED = Answer(500, "internal", "Something went wrong here.", forwarded=True)
DEFAULT_RETRY_SECONDS = 2


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body, ``application/problem+json``."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    retry_after: int | None = None
    reason: str | None = None
    max_age: int | None = None
    acr_values: str | None = None
    login_url: str | None = None


def to_problem(error: Exception, request_id: str, *, https: bool) -> tuple[int, Fields, bytes]:
    """Status, header fields and body for ``error``. Any exception outside the tree is ``internal``."""
    answer = answer_of(error)
    retry_after = _retry_after(error, answer)
    body = msgspec.json.encode(
        Problem(
            type=f"urn:bff:problem:{answer.code}",
            title=answer.title,
            status=answer.status,
            code=answer.code,
            request_id=request_id,
            retry_after=retry_after,
            reason=_reason(error),
            **_step_up(error),
        )
    )
    fields: Fields = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"bff-error", answer.code.encode()),
        (b"bff-forwarded", b"yes" if answer.forwarded else b"no"),
        (b"x-request-id", request_id.encode()),
        *json_headers(https=https),
    ]
    if retry_after is not None:
        fields.append((b"retry-after", b"%d" % retry_after))
    if isinstance(error, errors.StepUpRequired):
        fields.append((b"www-authenticate", _challenge(error)))
    if isinstance(error, errors.MethodNotAllowed):
        fields.append((b"allow", ", ".join(error.allowed).encode()))
    return answer.status, fields, body


def answer_of(error: Exception) -> Answer:
    """The table's line for ``error``."""
    if isinstance(error, errors.BffError):
        return STATUS.get(type(error), UNEXPECTED)
    return UNEXPECTED


def code_of(error: Exception) -> str:
    """The stable code alone, for the one-shot note of a failed sign-in."""
    return answer_of(error).code


def ended_reason(error: errors.SessionNotUsable) -> str | None:
    """What a page is told of a session that is over, in the client's words; None if nothing is known of one."""
    if isinstance(error, errors.SessionExpired):
        return f"{error.limit}_timeout"
    if isinstance(error, errors.ReauthenticationRequired):
        return "refresh_rejected"
    if isinstance(error, errors.SessionRevoked):
        return "idp_logout" if error.reason == "idp_logout" else "revoked"
    return "signed_out" if getattr(error, "reason", None) else None


def _step_up(error: Exception) -> dict[str, Any]:
    """What a sign-in must be asked for so that it will do (RFC 9470, section 4), and where."""
    if not isinstance(error, errors.StepUpRequired):
        return {}
    wanted: dict[str, Any] = {}
    if error.max_age_seconds is not None:
        wanted["max_age"] = error.max_age_seconds
    if error.acr_values:
        wanted["acr_values"] = " ".join(error.acr_values)
    return {**wanted, "login_url": f"/bff/login?{urlencode(wanted)}"}


def _challenge(error: errors.StepUpRequired) -> bytes:
    """The challenge of RFC 9470, section 3; the values are the operator's own words."""
    parts = ['Bearer error="insufficient_user_authentication"']
    if error.max_age_seconds is not None:
        parts.append(f'max_age="{error.max_age_seconds}"')
    if error.acr_values:
        parts.append(f'acr_values="{" ".join(error.acr_values)}"')
    return ", ".join(parts).encode("ascii")


def _reason(error: Exception) -> str | None:
    if isinstance(error, errors.SessionExpired):
        return error.limit
    if isinstance(error, errors.SessionRevoked | errors.ReauthenticationRequired):
        return error.reason
    return None


def _retry_after(error: Exception, answer: Answer) -> int | None:
    seconds = getattr(error, "retry_after_seconds", None)
    if seconds is None and answer.status != 503:  # noqa: PLR2004
        return None
    return max(1, math.ceil(seconds or DEFAULT_RETRY_SECONDS))
