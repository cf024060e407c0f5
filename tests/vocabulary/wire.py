"""The review API's bodies as TypeScript types, for the console."""

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from bff.audit import acts, pages, rows

HEAD = """// Written by `make generated` from bff/audit/rows.py, pages.py and acts.py. Do not edit.
// What each field means: docs/security/review-api.md.
"""
PLAIN = {str: "string", float: "number", int: "number", bool: "boolean", object: "unknown"}
ALIASES = ("SessionStatus", "Severity", "Outcome", "RefreshOutcome", "AlertStatus", "Verdict")


def render() -> str:
    """The whole file."""
    parts = [HEAD]
    for name in ALIASES:
        union = " | ".join(f"'{word}'" for word in get_args(getattr(rows, name)))
        parts.append(f"export type {name} = {union}\n")
    parts += [_interface(kind) for kind in bodies()]
    return "\n".join(parts)


def bodies() -> Iterator[type[msgspec.Struct]]:
    """Every body of the wire, in the order of the files."""
    for module in (rows, pages, acts):
        for kind in vars(module).values():
            body = isinstance(kind, type) and issubclass(kind, rows.Body)
            if body and kind is not rows.Body and kind.__module__ == module.__name__:
                yield kind


def _interface(kind: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(kind)
    name = "Page<Row>" if kind is rows.Page else kind.__name__
    asked = kind.__struct_config__.forbid_unknown_fields
    lines = [f"export interface {name} {{"]
    for field in msgspec.structs.fields(kind):
        optional = "?" if asked and not field.required else ""
        lines.append(f"  {field.name}{optional}: {_type(hints[field.name])}")
    return "\n".join([*lines, "}", ""])


def _type(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    alias = next((name for name in ALIASES if getattr(rows, name) == kind), None)
    if alias:
        return alias
    if origin is Literal:
        return " | ".join(f"'{word}'" for word in arguments)
    if origin in {Union, types.UnionType}:
        inner = " | ".join(
            dict.fromkeys(_type(each) for each in arguments if each is not type(None))
        )
        return f"{inner} | null" if type(None) in arguments else inner
    if origin is dict:
        return f"Record<string, {_type(arguments[1])}>"
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"readonly {_element(arguments[0])}[]"
    if origin is tuple:
        return f"readonly [{', '.join(map(_type, arguments))}]"
    if isinstance(kind, TypeVar):
        return kind.__name__
    return PLAIN.get(kind, getattr(kind, "__name__", "unknown"))


def _element(kind: Any) -> str:
    text = _type(kind)
    return f"({text})" if "|" in text or text.startswith("readonly") else text
