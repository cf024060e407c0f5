"""The route table: every API path that may be reached, and on what terms.

RFC 10017, section 6.1.3.6: permitted hosts and paths are an explicit list, checked before anything
is forwarded.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from bff.errors import MethodNotAllowed, RequestMalformed, RouteNotFound
from bff.resource.fields import is_never_returned, is_never_sent
from bff.resource.paths import canonical_path

TokenPlan = Literal["user", "client", "none"]
"""Whose access token the API receives: the signed-in user's, the client's own, or none."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What a route may allow. TRACE and CONNECT never pass (ASVS 5.0, 13.4.4)."""

_REMEMBERED_PATHS, _REMEMBERED_LENGTH = 4096, 256
_STANDARD_PORT = {"http": 80, "https": 443}
# Unreserved characters only (RFC 3986, section 2.3): a canonical path never percent-encodes those,
# so a prefix has one spelling.
_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")
_ACR = re.compile(r"[!#-+\--\[\]-~]+")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]+")


class Upstream(msgspec.Struct, frozen=True):
    """Where an API lives.

    ``base_path`` replaces the route's prefix: empty, or segments without a trailing slash.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    base_path: str = ""

    @property
    def authority(self) -> str:
        """Host, with the port unless it is the scheme's own (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _STANDARD_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and authority."""
        return f"{self.scheme}://{self.authority}"


def parse_upstream(url: str) -> Upstream:
    """Read an upstream's URL: ``https://api.example/v1``.

    Raises:
        ValueError: another scheme, no host, credentials, a query or fragment, or a path that is no
            plain list of segments. The message says which, and is fit for an operator to read.
    """
    parts = urlsplit(url)
    if parts.scheme not in _STANDARD_PORT:
        raise ValueError("expected a URL that begins with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("expected no user name or password in the URL")
    if "?" in url or "#" in url:
        raise ValueError("expected no query and no fragment")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise ValueError("expected a host name or address, in ASCII")
    base_path = parts.path.rstrip("/")
    if base_path and not _PREFIX.fullmatch(base_path):
        raise ValueError("expected a path of plain segments (letters, digits, '-', '.', '_', '~')")
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    return Upstream(scheme, parts.hostname, parts.port or _STANDARD_PORT[scheme], base_path)


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds we wait: for a connection, for the response head, for each further piece."""

    connect: float = 5.0
    first_byte: float = 60.0
    idle: float = 60.0


class ApiRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. Constructing one that contradicts itself raises ValueError.

    Attributes:
        name: for logs and metrics.
        prefix: the public path, ``/api/leads``; matched on segment borders.
        upstream: where it goes.
        methods: those allowed; HEAD and OPTIONS are listed like any other.
        body_limit: bytes of request body.
        timeouts: per phase.
        token: whose access token is attached.
        scopes: those the token must have been granted.
        resource: the API's resource indicator (RFC 8707), if the provider needs one.
        request_headers: lower-case names that may go to the API besides the usual ones.
        response_headers: lower-case names that may come back although they usually do not;
            ``cache-control`` among them leaves caching to the API.
        path_parameters: whether ``;`` may occur in a path (RFC 3986, section 3.3).
        navigable: whether a link or a download may lead here without the ``BFF-Session`` header.
        leak_guard: whether responses are watched for the token that was attached.
        websocket: whether a WebSocket may be opened here (RFC 6455).
        max_age: seconds since the user last showed themselves to the provider, at most (RFC 9470).
        acr: authentication context classes that will do; any, if empty.
        rate_per_minute: calls of one session, or of one client address where no session is needed.
    """

    name: str
    prefix: str
    upstream: Upstream
    methods: tuple[str, ...]
    body_limit: int = 10 * 1024 * 1024
    timeouts: Timeouts = Timeouts()
    token: TokenPlan = "user"  # noqa: S105  a plan, not a token
    scopes: tuple[str, ...] = ()
    resource: str | None = None
    request_headers: frozenset[bytes] = frozenset()
    response_headers: frozenset[bytes] = frozenset()
    path_parameters: bool = False
    navigable: bool = False
    leak_guard: bool = True
    websocket: bool = False
    max_age: int | None = None
    acr: tuple[str, ...] = ()
    rate_per_minute: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be meant."""
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(
                f"{self.name}: expected a prefix of plain segments, such as /api/leads"
            )
        unknown = [method for method in self.methods if method not in METHODS]
        if unknown or not self.methods:
            raise ValueError(f"{self.name}: expected methods among {', '.join(METHODS)}")
        if (self.acr or self.max_age is not None) and self.token == "none":  # noqa: S105  a plan
            raise ValueError(
                f"{self.name}: expected no max_age and no acr where no session is needed"
            )
        if not all(map(_ACR.fullmatch, self.acr)):
            raise ValueError(f"{self.name}: expected acr values without spaces, quotes and commas")
        for name in sorted(self.request_headers | self.response_headers):
            if name != name.lower():
                raise ValueError(f"{self.name}: expected header names in lower case")
        if any(map(is_never_sent, self.request_headers)):
            raise ValueError(f"{self.name}: a request header that no route may let through")
        if any(map(is_never_returned, self.response_headers)):
            raise ValueError(f"{self.name}: a response header that no route may let through")


class RouteTable:
    """The routes, and the one way to find one: the longest prefix that ends on a segment border."""

    def __init__(self, routes: Iterable[ApiRoute]) -> None:
        """Raises ValueError if two routes have the same prefix."""
        self.routes = tuple(routes)
        self._by_prefix: dict[bytes, tuple[ApiRoute, bytes]] = {}
        for route in self.routes:
            prefix = route.prefix.encode("ascii")
            if prefix in self._by_prefix:
                raise ValueError(f"{route.name}: another route has the prefix {route.prefix}")
            self._by_prefix[prefix] = (route, route.upstream.base_path.encode("ascii"))
        self._known = lru_cache(maxsize=_REMEMBERED_PATHS)(self._read)
        self._depth = max((prefix.count(b"/") for prefix in self._by_prefix), default=0)

    def match(self, method: str, path: bytes) -> tuple[ApiRoute, bytes]:
        """The route for a request, and the path under which its API knows it.

        Args:
            method: as it came; methods are case-sensitive (RFC 9110, section 9.1).
            path: the public path, percent-encoded as it came, without the query.

        Raises:
            RequestMalformed: ``path`` cannot be read in exactly one way.
            RouteNotFound: no route describes it.
            MethodNotAllowed: one does, without this method.
        """
        route, inside = self._found(path)
        if method not in route.methods:
            raise MethodNotAllowed(route.methods)
        return route, inside

    def match_socket(self, path: bytes) -> tuple[ApiRoute, bytes]:
        """As :meth:`match`, for the handshake of a WebSocket.

        Raises:
            RequestMalformed: ``path`` cannot be read in exactly one way.
            RouteNotFound: no route that opens WebSockets describes it.
        """
        route, inside = self._found(path)
        if not route.websocket:
            raise RouteNotFound
        return route, inside

    def _found(self, path: bytes) -> tuple[ApiRoute, bytes]:
        """As :meth:`_read`; what is short enough is read once, and remembered for a while."""
        return self._known(path) if len(path) <= _REMEMBERED_LENGTH else self._read(path)

    def _read(self, path: bytes) -> tuple[ApiRoute, bytes]:
        """The route that describes ``path``, and its API's name for it."""
        canonical_path(path, parameters=True)
        found, end = self._longest(path)
        if found is None:
            raise RouteNotFound
        route, base_path = found
        if not route.path_parameters and b";" in path:
            raise RequestMalformed("path")
        return route, base_path + path[end:] or b"/"

    def _longest(self, path: bytes) -> tuple[tuple[ApiRoute, bytes] | None, int]:
        """The entry whose prefix is longest, and where in ``path`` that prefix ends."""
        found, found_end, end = None, 0, 0
        for _ in range(self._depth):
            if end == len(path):
                break
            end = path.find(b"/", end + 1)
            if end < 0:
                end = len(path)
            entry = self._by_prefix.get(path[:end])
            if entry is not None:
                found, found_end = entry, end
        return found, found_end
