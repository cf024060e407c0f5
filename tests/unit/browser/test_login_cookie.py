"""What the login cookie carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.browser.login_cookie import (
    PENDING_LIMIT,
    LoginCookie,
    read_login_cookie,
    state_tag,
    write_login_cookie,
)

BROWSER = "b" * 22
STATES = st.text("abcdefgh", min_size=1, max_size=3)


@pytest.mark.req("N4", "N38")
def test_the_last_sign_in_takes_the_cookie_with_it() -> None:
    """Two tabs sign in at once; each finds its own, and only the second ends the cookie."""
    cookie = LoginCookie(BROWSER).add("one").add("two")
    assert cookie.holds("one")
    assert cookie.holds("two")
    assert not cookie.holds("three")
    first = cookie.remove("one")
    assert not first.empty
    assert not first.holds("one")
    assert first.remove("three") == first
    assert first.remove("two").empty


@pytest.mark.req("N38")
def test_fifty_abandoned_sign_ins_leave_it_small() -> None:
    """The oldest are forgotten; the size stays what eight make."""
    cookie = LoginCookie(BROWSER)
    for number in range(50):
        cookie = cookie.add(str(number))
    assert len(cookie.tags) == PENDING_LIMIT
    assert cookie.holds("49")
    assert cookie.holds("42")
    assert not cookie.holds("41")
    assert len(write_login_cookie(cookie)) < 100


@given(st.lists(STATES, min_size=1, max_size=20))
@pytest.mark.req("N38")
def test_what_is_written_is_read(states: list[str]) -> None:
    """Through any sequence of sign-ins; one that starts again counts once."""
    cookie = LoginCookie(BROWSER)
    for state in states:
        cookie = cookie.add(state)
    assert len(set(cookie.tags)) == len(cookie.tags) <= PENDING_LIMIT
    assert cookie.tags[-1] == state_tag(states[-1])
    assert read_login_cookie(write_login_cookie(cookie)) == cookie


@pytest.mark.parametrize(
    "text",
    [
        "",
        BROWSER,
        f"{BROWSER}.",
        f"{BROWSER}.short",
        f"short.{'t' * 8}",
        f"{BROWSER}.{'t' * 8}.",
        BROWSER + ".tttttttt" * 9,
        f"{BROWSER}.tttt~ttt",
        f"{'b' * 65}.tttttttt",
    ],
)
@pytest.mark.req("N38")
def test_other_text_is_no_login_cookie(text: str) -> None:
    """Only what was written is read."""
    assert read_login_cookie(text) is None


def test_it_does_not_print_what_binds_a_browser() -> None:
    """A log shows how many sign-ins are pending."""
    assert repr(LoginCookie(BROWSER).add("one")) == "LoginCookie(***, pending=1)"
