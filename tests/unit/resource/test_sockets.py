"""WebSockets: offers, pins and close codes."""

import pytest

from bff.errors import RequestMalformed, RouteNotFound, TokenLeaked
from bff.resource.leak import MessageGuard
from bff.resource.messages import Forwarded, challenges_token, handshake_headers
from bff.resource.routes import ApiRoute, RouteTable, Upstream
from bff.resource.sockets import (
    Close,
    Offer,
    Refusal,
    SocketClosed,
    close_for_api,
    close_for_browser,
    read_offer,
)

TOKEN = b"the-access-token"


def a_route(*, websocket: bool = True) -> ApiRoute:
    """/api/ws."""
    upstream = Upstream("https", "api.example", 443, "/socket")
    return ApiRoute(
        name="ws", prefix="/api/ws", upstream=upstream, methods=("GET",), websocket=websocket
    )


def test_the_pin_is_not_for_the_api() -> None:
    """It is taken out; the order of the rest stays."""
    assert read_offer(["b", "bff-session.s_1", "a"]) == Offer(("b", "a"), "s_1")
    assert read_offer([]) == Offer((), None)


@pytest.mark.parametrize(
    "offered",
    [
        ["bff-session.s_1", "bff-session.s_2"],
        ["bff-session."],
        ["chat", "chat"],
        [str(number) for number in range(33)],
    ],
)
def test_an_offer_with_two_readings_is_none(offered: list[str]) -> None:
    """Two pins, an empty one, a name twice, too many."""
    with pytest.raises(RequestMalformed):
        read_offer(offered)


@pytest.mark.parametrize(
    ("offered", "chosen", "told"),
    [
        (["chat"], "chat", "chat"),
        (["chat"], None, None),
        (["chat", "bff-session.s_1"], None, None),
        (["bff-session.s_1"], None, "bff-session.s_1"),
        ([], None, None),
    ],
)
def test_a_page_that_offers_only_its_pin_is_told_the_pin(
    offered: list[str], chosen: str | None, told: str | None
) -> None:
    """A browser that offered something insists on an answer."""
    assert read_offer(offered).answer(chosen) == told


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (Close(1000, "bye"), Close(1000, "bye")),
        (Close(4401, "mine"), Close(4401, "mine")),
        (Close(4401, "bff:session_required"), Close(4401)),
        (Close(1005), Close(1000)),
        (Close(1006), Close(1011, "bff:upstream_broken")),
        (Close(1014, "x"), Close(1011, "bff:upstream_broken")),
        (Close(2999), Close(1011, "bff:upstream_broken")),
        (Close(5000), Close(1011, "bff:upstream_broken")),
    ],
)
def test_what_a_page_sees_of_the_apis_close(said: Close, seen: Close) -> None:
    """Codes that may be sent pass; a reason of ours is ours."""
    assert close_for_browser(said) == seen


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Close(1001, "left"), Close(1001, "left")),
        (Close(3000), Close(3000)),
        (Close(1005), Close(1000)),
        (Close(1006), Close(1001)),
        (Close(1000, "ü" * 100), Close(1000, "ü" * 61)),
    ],
)
def test_what_an_api_is_told_of_the_pages_close(said: Close, told: Close) -> None:
    """Nothing that does not fit into a control frame."""
    assert close_for_api(said) == told


@pytest.mark.req("N68")
@pytest.mark.parametrize("cut", range(1, len(TOKEN)))
def test_a_token_split_between_messages_is_stopped(cut: int) -> None:
    """Wherever it is split, with or without short messages in between; its last part is not passed."""
    guard = MessageGuard(TOKEN)
    guard.check(b"before " + TOKEN[:cut])
    guard.check(b"")
    with pytest.raises(TokenLeaked):
        guard.check(TOKEN[cut:] + b" after")
    slowly = MessageGuard(TOKEN)
    for at in range(len(TOKEN) - 1):
        slowly.check(TOKEN[at : at + 1])
    with pytest.raises(TokenLeaked):
        slowly.check(TOKEN[-1:])


def test_a_token_within_a_message_is_stopped_and_others_are_not() -> None:
    """Whole messages pass, however like the token they begin."""
    guard = MessageGuard(TOKEN)
    for message in (b"", TOKEN[:-1], b"x", TOKEN[1:], b"x" * 1000):
        guard.check(message)
    with pytest.raises(TokenLeaked):
        guard.check(b"<" + TOKEN + b">")
    with pytest.raises(TokenLeaked):
        MessageGuard(b"t").check(b"at")
    single = MessageGuard(b"t")
    single.check(b"aa")
    single.check(b"aa")
    with pytest.raises(ValueError, match="empty"):
        MessageGuard(b"")


def test_only_a_route_that_says_so_has_sockets() -> None:
    """And its paths are read as all paths are."""
    table = RouteTable([a_route()])
    assert table.match_socket(b"/api/ws/room")[1] == b"/socket/room"
    with pytest.raises(RouteNotFound):
        RouteTable([a_route(websocket=False)]).match_socket(b"/api/ws")
    with pytest.raises(RouteNotFound):
        table.match_socket(b"/api/other")
    with pytest.raises(RequestMalformed):
        table.match_socket(b"/api/ws/;x")


@pytest.mark.req("N87", "N91", "N92")
def test_a_handshake_carries_what_a_call_carries() -> None:
    """The token in its field; nothing of the page's own handshake, no cookie, no length."""
    incoming = [
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-key", b"x"),
        (b"origin", b"https://app.example"),
        (b"cookie", b"a=b"),
        (b"content-length", b"0"),
        (b"user-agent", b"ua"),
    ]
    forwarded = Forwarded("192.0.2.1", "app.example", "https", "req-12345")
    fields = handshake_headers(incoming, a_route(), authorization=b"Bearer t", forwarded=forwarded)
    names = [name for name, _ in fields]
    assert names[:2] == [b"user-agent", b"authorization"]
    assert set(names[2:]) == {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    }


def test_a_challenge_is_one_for_the_token() -> None:
    """Bearer, and for the reason that it is invalid."""
    assert challenges_token([(b"www-authenticate", b'Bearer error="invalid_token"')])
    assert not challenges_token([(b"www-authenticate", b"Bearer")])
    assert not challenges_token([(b"www-authenticate", b'Basic x="invalid_token"')])


def test_a_close_is_told_by_its_code() -> None:
    """The reason may be anything; it is no part of the text."""
    closed = SocketClosed(Close(3000, "whatever"))
    assert (str(closed), closed.close) == ("3000", Close(3000, "whatever"))


def test_a_refusal_shows_its_status_only() -> None:
    """Not its fields."""
    assert repr(Refusal(401, [(b"x", b"secret")])) == "Refusal(401)"


def test_who_finds_a_socket_closed_learns_how() -> None:
    """The close travels with the exception."""
    closed = SocketClosed(Close(4401, "bff:session_expired"))
    assert closed.close == Close(4401, "bff:session_expired")
    assert str(closed) == "4401"
