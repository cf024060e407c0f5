"""Which header fields of an API's answer the browser gets, and what we say besides."""

from bff.resource.fields import USUALLY_RETURNED, is_never_returned, is_withheld
from bff.resource.locations import public_location
from bff.resource.messages import Fields, field_lines, named_hop_by_hop
from bff.resource.routes import ApiRoute

REMEMBERED, REMEMBERED_LENGTH = 1024, 256
"""How many fields are remembered for each route, and of how many octets at most."""

_LOCATIONS = frozenset({b"content-location", b"location"})
# A browser answers these with a password dialog of its own, over our page (RFC 7617, RFC 7616, RFC
# 4559).
_DIALOGS = (b"basic", b"digest", b"negotiate", b"ntlm")
_SAFEGUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"sec-fetch-site, origin"),
)
_UNREPEATED = frozenset({b"set-cookie", b"set-cookie2"})
"""Nothing to be remembered."""
_NO_STORE = (b"cache-control", b"no-store")
# An API's document never runs as a page of our origin, whatever it contains.
_SANDBOX = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")


def returning_headers(upstream: Fields, route: ApiRoute) -> Fields:
    """The fields for the browser: all but what would speak for our origin, and our own safeguards.

    Answers are ``no-store`` unless the route leaves caching to the API (ASVS 5.0, 14.3.2). A
    ``Location`` inside the route's part of the API is rewritten to our path, any other is withheld.

    Args:
        upstream: the API's, names in lower case.
        route: whose extra names and prefix count.
    """
    fields = [kept for field in upstream if (kept := _returned(field, route)) is not None]
    named = named_hop_by_hop(upstream)
    if named:
        fields = [field for field in fields if field[0] not in named]
    stored = b"cache-control" in route.response_headers and any(
        name == b"cache-control" for name, _ in fields
    )
    return [*fields, *_own(route, stored=stored)]


class ReturningLines:
    """What :func:`returning_headers` says, as it is written; remembered field by field.

    For no API's answers are all alike, but most of their fields are. What depends on the other
    fields of its answer is not judged here.
    """

    __slots__ = ("_caching", "_known", "_own", "_own_stored", "_route")

    def __init__(self, route: ApiRoute) -> None:
        """Nothing is known yet."""
        self._route = route
        self._known: dict[tuple[bytes, bytes], bytes] = {}
        self._caching = b"cache-control" in route.response_headers
        self._own = _lines(_own(route, stored=False))
        self._own_stored = _lines(_own(route, stored=True))

    def written(self, upstream: Fields) -> bytes | None:
        """The lines, each beginning with its line end; None: one of the fields speaks of others, and needs a closer look.

        Raises:
            RequestMalformed: a field contains a line end.
        """
        known = self._known
        try:
            returned = b"".join([known[field] for field in upstream])
        except KeyError:
            lines = [line for field in upstream if (line := self._line(field)) is not None]
            if len(lines) < len(upstream):
                return None
            returned = b"".join(lines)
        if self._caching and b"\r\ncache-control: " in returned:
            return returned + self._own_stored
        return returned + self._own

    def _line(self, field: tuple[bytes, bytes]) -> bytes | None:
        """One field's; b"" if it stays here."""
        if named_hop_by_hop([field]):
            return None
        kept = _returned(field, self._route)
        line = b"" if kept is None else _lines([kept])
        name, value = field
        if len(name) + len(value) <= REMEMBERED_LENGTH and name not in _UNREPEATED:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[field] = line
        return line


def _returned(field: tuple[bytes, bytes], route: ApiRoute) -> tuple[bytes, bytes] | None:
    """The field as it may come back; None: not at all."""
    name, value = field
    if name in USUALLY_RETURNED:
        return field
    if name in _LOCATIONS:
        location = public_location(value, route)
        return None if location is None else (name, location)
    if name == b"www-authenticate":
        return None if value.lstrip().lower().startswith(_DIALOGS) else field
    if is_never_returned(name):
        return None
    return field if name in route.response_headers or not is_withheld(name) else None


def _own(route: ApiRoute, *, stored: bool) -> Fields:
    """What we say of any answer; ``stored``: the API may say how long it is kept, and did."""
    own = [*_SAFEGUARDS]
    if not stored:
        own.append(_NO_STORE)
    if route.navigable:
        own.append(_SANDBOX)
    return own


def _lines(fields: Fields) -> bytes:
    return b"\r\n" + field_lines(fields)[:-2] if fields else b""
