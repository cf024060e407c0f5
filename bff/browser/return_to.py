r"""Where a browser may be sent after sign-in and sign-out: a path of our own origin, nothing else.

RFC 9700, section 4.11.1; ASVS 5.0, 3.7.2. Do not rewrite this with a URL parser. Python's
``urlsplit`` follows RFC 3986 and browsers follow the WHATWG URL standard, and where they differ an
attacker lives: for a browser ``\`` is a slash, tabs and line breaks inside a URL vanish,
``/\host`` and ``///host`` name another host, ``%2e`` is a dot segment. So the text is not
interpreted at all; it must have a shape that every reader understands the same way.
"""

import re
from urllib.parse import unquote

from bff.errors import ReturnToRejected

DEFAULT = "/"

LIMIT = 2048
"""Characters."""

# Visible ASCII but quotes, angle brackets and the backslash; browsers encode everything else when
# they serialize a URL.
_ALLOWED = re.compile(r"/[!#-;=?-\[\]-~]*")
_PATH = re.compile(r"[^?#]*")
# An empty or dot segment; a slash, backslash or dot in disguise; a ``%`` that begins nothing.
_AMBIGUOUS = re.compile(r"//|/\.{1,2}(?:/|\Z)|%(?:2[ef]|5c|(?![0-9a-f]{2}))", re.IGNORECASE)
# What must not appear either when somebody decodes once too often.
_DISGUISED = re.compile(r"//|/\.{1,2}(?:[/?#]|\Z)|[\x00-\x1f\\\x7f]")
_MOST_DECODINGS = 3


def parse_return_to(text: str | None, *, base_path: str = "/bff") -> str:
    """The path, query and fragment to return to; ``/`` if none was asked for.

    Args:
        text: as asked for, decoded once from the query; None or empty means none.
        base_path: where our own endpoints live. Returning there would sign in again, and again;
            only the console's pages are pages.

    Raises:
        ReturnToRejected: not a path of our own origin.
    """
    if not text:
        return DEFAULT
    if len(text) > LIMIT or not _ALLOWED.fullmatch(text):
        raise ReturnToRejected
    match = _PATH.match(text)
    path = match[0] if match else ""
    if _AMBIGUOUS.search(path) or _is_endpoint(path, base_path) or _is_disguised(path):
        raise ReturnToRejected
    return text


def _is_endpoint(path: str, base_path: str) -> bool:
    console = f"{base_path}/console"
    if path == console or (
        path.startswith(f"{console}/") and not path.startswith(f"{console}/api/")
    ):
        return False
    return path == base_path or path.startswith(f"{base_path}/")


def _is_disguised(path: str) -> bool:
    """Whether somebody who decodes once too often would be led elsewhere, or would never be done decoding."""
    for _ in range(_MOST_DECODINGS):
        decoded = unquote(path, "latin-1")
        if decoded == path:
            return False
        if _DISGUISED.search(decoded):
            return True
        path = decoded
    return True
