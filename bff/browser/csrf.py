"""Is it our own page that asks? Deny by default, before anything else happens.

RFC 10017, section 6.1.3.3; Fetch Metadata Request Headers (W3C); OWASP Cross-Site Request Forgery
Prevention.

Three signals, and all that are there must agree:

1. ``BFF-Session``, on every call. Another origin cannot send it without a CORS preflight, and we
   answer none.
2. ``Sec-Fetch-Site``: ``same-origin`` only; a sibling subdomain is not us. Values we do not know
   are ignored, as the OWASP sheet asks.
3. ``Origin``: ours only. It decides alone where a browser sends no Fetch Metadata, and without
   either nothing is changed.

Values are compared as bytes, as they came.
"""

from collections.abc import Callable

from bff.errors import CsrfRejected, NavigationRequired

Header = Callable[[bytes], bytes | None]
"""Look up one request header by its lower-case name: ``dict(scope["headers"]).get``."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110, section 9.2.1, without TRACE."""

_SITES = frozenset({b"cross-site", b"same-origin", b"same-site", b"none"})
_MODES = frozenset({b"cors", b"navigate", b"no-cors", b"same-origin", b"websocket"})
_DESTINATIONS = frozenset(
    {
        b"audio",
        b"audioworklet",
        b"document",
        b"embed",
        b"empty",
        b"fencedframe",
        b"font",
        b"frame",
        b"iframe",
        b"image",
        b"json",
        b"manifest",
        b"object",
        b"paintworklet",
        b"report",
        b"script",
        b"serviceworker",
        b"sharedworker",
        b"style",
        b"track",
        b"video",
        b"webidentity",
        b"worker",
        b"xslt",
    }
)


def require_same_origin(
    method: str, header: Header, *, public_origin: bytes, navigable: bool = False
) -> None:
    """Let a call by our own page pass.

    Args:
        method: as it came.
        header: the request's headers.
        public_origin: ours, serialized as browsers do (``https://app.example``).
        navigable: whether a same-origin top-level GET or HEAD may come without ``BFF-Session``, as
            links and downloads do.

    Raises:
        CsrfRejected: ``signal`` is ``header_missing``, ``fetch_dest``, ``fetch_site``, ``origin``
            or ``origin_missing``.
    """
    site = header(b"sec-fetch-site")
    if navigable and _is_own_navigation(method, site, header):
        return
    if not header(b"bff-session"):
        raise CsrfRejected("header_missing")
    destination = header(b"sec-fetch-dest")
    if destination != b"empty" and destination in _DESTINATIONS:
        raise CsrfRejected("fetch_dest")
    if site != b"same-origin" and site in _SITES:
        raise CsrfRejected("fetch_site")
    origin = header(b"origin")
    if origin is not None:
        if origin != public_origin:
            raise CsrfRejected("origin")
    elif site != b"same-origin" and method not in SAFE_METHODS:
        raise CsrfRejected("origin_missing")


def require_navigation(header: Header) -> None:
    """Let a top-level navigation pass that began here, by hand, or on a sibling site (sign-in).

    A page of another site cannot start a sign-in: creating a session takes an action of the user
    with us (ASVS 5.0, 7.6.2). Browsers without Fetch Metadata pass; all they can start is a sign-in
    bound to themselves.

    Raises:
        NavigationRequired: a fetch, a frame or an embedded resource (RFC 10017, section 6.1.2.1).
        CsrfRejected: a navigation from another site; ``signal`` is ``fetch_site``.
    """
    require_top_level(header)
    if header(b"sec-fetch-site") == b"cross-site":
        raise CsrfRejected("fetch_site")


def require_top_level(header: Header) -> None:
    """Let a top-level navigation pass, wherever it began: the provider's answer is cross-site.

    Raises:
        NavigationRequired: a fetch, a frame or an embedded resource.
    """
    mode = header(b"sec-fetch-mode")
    destination = header(b"sec-fetch-dest")
    if mode != b"navigate" and mode in _MODES:
        raise NavigationRequired
    if destination != b"document" and destination in _DESTINATIONS:
        raise NavigationRequired


def require_own_page(header: Header, *, public_origin: bytes) -> None:
    """Let an EventSource of our own page pass: scripts cannot add fields to it either.

    Fetch Metadata decides. A browser without it must name its origin, or it does not pass: what it
    asks for is only ever a convenience.

    Raises:
        CsrfRejected: ``signal`` is ``fetch_dest``, ``fetch_site``, ``origin`` or ``origin_missing``.
    """
    destination = header(b"sec-fetch-dest")
    if destination != b"empty" and destination in _DESTINATIONS:
        raise CsrfRejected("fetch_dest")
    site = header(b"sec-fetch-site")
    if site != b"same-origin" and site in _SITES:
        raise CsrfRejected("fetch_site")
    origin = header(b"origin")
    if origin is not None:
        if origin != public_origin:
            raise CsrfRejected("origin")
    elif site != b"same-origin":
        raise CsrfRejected("origin_missing")


def require_websocket_origin(header: Header, *, public_origin: bytes) -> None:
    """Let a WebSocket handshake by our own page pass (RFC 6455, section 10.2).

    Scripts cannot add headers to a handshake, so Origin decides.

    Raises:
        CsrfRejected: ``signal`` is ``origin_missing``, ``origin`` or ``fetch_site``.
    """
    origin = header(b"origin")
    if origin is None:
        raise CsrfRejected("origin_missing")
    if origin != public_origin:
        raise CsrfRejected("origin")
    site = header(b"sec-fetch-site")
    if site != b"same-origin" and site in _SITES:
        raise CsrfRejected("fetch_site")


def _is_own_navigation(method: str, site: bytes | None, header: Header) -> bool:
    """A link of ours that was followed at top level. Needs Fetch Metadata to be recognised."""
    return (
        method in {"GET", "HEAD"}
        and site == b"same-origin"
        and header(b"sec-fetch-mode") == b"navigate"
        and header(b"sec-fetch-dest") == b"document"
    )
