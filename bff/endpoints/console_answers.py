"""Lists of the review API as answers: a page as JSON, or the whole result as a file."""

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Protocol

from bff.audit.exports import to_csv, to_jsonl
from bff.audit.rows import Page
from bff.errors import RequestMalformed

PAGE_ROWS, MOST_ROWS, EXPORT_ROWS = 50, 200, 100_000
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


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
    cursor: str | None = None
    sent = 0
    while True:
        page = await rows(cursor, MOST_ROWS)
        yield to_csv(page.rows, heading=sent == 0) if kind == "csv" else to_jsonl(page.rows)
        sent += len(page.rows)
        cursor = page.next
        if cursor is None or sent >= EXPORT_ROWS:
            return
