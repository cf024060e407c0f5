"""Everything that can go wrong, as one tree, split by whose side failed.

BffError
  RequestRejected                  the browser asked for something we refuse before any I/O
    CsrfRejected(signal)
    SessionChanged
    ReturnToRejected
    NavigationRequired
    TlsRequired
    RequestMalformed(what)
    RouteNotFound
    MethodNotAllowed(allowed)
    ContentTooLarge(limit_bytes)
    RateLimited(retry_after_seconds)
    InsufficientScope
    StepUpRequired(max_age_seconds, acr_values)
    NotAReviewer
    CountChanged
  LoginFailed                      a sign-in that started and did not complete
    LoginTransactionNotFound
    StepUpUnmet(check)
    AuthorizationRejected(error)
    AuthorizationResponseInvalid(check)
    SignedTokenInvalid(check)
  SessionNotUsable                 the truth about a session that may not act
    SessionRequired(reason)
    SessionExpired(limit)
    SessionRevoked(reason)
    ReauthenticationRequired(reason)
  RefreshInProgress(retry_after_seconds)
  ProviderError                    the OpenID Provider's side
    TokenRequestRejected(error)
    TokenResponseInvalid(check)
    ProviderUnavailable(what, sent, retry_after_seconds)
    ProviderMetadataInvalid(check)
    AudienceRefused(error)
  ResourceServerError              the proxied API's side
    ResourceServerUnavailable
    ResourceServerTimedOut
    ResourceServerResponseInvalid(check)
    TokenLeaked
  StoreUnavailable                 our memory's side

Errors carry evidence and know no HTTP status: ``bff.endpoints.problems`` maps every leaf. Evidence is
a word of ours or a number; text from outside is never kept, so ``str(error)`` is safe to log.
"""


class BffError(Exception):
    """Root of the tree; only leaves are raised."""


class _Checked(Exception):
    """Evidence that several kinds share: the ``check`` that failed."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self.check = check


class _Answered(Exception):
    """Evidence that several kinds share: the provider's ``error`` code."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class RequestRejected(BffError):
    """The browser asked for something that is refused before any I/O."""


class CsrfRejected(RequestRejected):
    """Not shown to come from our own origin.

    ``signal``: ``header_missing``, ``fetch_site``, ``origin``, ``origin_missing``, ``fetch_dest``.
    """

    def __init__(self, signal: str) -> None:
        super().__init__(signal)
        self.signal = signal


class SessionChanged(RequestRejected):
    """The page is pinned to another session than the one the cookie names."""


class ReturnToRejected(RequestRejected):
    """``return_to`` is not a path of our own origin."""


class NavigationRequired(RequestRejected):
    """The endpoint is for top-level navigations, and this was a fetch (RFC 10017, section 6.1.2.1)."""


class TlsRequired(RequestRejected):
    """A call came over plain HTTP, as the hop before us says (ASVS 5.0, 4.1.2)."""


class RequestMalformed(RequestRejected):
    """The request cannot be read in exactly one way; ``what`` names the part of it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class RouteNotFound(RequestRejected):
    """No route of the table describes this path."""


class MethodNotAllowed(RequestRejected):
    """The route exists, the method is not one of ``allowed``."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(" ".join(allowed))
        self.allowed = allowed


class ContentTooLarge(RequestRejected):
    """The body is longer than the route's ``limit_bytes``."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(str(limit_bytes))
        self.limit_bytes = limit_bytes


class RateLimited(RequestRejected):
    """Too many of these; a new one is heard in ``retry_after_seconds``."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"retry after {retry_after_seconds:.0f} s")
        self.retry_after_seconds = retry_after_seconds


class InsufficientScope(RequestRejected):
    """The session's token was not granted what the route requires (RFC 6750, section 3.1)."""


class StepUpRequired(RequestRejected):
    """The session is good, but this asks for a more recent or a stronger sign-in (RFC 9470).

    ``max_age_seconds`` and ``acr_values`` say what would do.
    """

    def __init__(self, max_age_seconds: int | None, acr_values: tuple[str, ...]) -> None:
        super().__init__("step-up required")
        self.max_age_seconds = max_age_seconds
        self.acr_values = acr_values


class NotAReviewer(RequestRejected):
    """Signed in, but without the role that this takes (ASVS 5.0, 8.2.1)."""


class CountChanged(RequestRejected):
    """What was confirmed is no longer what would happen."""


class LoginFailed(BffError):
    """A sign-in that started and did not complete."""


class LoginTransactionNotFound(LoginFailed):
    """No login transaction of this browser has this ``state``: stale, replayed, or begun elsewhere."""


class StepUpUnmet(_Checked, LoginFailed):
    """The provider signed the user in, but not as recently or as strongly as was asked.

    ``check`` is ``auth_time`` or ``acr``.
    """


class AuthorizationRejected(_Answered, LoginFailed):
    """The provider refused (RFC 6749, 4.1.2.1); ``error`` is registered or ``unregistered_error``."""


class AuthorizationResponseInvalid(_Checked, LoginFailed):
    """The authorization response failed ``check`` (``iss``, ``code``, ``state``, ``response_mode``, ...)."""


class SignedTokenInvalid(_Checked, LoginFailed):
    """An ID Token or Logout Token failed ``check`` (``signature``, ``alg``, ``iss``, ``aud``, ``exp``, ``nonce``, ``sub``, ...)."""


class SessionNotUsable(BffError):
    """The truth about a session that may not act (any more)."""


class SessionRequired(SessionNotUsable):
    """No session handle, or one that names no session.

    ``reason`` says how the one it named was left, if that is known.
    """

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or "no session")
        self.reason = reason


class SessionExpired(SessionNotUsable):
    """A limit passed: ``limit`` is ``idle`` or ``absolute``."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class _Ended(SessionNotUsable):
    """It ended, and ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SessionRevoked(_Ended):
    """Somebody ended it: ``reason`` is an :class:`bff.session.model.EndReason` value."""


class ReauthenticationRequired(_Ended):
    """The provider will not renew it.

    The refresh token was refused, or the answer named somebody else.
    """


class RefreshInProgress(BffError):
    """The access token has expired, its renewal is under way; ask again after ``retry_after_seconds``."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"retry after {retry_after_seconds:.0f} s")
        self.retry_after_seconds = retry_after_seconds


class ProviderError(BffError):
    """The OpenID Provider's side."""


class TokenRequestRejected(_Answered, ProviderError):
    """A token endpoint error response (RFC 6749, section 5.2).

    ``error`` is the registered code read from the ``error`` member; an unregistered one is recorded
    as ``unregistered_error``.
    """


class TokenResponseInvalid(_Checked, ProviderError):
    """A successful token response failed ``check`` (``json``, ``access_token``, ``token_type``, ``expires_in``, ...)."""


class ProviderUnavailable(ProviderError):
    """No usable answer from the provider.

    ``what`` names the endpoint and the fault (``token: status 503``); ``sent`` is False only if the
    provider certainly did not act on the request, so True means *outcome unknown*;
    ``retry_after_seconds`` is the provider's own Retry-After, if any.
    """

    def __init__(self, what: str, *, sent: bool, retry_after_seconds: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.sent = sent
        self.retry_after_seconds = retry_after_seconds


class ProviderMetadataInvalid(_Checked, ProviderError):
    """Discovery answered with metadata that failed ``check`` (OpenID Connect Discovery 1.0, section 4.3)."""


class AudienceRefused(_Answered, ProviderError):
    """The provider gives no access token for an API; the session is not touched (RFC 8707, 2)."""


class ResourceServerError(BffError):
    """The proxied API's side."""


class ResourceServerUnavailable(ResourceServerError):
    """The API could not be reached; it saw nothing of the request."""


class ResourceServerTimedOut(ResourceServerError):
    """The request was sent and no answer came in time: whether the API acted on it is unknown."""


class ResourceServerResponseInvalid(_Checked, ResourceServerError):
    """The API's answer was not readable HTTP, or broke ``check``; the request was sent."""


class TokenLeaked(ResourceServerError):
    """The API's answer carried the access token that was attached to the request; it was stopped."""


class StoreUnavailable(BffError):
    """Redis did not answer, or refused to write."""
