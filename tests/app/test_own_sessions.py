"""A user's own sessions over the wire, and their limits."""

import pytest

from tests.app.house import Browser, House


@pytest.fixture
async def browsers(house: House) -> list[Browser]:
    """Ada at her desk, Ada on her phone, and Grace."""
    made = [house.browser() for _ in range(3)]
    made[
        1
    ].user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1"
    for browser, user in zip(made, ("ada", "ada", "grace"), strict=True):
        await browser.sign_in(user)
        house.pass_time(1)
    return made


@pytest.mark.req("N60")
async def test_a_user_sees_where_they_are_signed_in(browsers: list[Browser]) -> None:
    """Device, network, times and a reference; no id, no token, nobody else's."""
    desk = browsers[0]
    answer = await desk.call("GET", "/bff/sessions")
    listed = answer.json()["sessions"]
    assert [(one["device"], one["current"]) for one in listed] == [
        ("Safari on iPhone", False),
        ("Firefox on Linux", True),
    ]
    assert {one["network"] for one in listed} == {"127.0.0.0/24"}
    assert desk.cookies["__Host-Http-bff"][0].split(".")[0] not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.req("N58", "N60")
async def test_the_others_end_and_the_current_one_lives(browsers: list[Browser]) -> None:
    """The phone is told 401 at its next call; Grace notices nothing."""
    desk, phone, grace = browsers
    ended = await desk.call("POST", "/bff/sessions/end", json={"others": True})
    assert ended.json() == {"ended": 1}
    assert (await phone.call("GET", "/api/me")).status_code == 401
    assert (await desk.call("GET", "/api/me")).status_code == 200
    assert (await grace.call("GET", "/api/me")).status_code == 200


@pytest.mark.req("N58", "N60")
async def test_one_ends_by_its_reference_and_only_ones_own(browsers: list[Browser]) -> None:
    """Grace's reference ends nothing, whoever knows it."""
    desk, phone, grace = browsers
    stolen = await desk.call("POST", "/bff/sessions/end", json={"ref": grace.ref})
    assert stolen.json() == {"ended": 0}
    ended = await desk.call("POST", "/bff/sessions/end", json={"ref": phone.ref})
    assert ended.json() == {"ended": 1}
    assert (await phone.call("GET", "/api/me")).status_code == 401
    assert (await grace.call("GET", "/api/me")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"ref":"s_1","others":true}', b'{"all":true}', b'{"ref":7}', b"x" * 2000],
)
async def test_an_ending_must_say_exactly_what(browsers: list[Browser], body: bytes) -> None:
    """Anything else ends nothing."""
    answer = await browsers[0].call("POST", "/bff/sessions/end", content=body)
    assert answer.status_code in {400, 413}
    assert (await browsers[1].call("GET", "/api/me")).status_code == 200


@pytest.mark.req("N53", "N52")
async def test_the_idle_limit_ends_a_session_on_the_server(browsers: list[Browser]) -> None:
    """Whatever the cookie says; a second earlier it lives."""
    desk = browsers[0]
    desk.house.pass_time(86_390)
    assert (await desk.call("GET", "/api/me")).status_code == 200
    desk.house.pass_time(86_401)
    refused = await desk.call("GET", "/api/me")
    assert (refused.status_code, refused.headers["bff-error"]) == (401, "session_expired")


@pytest.mark.req("N54", "S3")
async def test_a_busy_session_ends_after_seven_days_all_the_same(browsers: list[Browser]) -> None:
    """Used every twelve hours."""
    desk = browsers[0]
    for _ in range(13):
        desk.house.pass_time(43_200)
        assert (await desk.call("GET", "/api/me")).status_code == 200
        await desk.house.settle()
    desk.house.pass_time(43_201)
    refused = await desk.call("GET", "/api/me")
    assert (refused.status_code, refused.json()["reason"]) == (401, "absolute")


@pytest.mark.req("N52")
async def test_a_deleted_session_is_gone_at_the_next_request(browsers: list[Browser]) -> None:
    """Redis is asked each time."""
    desk = browsers[0]
    for key in await desk.house.redis.keys("bff:{*}:session"):
        await desk.house.redis.delete(key)
    assert (await desk.call("GET", "/api/me")).status_code == 401
