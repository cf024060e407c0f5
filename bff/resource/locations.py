"""Where an API points: rewritten if it is the route's own part of the API, else withheld."""

import re

from bff.resource.routes import ApiRoute

# A reference that cannot leave the directory it is resolved in: no scheme, no authority, no
# climbing, nothing a parser could fold into one of those. Visible ASCII without quotes, angle
# brackets and the backslash.
_SAFE = re.compile(rb"[!#-;=?-\[\]-~]+")
_RELATIVE = re.compile(rb"(?![/\\])[^:/?#]*(?:[/?#].*)?")
_CLIMBS = re.compile(rb"(?:\A|/)(?:\.|%2e){1,2}(?:[/;]|\Z)", re.IGNORECASE)


def public_location(value: bytes, route: ApiRoute) -> bytes | None:
    """The public form of a ``Location`` (RFC 9110, 10.2.2), or None if no browser must follow it.

    Upstream redirects are never followed by us (RFC 10017, section 6.1.3.6): a token would travel
    along.
    """
    if not _SAFE.fullmatch(value):
        return None
    origin = route.upstream.origin.encode("ascii")
    absolute = value.startswith(origin)
    inside = value[len(origin) :] if absolute else value
    path = re.split(rb"[?#]", inside, maxsplit=1)[0]
    if b"//" in path or _CLIMBS.search(path):
        return None
    if path.startswith(b"/"):
        return _under_prefix(inside, path, route)
    if absolute:  # the origin without a path, or the beginning of a longer name
        return None
    return value if _RELATIVE.fullmatch(value) else None


def _under_prefix(inside: bytes, path: bytes, route: ApiRoute) -> bytes | None:
    """``inside`` with the base path replaced by the prefix, if it lies below the base path."""
    base_path = route.upstream.base_path.encode("ascii")
    if not path.startswith(base_path) or path[len(base_path) : len(base_path) + 1] not in (
        b"",
        b"/",
    ):
        return None
    return route.prefix.encode("ascii") + inside[len(base_path) :]
