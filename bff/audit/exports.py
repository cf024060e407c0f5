"""Rows as files: JSON Lines, and CSV that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Sequence

import msgspec

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_jsonl(rows: Sequence[msgspec.Struct]) -> bytes:
    """One JSON object a line."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def to_csv(rows: Sequence[msgspec.Struct], *, heading: bool = True) -> bytes:
    """A header and a line for each row (RFC 4180); line breaks within a cell become spaces.

    Without ``heading`` it goes on where rows were written before.
    """
    if not rows:
        return b""
    text = io.StringIO()
    writer = csv.writer(text)
    if heading:
        writer.writerow(rows[0].__struct_fields__)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in row.__struct_fields__])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A number stays one; text that could start a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    return f"'{text}" if text.startswith(_FORMULA) else text
