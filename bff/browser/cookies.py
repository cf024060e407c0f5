"""Cookies (placeholder signatures, being filled)."""

from collections.abc import Sequence
from typing import Literal

import msgspec


class Cookie(msgspec.Struct, frozen=True):
    name: str
    same_site: Literal["Strict", "Lax"]


SESSION_COOKIE = Cookie("__Host-Http-bff", "Strict")
LOGIN_COOKIE = Cookie("__Host-Http-bff-login", "Lax")
NOTE_COOKIE = Cookie("__Host-Http-bff-note", "Lax")


class SignedCookie:
    def __init__(self, keys: Sequence[bytes], purpose: str) -> None: ...
    def sign(self, value: str) -> str: ...
    def read(self, text: str) -> str | None: ...


def set_cookie(cookie: Cookie, value: str, *, max_age: int) -> str: ...
def clear_cookie(cookie: Cookie) -> str: ...
def read_cookies(header_values: Sequence[bytes]) -> dict[str, str]: ...


class LoginCookie(msgspec.Struct, frozen=True):
    browser: str
    tags: tuple[str, ...] = ()

    def add(self, state: str) -> "LoginCookie": ...
    def remove(self, state: str) -> "LoginCookie": ...
    def holds(self, state: str) -> bool: ...


def write_login_cookie(cookie: LoginCookie) -> str: ...
def read_login_cookie(text: str) -> LoginCookie | None: ...
