"""What the answers of the token and revocation endpoints mean.

RFC 6749, section 5; RFC 7009, section 2.2. The requests are in :mod:`bff.oidc.token_request`.
"""

import msgspec

from bff.errors import (
    ProviderError,
    ProviderUnavailable,
    TokenRequestRejected,
    TokenResponseInvalid,
)
from bff.oidc.clock import http_date

MAX_RESPONSE_OCTETS = 1024 * 1024
MAX_SECONDS = 10**12

REGISTERED_ERRORS = frozenset(
    {
        # RFC 6749, section 5.2
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        # RFC 7009, section 2.2.1; RFC 8707, section 2; RFC 9396, section 5; RFC 9449, section 5
        "unsupported_token_type",
        "invalid_target",
        "invalid_authorization_details",
        "invalid_dpop_proof",
        "use_dpop_nonce",
        # registered for another endpoint, answered by token endpoints too: RFC 6749,
        # section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6
        "access_denied",
        "consent_required",
        "interaction_required",
        "login_required",
    }
)


class TokenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A successful token response (RFC 6749, section 5.1). Made by :func:`parse_token_response`.

    ``expires_in`` and ``refresh_expires_in`` in seconds from the answer, None if the provider did
    not say (0 says nothing either for the latter). ``scope`` is None if it is as asked.
    """

    access_token: str
    token_type: str = "Bearer"  # noqa: S105  a word, not a password
    expires_in: float | None = None
    refresh_token: str | None = None
    refresh_expires_in: float | None = None
    id_token: str | None = None
    scope: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        """Presence and times, never values."""
        return (
            f"TokenResponse(access_token=***, expires_in={self.expires_in}, "
            f"refresh_token={'***' if self.refresh_token else None}, "
            f"id_token={'***' if self.id_token else None}, scope={self.scope})"
        )


def parse_token_response(
    status: int,
    content_type: str | None,
    body: bytes,
    *,
    retry_after_seconds: float | None = None,
) -> TokenResponse:
    """Believe the answer of the token endpoint, or say what it means (RFC 6749, section 5).

    Raises TokenResponseInvalid for a success that cannot be read, TokenRequestRejected for a typed
    refusal, ProviderUnavailable for everything else: see :func:`refusal`. Only Bearer tokens are
    accepted; an unknown ``token_type`` must not be used (RFC 6749, section 7.1).
    """
    if status != 200:  # noqa: PLR2004  RFC 9110's own number
        raise refusal("token", status, content_type, body, retry_after_seconds=retry_after_seconds)
    answer = json_object(content_type, body)
    if answer is None:
        raise TokenResponseInvalid("json")
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise TokenResponseInvalid("token_type")
    access_token = _credential(answer, "access_token")
    if access_token is None or " " in access_token:
        raise TokenResponseInvalid("access_token")
    return TokenResponse(
        access_token=access_token,
        expires_in=_seconds(answer, "expires_in"),
        refresh_token=_credential(answer, "refresh_token"),
        refresh_expires_in=_seconds(answer, "refresh_expires_in", zero_says_nothing=True),
        id_token=_credential(answer, "id_token"),
        scope=_scope(answer),
    )


def parse_revocation_response(
    status: int,
    content_type: str | None,
    body: bytes,
    *,
    retry_after_seconds: float | None = None,
) -> None:
    """Return if the token is gone, whoever it belonged to (RFC 7009, section 2.2).

    Raises TokenRequestRejected, or ProviderUnavailable: the token must then be taken to be alive.
    """
    if status != 200:  # noqa: PLR2004  RFC 9110's own number
        raise refusal(
            "revocation", status, content_type, body, retry_after_seconds=retry_after_seconds
        )


def refusal(
    endpoint: str,
    status: int,
    content_type: str | None,
    body: bytes,
    *,
    retry_after_seconds: float | None = None,
) -> ProviderError:
    """What an answer other than 200 proves.

    A 4xx with an ``error`` member is the provider's own refusal: TokenRequestRejected (RFC 6749,
    section 5.2 asks for 400 or 401; some send 403). 429, ``temporarily_unavailable``, and a 503
    that speaks for the provider (an ``error`` member or Retry-After) say that it did not act.
    Anything else may have been said by an intermediary after the provider acted: gateways answer
    503, too, when the connection to the provider breaks after the request. The outcome is unknown.
    """
    answer = json_object(content_type, body) or {}
    error = answer.get("error")
    own_words = isinstance(error, str)
    busy = status == 429 or error == "temporarily_unavailable"  # noqa: PLR2004  RFC 6585's number
    if 400 <= status < 500 and own_words and not busy and error != "server_error":  # noqa: PLR2004
        return TokenRequestRejected(
            str(error) if error in REGISTERED_ERRORS else "unregistered_error"
        )
    turned_away = status == 503 and (own_words or retry_after_seconds is not None)  # noqa: PLR2004
    return ProviderUnavailable(
        f"{endpoint}: status {status}",
        sent=not (busy or turned_away) or error == "server_error",
        retry_after_seconds=retry_after_seconds,
    )


def read_retry_after(value: str | None, now: float) -> float | None:
    """A Retry-After header field in seconds from ``now``; None if absent or unreadable.

    RFC 9110, section 10.2.3: a number of seconds, or a date.
    """
    if value is None:
        return None
    if value.isascii() and value.isdecimal():
        return float(value[:10])
    date = http_date(value)
    return None if date is None else max(0.0, date - now)


def json_object(content_type: str | None, body: bytes) -> dict[str, object] | None:
    """The JSON object an answer carries; None if it is something else or longer than 1 MiB."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json" or len(body) > MAX_RESPONSE_OCTETS:
        return None
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _credential(answer: dict[str, object], name: str) -> str | None:
    """A token: visible characters and spaces (RFC 6749, appendices A.12 and A.17)."""
    value = answer.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise TokenResponseInvalid(name)
    return value


def _seconds(
    answer: dict[str, object], name: str, *, zero_says_nothing: bool = False
) -> float | None:
    """A positive number of seconds; digits in a string are read, too: some providers send them."""
    value = answer.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = float(value)
    if value is None or (zero_says_nothing and value == 0):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenResponseInvalid(name)
    if not 0 < value <= MAX_SECONDS:
        raise TokenResponseInvalid(name)
    return float(value)


def _scope(answer: dict[str, object]) -> tuple[str, ...] | None:
    scope = answer.get("scope")
    if scope is None:
        return None
    if not isinstance(scope, str):
        raise TokenResponseInvalid("scope")
    return tuple(scope.split())
