"""What a request line says, remembered: a page asks the same things again and again."""

import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from bff.errors import BffError
from bff.resource.routes import ApiRoute, RouteTable

REMEMBERED, REMEMBERED_LENGTH = 4096, 1024
"""How many lines, and of how many octets at most."""

_LINE = re.compile(rb"(GET|HEAD) (/api/[!\"$-~]*) HTTP/1\.1")


class RequestLine(msgspec.Struct, frozen=True):
    """A line that asks for a route with a method which it has."""

    method: str
    path: str
    """As the log shows it: decoded, without the query."""
    route: ApiRoute
    sent: bytes
    """What its API is told: the method and the target."""

    def __repr__(self) -> str:
        """Without the query, which is nobody's business."""
        return f"RequestLine({self.method} {self.path})"


class RequestLines:
    """Reads request lines of the proxied prefix; the least recently used are forgotten first."""

    __slots__ = ("_known", "_routes")

    def __init__(self, routes: RouteTable) -> None:
        """Nothing is known yet."""
        self._routes = routes
        self._known = lru_cache(maxsize=REMEMBERED)(self._read)

    def read(self, line: bytes) -> RequestLine | None:
        """What it says; None if it is another's, or is to be refused."""
        return self._known(line) if len(line) <= REMEMBERED_LENGTH else self._read(line)

    def _read(self, line: bytes) -> RequestLine | None:
        asked = _LINE.fullmatch(line)
        if asked is None:
            return None
        path, mark, query = asked[2].partition(b"?")
        method = asked[1].decode("ascii")
        try:
            route, inside = self._routes.match(method, path)
        except BffError:
            return None
        target = inside + mark + query if query else inside
        return RequestLine(method, unquote(path.decode("ascii")), route, asked[1] + b" " + target)
