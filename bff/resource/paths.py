"""One parse of the request target: what passes means the same to us and to every API behind us.

RFC 3986, sections 2.1, 3.3, 3.4 and 6.2.2. Two readers that decode, fold or split a path
differently are how a request slips past a route table (RFC 10017, section 6.1.3.6; ASVS 5.0,
4.2.1), so nothing is repaired: what is matched is, byte for byte, what is sent.
"""

import re
from urllib.parse import unquote_to_bytes

from bff.errors import RequestMalformed

PATH_LIMIT = 8 * 1024
"""Bytes of path."""

QUERY_LIMIT = 16 * 1024
"""Bytes of query."""

# Segments of pchar, none of them empty except the last. Possessive, so that refusing takes linear
# time.
_PATH = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]++|%[0-9A-Fa-f]{2})++)*+/?")
# A dot segment, with or without parameters: some servers strip ``;x`` first and climb afterwards.
_DOT_SEGMENT = re.compile(rb"/\.{1,2}(?:[/;]|\Z)")
# Encoded forms that other readers take for something else: an unreserved character (which has only
# one canonical spelling and would get past a prefix), a slash, backslash or semicolon, or a control
# character.
_ENCODED_OTHERWISE = re.compile(
    rb"%(?:[01][0-9A-F]|2[DEF]|3[0-9B]|4[1-9A-F]|5[0-9ACF]|6[1-9A-F]|7[0-9AEF])", re.IGNORECASE
)
# Decoding a second time would find something.
_ENCODED_TWICE = re.compile(rb"%[0-9A-Fa-f]{2}")
# What a browser's URL serializer leaves in a query: visible ASCII without the delimiters of the
# target itself.
_QUERY = re.compile(rb"[!\"$-~]*")


def canonical_path(raw: bytes, *, parameters: bool = False) -> bytes:
    """The path, unchanged, if it can be read in exactly one way.

    Args:
        raw: the path as it came, still percent-encoded, without the query.
        parameters: whether ``;`` may occur.

    Raises:
        RequestMalformed: not absolute, too long, an empty or dot segment, a character outside
            ``pchar``, a stray ``%``, an encoded unreserved, slash, backslash, semicolon or control
            character, bytes that are not UTF-8, double encoding.
    """
    if len(raw) > PATH_LIMIT or not raw or not _PATH.fullmatch(raw) or _DOT_SEGMENT.search(raw):
        raise RequestMalformed("path")
    if b";" in raw and not parameters:
        raise RequestMalformed("path")
    if b"%" in raw:
        _refuse_ambiguous_encoding(raw)
    return raw


def canonical_query(raw: bytes) -> bytes:
    """The query, unchanged, without its ``?``.

    Only what could end the request line or the target is refused: an API's own query syntax is its
    own affair.

    Raises:
        RequestMalformed: too long, or a control character, space, ``#`` or byte outside ASCII.
    """
    if len(raw) > QUERY_LIMIT or not _QUERY.fullmatch(raw):
        raise RequestMalformed("query")
    return raw


def _refuse_ambiguous_encoding(raw: bytes) -> None:
    """Raise RequestMalformed if decoding once leaves room for a second opinion."""
    if _ENCODED_OTHERWISE.search(raw):
        raise RequestMalformed("path")
    decoded = unquote_to_bytes(raw)
    if _ENCODED_TWICE.search(decoded):
        raise RequestMalformed("path")
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestMalformed("path") from None
