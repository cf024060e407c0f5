"""Which header fields may pass, by name. Names are lower case, as ASGI hands them over.

To an API only listed names go (RFC 9110, section 7.6.1; RFC 9700, section 4.13); from an API
everything comes back but listed names.
"""

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""About one connection, never forwarded (RFC 9110, section 7.6.1)."""

USUALLY_SENT = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"cache-control",
        b"content-encoding",
        b"content-language",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"last-event-id",
        b"prefer",
        b"range",
        b"user-agent",
    }
)
"""Go to every API.

``origin`` and ``referer`` do not: we call the API, no page does, and where the page is, is not its
business. ``traceparent`` and ``tracestate`` do if they can be read (:mod:`bff.resource.trace_context`).
"""

NEVER_SENT = HOP_BY_HOP | {
    b"authorization",
    b"content-length",
    b"cookie",
    b"dpop",
    b"expect",
    b"forwarded",
    b"host",
    b"x-real-ip",
    b"x-request-id",
}
"""No route can let these through from a browser; where an API needs one, it is written anew."""

_NEVER_SENT_PREFIXES = (b"bff-", b"proxy-", b"sec-", b"x-forwarded-")

USUALLY_RETURNED = frozenset(
    {
        b"accept-ranges",
        b"allow",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
        b"date",
        b"etag",
        b"last-modified",
        b"link",
        b"retry-after",
        b"vary",
    }
)
"""The everyday names, known good without a closer look. A fast path, not a policy."""

WITHHELD = frozenset(
    {
        b"alt-svc",
        b"cache-control",
        b"clear-site-data",
        b"cross-origin-resource-policy",
        b"nel",
        b"origin-agent-cluster",
        b"public-key-pins",
        b"public-key-pins-report-only",
        b"refresh",
        b"report-to",
        b"reporting-endpoints",
        b"server",
        b"service-worker-allowed",
        b"set-cookie",
        b"set-cookie2",
        b"sourcemap",
        b"speculation-rules",
        b"strict-transport-security",
        b"timing-allow-origin",
        b"x-content-type-options",
        b"x-powered-by",
    }
)
"""Would speak for our origin, or of the API's insides; come back only if the route says so."""

_WITHHELD_PREFIXES = (b"access-control-",)
_NEVER_RETURNED_PREFIXES = (b"bff-", b"proxy-")


def is_never_sent(name: bytes) -> bool:
    """Whether no route may let ``name`` through to an API."""
    return name in NEVER_SENT or name.startswith(_NEVER_SENT_PREFIXES)


def is_never_returned(name: bytes) -> bool:
    """Whether no route may let ``name`` through to a browser."""
    return name in HOP_BY_HOP or name.startswith(_NEVER_RETURNED_PREFIXES)


def is_withheld(name: bytes) -> bool:
    """Whether ``name`` comes back only if the route says so."""
    return name in WITHHELD or name.startswith(_WITHHELD_PREFIXES)
