"""From text to settings: every problem is found, each with its path and what was expected.

No value of a secret is ever repeated.
"""

import difflib
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Union, get_args, get_origin

import msgspec

from bff.oidc.metadata import Secret
from bff.settings.model import Settings
from bff.settings.rules import broken_rules

ReadFile = Callable[[str], str]


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: where (``provider.issuer``), and what was expected."""

    path: str
    expected: str

    def __str__(self) -> str:
        """``path: expected``."""
        return f"{self.path}: {self.expected}" if self.path else self.expected


class SettingsInvalid(Exception):
    """The file cannot be used, for all of ``problems``."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load_settings(
    text: str, environ: Mapping[str, str], read_file: ReadFile
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each dotted path given in the file where its value came from.

    Raises SettingsInvalid with every problem there is.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid([Problem("", f"not TOML: {error}")]) from None
    development = raw.get("development") is True
    reader = _Reader(environ, read_file, development=development)
    settings = reader.struct(Settings, raw, "")
    told = {problem.path for problem in reader.problems}
    for name, table in reader.tables.items():
        for path, expected in broken_rules(name, table, development=development):
            if path not in told:
                reader.problems.append(Problem(path, expected))
    if reader.problems:
        raise SettingsInvalid(reader.problems)
    return settings, reader.sources


class _Reader:
    """Walks the raw document along the types, and goes on after each problem."""

    def __init__(
        self, environ: Mapping[str, str], read_file: ReadFile, *, development: bool
    ) -> None:
        self.environ = environ
        self.read_file = read_file
        self.development = development
        self.problems: list[Problem] = []
        self.sources: dict[str, str] = {}
        self.tables: dict[str, Any] = {}

    def struct(self, kind: type[Any], raw: object, path: str) -> Any:  # noqa: ANN401  an instance of kind
        """An instance of ``kind``, or None after recording why not.

        What is wrong in an optional key leaves its default, so that the rest can still be judged.
        """
        if not isinstance(raw, dict):
            return self._wrong(path, f"expected a table, found {_name(raw)}")
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        for name in sorted(raw.keys() - fields.keys()):
            self._unknown(_join(path, name), name, list(fields))
        values = {}
        for name, field in fields.items():
            where = _join(path, name)
            if name in raw:
                value = self.value(hints[name], raw[name], where)
                if value is not None:
                    values[name] = value
            elif field.required:
                self._wrong(where, f"missing, expected {_expectation(hints[name])}")
        if any(field.required and name not in values for name, field in fields.items()):
            return None
        return kind(**values)

    def value(self, kind: Any, raw: object, path: str) -> Any:  # noqa: ANN401  a value of kind
        """One value, or None after recording why not."""
        inner = _without_none(kind)
        if inner is Secret:
            return self._secret(raw, path)
        self.sources[path] = "file"
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            table = self.tables[path] = self.struct(inner, raw, path)
            return table
        element = _struct_element(inner)
        if element is not None and isinstance(raw, list):
            self._length(inner, raw, path)
            return self._entries(element, raw, path)
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError:
            return self._wrong(
                path, f"expected {_expectation(kind)}, found {_name(raw)}{_unit_hint(path, raw)}"
            )

    def _entries(self, element: type[Any], raw: list[object], path: str) -> tuple[Any, ...]:
        read = [self.struct(element, item, f"{path}[{number}]") for number, item in enumerate(raw)]
        if "." not in path:
            self.tables[path] = read
        return tuple(entry for entry in read if entry is not None)

    def _length(self, kind: Any, raw: list[object], path: str) -> None:  # noqa: ANN401
        if get_origin(kind) is typing.Annotated and not raw:
            self._wrong(path, "expected at least one entry")

    def _secret(self, raw: object, path: str) -> Secret | None:
        text: str | None
        if isinstance(raw, str):
            self.sources[path] = "file"
            if not self.development:
                self._wrong(
                    path,
                    'a secret does not belong in the file: use { env = "NAME" } or { file = "PATH" }',
                )
            return Secret(raw)
        if not isinstance(raw, dict) or len(raw) != 1 or not raw.keys() <= {"env", "file"}:
            self._wrong(
                path, f'expected {{ env = "NAME" }} or {{ file = "PATH" }}, found {_name(raw)}'
            )
            return None
        ((how, name),) = raw.items()
        self.sources[path] = f"{how} {name}"
        text = self.environ.get(str(name)) if how == "env" else self._file(str(name))
        if not text:
            missing = "environment variable" if how == "env" else "file"
            self._wrong(path, f"the {missing} {name} is missing or empty")
            return None
        return Secret(text.strip())

    def _file(self, name: str) -> str | None:
        try:
            return self.read_file(name)
        except OSError:
            return None

    def _unknown(self, path: str, name: str, known: list[str]) -> None:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = (
            f"did you mean {close[0]}?" if close else f"expected one of {', '.join(sorted(known))}"
        )
        self._wrong(path, f"unknown key, {hint}")

    def _wrong(self, path: str, expected: str) -> None:
        self.problems.append(Problem(path, expected))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(raw: object) -> str:
    """What was found, by kind; the values themselves may be secrets."""
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "text",
        list: "an array",
        dict: "a table",
    }
    return kinds.get(type(raw), type(raw).__name__)


def _without_none(kind: Any) -> Any:  # noqa: ANN401
    if get_origin(kind) in {Union, types.UnionType}:
        rest = [part for part in get_args(kind) if part is not type(None)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def _struct_element(kind: Any) -> Any:  # noqa: ANN401
    """The struct type of ``tuple[Struct, ...]``."""
    bare = get_args(kind)[0] if get_origin(kind) is typing.Annotated else kind
    if (
        get_origin(bare) is tuple
        and isinstance(get_args(bare)[0], type)
        and issubclass(get_args(bare)[0], msgspec.Struct)
    ):
        return get_args(bare)[0]
    return None


def _expectation(kind: Any) -> str:  # noqa: ANN401
    """A type in an operator's words."""
    kind = _without_none(kind)
    if get_origin(kind) is typing.Annotated:
        base, *meta = get_args(kind)
        return _expectation(base) + "".join(_constraint(item) for item in meta)
    if get_origin(kind) is typing.Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return f"an array of {_expectation(get_args(kind)[0])}"
    words = {
        bool: "true or false",
        int: "an integer",
        float: "a number",
        str: "text",
        Secret: "a secret",
        date: "a date such as 2026-11-25",
    }
    return words.get(kind, "a table")


def _constraint(meta: msgspec.Meta) -> str:
    words = {"gt": "greater than", "ge": "of at least", "le": "of at most", "pattern": "matching"}
    return "".join(
        f" {word} {getattr(meta, name)}"
        for name, word in words.items()
        if getattr(meta, name) is not None
    )


def _unit_hint(path: str, raw: object) -> str:
    """Somebody wrote "24h" where a number of seconds belongs."""
    if not isinstance(raw, str) or not path.endswith("_seconds"):
        return ""
    units = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
    number, unit = (
        raw.rstrip("abcdefghijklmnopqrstuvwxyz ").strip(),
        raw.lstrip("0123456789. ").strip(),
    )
    try:
        return f'; write "{raw}" as {float(number) * units[unit]:g}'
    except (ValueError, KeyError):
        return "; write the number of seconds"
