"""CSRF (placeholder signatures, being filled)."""

from collections.abc import Callable

Get = Callable[[str], str | None]


def require_same_origin(method: str, get: Get, *, public_origin: str, navigable: bool = False) -> None: ...
def require_navigation(get: Get) -> None: ...
