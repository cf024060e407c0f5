"""Security headers of everything that is ours: pages, JSON, redirects.

OWASP ASVS 5.0, section 3.4; CSP Level 3; Trusted Types (W3C). Constants, so that no answer can be
made without them; what varies is only whether the public origin is HTTPS.
"""

Fields = tuple[tuple[bytes, bytes], ...]

VARY = (b"vary", b"sec-fetch-site, origin")
"""The same URL answers differently to another site's page."""

_HSTS: Fields = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),)

_EVERYWHERE: Fields = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    VARY,
)

_NO_CONTENT: Fields = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)

_PAGE_POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"script-src 'self'",
        b"style-src 'self'",
        b"img-src 'self'",
        b"font-src 'self'",
        b"connect-src 'self'",
        b"manifest-src 'self'",
        b"object-src 'none'",
        b"base-uri 'none'",
        b"form-action 'self'",
        b"frame-ancestors 'none'",
        b"require-trusted-types-for 'script'",
        b"trusted-types 'none'",
    )
)

_PAGE: Fields = (
    (b"content-security-policy", _PAGE_POLICY),
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
)

_ASSET: Fields = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PART: Fields = (
    (b"content-security-policy", b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)
_DRAWING: Fields = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
)

# The page that opened a sign-in window keeps working, whoever it opened, and nobody else's page can
# hold on to ours.
_OPENER: Fields = ((b"cross-origin-opener-policy", b"same-origin-allow-popups"),)


def transport_headers(*, https: bool) -> Fields:
    """HSTS (RFC 6797), for every response; nothing over plain HTTP, where browsers ignore it."""
    return _HSTS if https else ()


def document_headers(*, https: bool, opener: bool = True) -> Fields:
    """For a page.

    ``opener`` is False for the one page that ends the sign-in window: it must stay with its opener.
    """
    policy = _OPENER if opener else ()
    return transport_headers(https=https) + _EVERYWHERE + _PAGE + policy


def development_headers(socket_origin: str) -> Fields:
    """For a page that a build tool's dev server writes: inline scripts and its WebSocket allowed.

    Never outside development mode: ``unsafe-inline`` is what it says.
    """
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        f"connect-src 'self' {socket_origin}; img-src 'self' data:; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return (*_EVERYWHERE, (b"content-security-policy", policy.encode("ascii")), *_OPENER)


def asset_headers(*, https: bool, drawing: bool = False) -> Fields:
    """For a file that a page loads. A ``drawing`` (SVG) is a document when opened by itself, and runs nothing then."""
    return transport_headers(https=https) + _ASSET + (_DRAWING if drawing else _PART)


def json_headers(*, https: bool) -> Fields:
    """For a session body, a problem, any answer to a fetch."""
    referrer: Fields = ((b"referrer-policy", b"no-referrer"),)
    return transport_headers(https=https) + _EVERYWHERE + _NO_CONTENT + referrer


def redirect_headers(*, https: bool) -> Fields:
    """For a redirect: an address with a ``code`` is told to nobody (RFC 9700, section 4.2.4)."""
    return json_headers(https=https)
