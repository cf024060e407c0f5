"""Cookies: attributes, signatures, and the reading of a Cookie header."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.browser.cookies import (
    LOGIN_COOKIE,
    MAX_AGE_LIMIT,
    NOTE_COOKIE,
    SESSION_COOKIE,
    Cookie,
    SignedCookie,
    clear_cookie,
    read_cookies,
    set_cookie,
)
from bff.errors import RequestMalformed

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
COOKIES = (SESSION_COOKIE, LOGIN_COOKIE, NOTE_COOKIE)
HANDLE = "q" * 43 + ".999999999"
VALUES = st.text("abcXYZ019._~-", max_size=60)


@pytest.mark.parametrize("cookie", COOKIES)
@pytest.mark.req("N26", "N27", "N29", "N30", "N31")
def test_every_cookie_satisfies_its_prefix(cookie: Cookie) -> None:
    """Set or deleted: Secure, HttpOnly, Path=/, no Domain, a name that makes browsers insist."""
    for text in (set_cookie(cookie, "value", max_age=60), clear_cookie(cookie)):
        pair, *attributes = text.split("; ")
        assert pair.startswith("__Host-Http-bff")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
        assert not any(attribute.lower().startswith("domain") for attribute in attributes)
        assert f"SameSite={cookie.same_site}" in attributes


@pytest.mark.req("N28", "N38")
def test_only_the_session_cookie_is_strict() -> None:
    """The way back from the provider comes from another site; what rides on it is no session."""
    assert [cookie.same_site for cookie in COOKIES] == ["Strict", "Lax", "Lax"]
    assert len({cookie.name for cookie in COOKIES}) == len(COOKIES)


@pytest.mark.req("N37")
def test_a_lifetime_is_one_that_browsers_honour() -> None:
    """Up to 400 days; a deletion is a lifetime of nothing."""
    assert "Max-Age=34560000;" in set_cookie(SESSION_COOKIE, "v", max_age=MAX_AGE_LIMIT)
    assert clear_cookie(SESSION_COOKIE).startswith("__Host-Http-bff=; Max-Age=0; ")
    for max_age in (MAX_AGE_LIMIT + 1, -1):
        with pytest.raises(ValueError, match="lifetime"):
            set_cookie(SESSION_COOKIE, "v", max_age=max_age)


@pytest.mark.parametrize("value", ["a;b", "a b", "a\r\nb", 'a"b', "é", "a,b", "a=b"])
@pytest.mark.req("N27")
def test_no_value_can_write_its_own_attributes(value: str) -> None:
    """Characters that could end a cookie's value are refused, signed or not."""
    with pytest.raises(ValueError, match="letters"):
        set_cookie(SESSION_COOKIE, value, max_age=1)
    with pytest.raises(ValueError, match="letters"):
        SignedCookie([NEW], "session").sign(value)


@pytest.mark.req("N32", "N33")
def test_the_session_cookie_is_small() -> None:
    """A signed handle of the largest generation, name included, stays around a hundred bytes."""
    signed = SignedCookie([NEW], "session").sign(HANDLE)
    assert len(SESSION_COOKIE.name) + len(signed) <= 120
    assert re.fullmatch(r"[A-Za-z0-9._-]+", signed)


@given(VALUES)
@pytest.mark.req("N34", "N126")
def test_what_any_key_of_the_ring_signed_is_read(value: str) -> None:
    """The newest key signs; a value signed before a rotation is read after it."""
    before = SignedCookie([OLD], "session")
    rotated = SignedCookie([OLD, NEW], "session")
    after = SignedCookie([NEW], "session")
    assert rotated.read(before.sign(value)) == value
    assert after.read(rotated.sign(value)) == value
    assert after.read(before.sign(value)) is None


@given(VALUES, st.data())
@pytest.mark.req("N36")
def test_a_changed_value_is_not_read(value: str, data: st.DataObject) -> None:
    """Flip, drop or add any character, and nobody signed that."""
    cookie = SignedCookie([NEW], "session")
    signed = cookie.sign(value)
    at = data.draw(st.integers(0, len(signed) - 1))
    letter = data.draw(st.sampled_from("aZ0._~-é =\n"))
    changed = {signed[:at] + letter + signed[at + 1 :], signed[:at] + signed[at + 1 :]}
    changed |= {signed[:at] + letter + signed[at:], signed + letter, signed[:at]}
    for text in changed - {signed}:
        # The last letter of a base64 signature carries four bits; two spellings decode alike.
        if text[:-1] != signed[:-1] or not text[-1:].isalnum():
            assert cookie.read(text) is None


@given(st.text(max_size=80))
@pytest.mark.req("N36")
def test_no_text_crashes_the_reading(text: str) -> None:
    """Whatever a browser sends is unsigned, and nothing worse."""
    assert SignedCookie([NEW], "session").read(text) is None


@pytest.mark.req("N36")
def test_foreign_signatures_are_not_read() -> None:
    """Another key, another purpose, no signature, or an endless one."""
    cookie = SignedCookie([NEW], "session")
    signed = cookie.sign(HANDLE)
    assert cookie.read(signed) == HANDLE
    assert SignedCookie([OTHER], "session").read(signed) is None
    assert SignedCookie([NEW], "login").read(signed) is None
    assert cookie.read(HANDLE) is None
    assert cookie.read("") is None
    assert cookie.read("a" * 2000 + signed) is None


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b"short"]])
def test_weak_rings_are_refused(keys: list[bytes]) -> None:
    """No key, or one that could be guessed."""
    with pytest.raises(ValueError, match="32 bytes"):
        SignedCookie(keys, "session")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], {}),
        ([b""], {}),
        ([b"a=b; __Host-Http-bff=v.1; c=d"], {"__Host-Http-bff": "v.1"}),
        (
            [b"__Host-Http-bff=v;__Host-Http-bff-login=w"],
            {SESSION_COOKIE.name: "v", LOGIN_COOKIE.name: "w"},
        ),
        ([b"a=b", b"__Host-Http-bff-note=x"], {NOTE_COOKIE.name: "x"}),
        ([b"__Host-Http-bff=v; __Host-Http-bff=v"], {SESSION_COOKIE.name: "v"}),
        ([b"__Host-Http-bff", b"; ;=;x=__Host-Http-bff=v", b"\xff\x00=\xff"], {}),
        ([b"__Host-Http-bffx=v; x__Host-Http-bff=v; __host-http-bff=v"], {}),
        ([b"__Host-Http-bff=\xc3\xa9"], {}),
        ([b"__Host-Http-bff="], {SESSION_COOKIE.name: ""}),
        ([b'\t__Host-Http-bff="v=w"'], {SESSION_COOKIE.name: '"v=w"'}),
    ],
)
@pytest.mark.req("N31", "N36")
def test_our_cookies_are_found_among_strangers(headers: list[bytes], found: dict[str, str]) -> None:
    """By exact name, in one or several fields; strangers may look as they like."""
    assert read_cookies(headers) == found


@pytest.mark.parametrize(
    "headers",
    [
        [b"__Host-Http-bff=mine; __Host-Http-bff=planted"],
        [b"__Host-Http-bff=mine", b"a=b; __Host-Http-bff=planted"],
        [b"__Host-Http-bff-login=mine; __Host-Http-bff-login="],
    ],
)
@pytest.mark.req("N30", "N36")
def test_two_cookies_of_one_name_are_refused(headers: list[bytes]) -> None:
    """Choosing one would let whoever planted the other choose."""
    with pytest.raises(RequestMalformed) as refused:
        read_cookies(headers)
    assert refused.value.what == "cookie"


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_no_header_crashes_the_reading(headers: list[bytes]) -> None:
    """Any bytes read as some of our cookies, or none, or are refused."""
    with contextlib.suppress(RequestMalformed):
        assert set(read_cookies(headers)) <= {cookie.name for cookie in COOKIES}


@pytest.mark.req("N126")
def test_a_cookie_of_an_older_key_is_to_be_signed_anew() -> None:
    """It is still read; what the newest key signed is up to date; a forgery is neither."""
    old, new = b"o" * 32, b"n" * 32
    before, after = SignedCookie([old], "session"), SignedCookie([old, new], "session")
    text = before.sign("value")
    assert (after.read(text), after.is_up_to_date(text)) == ("value", False)
    assert after.is_up_to_date(after.sign("value"))
    assert before.is_up_to_date(text)
    assert not after.is_up_to_date(text + "x")
