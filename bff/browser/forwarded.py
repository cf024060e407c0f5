"""RFC 7239: what the proxies on the way say of it, and RFC 7239's elder, X-Forwarded-For, likewise.

Reading is all or nothing: a field that is not written as it should be says nothing.
"""

import ipaddress
import re
from functools import lru_cache

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\xff])*"'
_PAIR = re.compile(rb"(" + _TOKEN + rb")=(" + _TOKEN + rb"|" + _QUOTED + rb")")
_WRITTEN = re.compile(rb"\\(.)", re.DOTALL)
_BLANK = b" \t"
_PORT = re.compile(r":(?:\d{1,5}|_[A-Za-z0-9._-]+)\Z")

Element = dict[str, str]
"""The pairs of one hop, names in lower case."""


class ForwardedMalformed(ValueError):
    """Not what RFC 7239, section 4 describes."""


def read_forwarded(value: bytes) -> list[Element]:
    """The hops, the one nearest to the browser first. Raises ForwardedMalformed."""
    elements: list[Element] = []
    element: Element = {}
    at, length = 0, len(value)
    while True:
        at = _past_blanks(value, at)
        if at < length and value[at] not in b",;":
            pair = _PAIR.match(value, at)
            if pair is None:
                raise ForwardedMalformed
            name = pair[1].decode("ascii").lower()
            if name in element:  # "MUST NOT occur more than once"
                raise ForwardedMalformed
            element[name] = _unquoted(pair[2])
            at = _past_blanks(value, pair.end())
        if at == length or value[at] == ord(","):
            if element:
                elements.append(element)
            element = {}
            if at == length:
                return elements
        elif value[at] != ord(";"):
            raise ForwardedMalformed
        at += 1


@lru_cache(maxsize=4096)
def node_address(node: str) -> str | None:
    """The address of a node, without its port; None for one that is unknown or obfuscated (section 6)."""
    host = node
    if node.startswith("["):
        host, bracket, port = node[1:].partition("]")
        if not bracket or (port and not _PORT.match(port)):
            return None
    elif node.count(":") == 1:
        written = _PORT.search(node)
        if written is None:
            return None
        host = node[: written.start()]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _past_blanks(value: bytes, at: int) -> int:
    while at < len(value) and value[at] in _BLANK:
        at += 1
    return at


def _unquoted(value: bytes) -> str:
    if value.startswith(b'"'):
        value = _WRITTEN.sub(rb"\1", value[1:-1])
    return value.decode("latin-1")
