"""Lists of the review API as answers: a page as JSON, or the whole result as a file.

A cell that a spreadsheet could take for a formula begins with an apostrophe (OWASP, CSV Injection).
"""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from bff.audit.rows import Page
from bff.errors import RequestMalformed

PAGE_ROWS, MOST_ROWS, EXPORT_ROWS = 50, 200, 100_000
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Rows(Protocol):
    """Asks for one page of a list: the cursor, how many."""

    def __call__(self, cursor: str | None, limit: int, /) -> Awaitable[Page[Any]]:
        """The page."""
        ...


def limit_of(query: Mapping[str, str]) -> int:
    """How many rows a page may have. Raises RequestMalformed."""
    text = query.get("limit", str(PAGE_ROWS))
    if not text.isdigit() or not 1 <= int(text) <= MOST_ROWS:
        raise RequestMalformed("limit")
    return int(text)


def format_of(query: Mapping[str, str]) -> str | None:
    """``csv``, ``jsonl``, or None for a page. Raises RequestMalformed."""
    kind = query.get("format")
    if kind is not None and kind not in FORMATS:
        raise RequestMalformed("format")
    return kind


async def export(rows: Rows, kind: str) -> AsyncIterator[bytes]:
    """The whole list, a page at a time, up to ``EXPORT_ROWS`` rows."""
    writer = _csv() if kind == "csv" else _jsonl
    cursor: str | None = None
    sent = 0
    while True:
        page = await rows(cursor, MOST_ROWS)
        for row in page.rows:
            yield writer(msgspec.to_builtins(row))
        sent += len(page.rows)
        cursor = page.next
        if cursor is None or sent >= EXPORT_ROWS:
            return


def _jsonl(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row) + b"\n"


def _csv() -> Callable[[dict[str, Any]], bytes]:
    """Writes the names before the first row."""
    first = True

    def line(row: dict[str, Any]) -> bytes:
        nonlocal first
        text = io.StringIO()
        writer = csv.writer(text)
        if first:
            writer.writerow(row)
            first = False
        writer.writerow([cell(value) for value in row.values()])
        return text.getvalue().encode("utf-8")

    return line


def cell(value: object) -> str:
    """One value as text no spreadsheet computes."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    return "'" + text if text.startswith(_FORMULA) else text
