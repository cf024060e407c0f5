"""Query parameters, read leniently: the caller is a test that knows what it wants."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from litestar.types import Scope

Query = Mapping[str, list[str]]


def query_of(scope: Scope) -> Query:
    """Every parameter with all its values."""
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def first(query: Query, name: str, default: str = "") -> str:
    """A parameter's first value."""
    return query.get(name, [default])[0]


def number(query: Query, name: str, default: float) -> float:
    """A parameter as a number; what is none counts as the default."""
    try:
        return float(first(query, name))
    except ValueError:
        return default
