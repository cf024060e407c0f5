"""What a call on the direct way leaves to do is begun beside it, as on the ordinary way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bff.flows.refresh import RefreshFlow
from tests.app.doorstep import Doorstep, Visitor
from tests.ports.resource_server.scripted_api import OK, PATIENCE, Thinking, answering

New = Callable[..., Awaitable[Doorstep]]
BACKGROUND = ("GET", "/api/v/x", "BFF-Background: 1")
DUE_SECONDS = 650
"""After its sign-in, when a session is due for renewal, with its jitter."""


async def stored(door: Doorstep) -> dict[str, Any]:
    """The session's generation, last use (Unix milliseconds) and acknowledged generation in Redis."""
    (name,) = await door.house.redis.keys("bff:{*}:session")
    fields: Any = await door.house.redis.hgetall(name)
    return {
        "generation": int(fields[b"gen"]),
        "touched": int(fields[b"touch"]),
        "acknowledged": int(fields[b"ack"].partition(b":")[0]),
    }


async def asked(door: Doorstep, request: bytes, *, short_cut: bool = True) -> dict[bytes, bytes]:
    """The fields of a good answer, once all that it began is done."""
    visitor = await door.visitor(short_cut=short_cut)
    visitor.ask(request)
    status, fields, body = await visitor.answer()
    assert (status, body) == (200, b"ok")
    await door.house.settle()
    return fields


def audited(capsys: pytest.CaptureFixture[str], kind: str) -> list[dict[str, Any]]:
    """The events of a kind so far."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if kind in line]


@pytest.mark.req("N55")
async def test_use_is_recorded_beside_the_call(new_doorstep: New) -> None:
    """A person's, once a minute; not what the page does by itself."""
    door = await new_doorstep(answering(OK))
    before = (await stored(door))["touched"]
    door.house.pass_time(61)
    await asked(door, door.request(*BACKGROUND))
    assert (await stored(door))["touched"] == before
    await asked(door, door.request())
    assert (await stored(door))["touched"] >= before + 61_000
    assert door.direct == [True, True]


@pytest.mark.req("R1")
async def test_a_renewal_is_begun_beside_the_call(
    new_doorstep: New, capsys: pytest.CaptureFixture[str]
) -> None:
    """The call goes on with the token in hand; the event tells which call began it, and nobody counts as having been there."""
    door = await new_doorstep(answering(OK))
    touched = (await stored(door))["touched"]
    door.house.pass_time(DUE_SECONDS)
    fields = await asked(door, door.request(*BACKGROUND))
    assert door.direct == [True]
    assert b"set-cookie" not in fields
    after = await stored(door)
    assert (after["generation"], after["touched"]) == (1, touched)
    (event,) = audited(capsys, '"session_renewed"')
    assert (event["request_id"].encode(), event["trigger"]) == (fields[b"x-request-id"], "early")


async def asked_meanwhile(door: Doorstep, api: Thinking) -> Visitor:
    """Somebody who waits for an API that has heard the request and thinks about it."""
    visitor = await door.visitor()
    visitor.ask(door.request())
    async with asyncio.timeout(PATIENCE):
        await api.heard.wait()
    await door.house.settle()
    return visitor


@pytest.mark.req("R1", "N55")
async def test_nothing_is_begun_before_the_call_is_over(new_doorstep: New) -> None:
    """Nobody waits behind what their own call leaves to do."""
    api = Thinking()
    door = await new_doorstep(api)
    before = await stored(door)
    door.house.pass_time(DUE_SECONDS)
    visitor = await asked_meanwhile(door, api)
    assert await stored(door) == before
    api.go_on.set()
    assert (await visitor.answer())[0] == 200
    await door.house.settle()
    after = await stored(door)
    assert after["generation"] == 1
    assert after["touched"] >= before["touched"] + 1000 * DUE_SECONDS
    assert door.direct == [True]


async def test_a_browser_that_leaves_has_used_the_session(new_doorstep: New) -> None:
    """It may have seen enough of a slow API, not of the app."""
    api = Thinking()
    door = await new_doorstep(api)
    door.house.pass_time(DUE_SECONDS)
    visitor = await asked_meanwhile(door, api)
    visitor.writer.transport.abort()
    async with asyncio.timeout(PATIENCE):
        while not door.lines:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.005)
    await door.house.settle()
    assert (await stored(door))["generation"] == 1


@pytest.mark.req("R1")
async def test_a_token_that_ends_while_the_api_thinks_is_renewed_before_anybody_asks(
    new_doorstep: New,
) -> None:
    """The next call finds it done."""
    api = Thinking()
    door = await new_doorstep(api)
    door.house.pass_time(DUE_SECONDS)
    visitor = await asked_meanwhile(door, api)
    door.house.pass_time(900)
    api.go_on.set()
    assert (await visitor.answer())[0] == 200
    await door.house.settle()
    assert (await stored(door))["generation"] == 1


async def test_a_renewal_that_is_put_off_is_not_begun(
    new_doorstep: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And changes nothing for the call."""
    monkeypatch.setattr(RefreshFlow, "worth_starting", lambda *_: False)
    door = await new_doorstep(answering(OK))
    door.house.pass_time(DUE_SECONDS)
    await asked(door, door.request(*BACKGROUND))
    assert door.direct == [True]
    assert (await stored(door))["generation"] == 0


async def renewed(new_doorstep: New) -> tuple[Doorstep, bytes, bytes]:
    """A door after a renewal, the session held anew; a request with the old cookie and one with the new."""
    door = await new_doorstep(answering(OK))
    old = door.request()
    door.house.pass_time(DUE_SECONDS)
    await asked(door, door.request(*BACKGROUND))
    await door.browser.session()
    await door.house.settle()
    door.direct.clear()
    return door, old, door.request(*BACKGROUND)


@pytest.mark.req("N73")
async def test_an_older_handle_gets_the_new_cookie_on_both_ways(new_doorstep: New) -> None:
    """The same, and as often as it is shown."""
    door, old, _ = await renewed(new_doorstep)
    cookies = [
        (await asked(door, old, short_cut=short_cut))[b"set-cookie"].partition(b"; Max-Age=")
        for short_cut in (False, True, True)
    ]
    assert cookies[0][0] == cookies[1][0] == cookies[2][0]
    assert [rest.partition(b";")[2] for _, _, rest in cookies] == [
        cookies[0][2].partition(b";")[2]
    ] * 3
    assert abs(int(cookies[0][2].split(b";")[0]) - int(cookies[1][2].split(b";")[0])) <= 1
    assert cookies[0][0].split(b"=", 1)[1].decode() == door.browser.cookies["__Host-Http-bff"][0]
    assert door.direct == [True, True]
    assert (await stored(door))["acknowledged"] == 0


@pytest.mark.req("N73")
async def test_a_new_handle_is_acknowledged_beside_the_call(new_doorstep: New) -> None:
    """So that the old one ends with its grace; from then on it is the store that judges the old one."""
    door, old, new = await renewed(new_doorstep)
    assert b"set-cookie" not in await asked(door, new)
    assert (await stored(door))["acknowledged"] == 1
    assert door.direct == [True]
    await door.browser.session()
    await asked(door, old)
    assert door.direct == [True, False]


async def test_a_changed_client_is_looked_for_when_use_is_recorded(
    new_doorstep: New, capsys: pytest.CaptureFixture[str]
) -> None:
    """A held session may not be read from Redis for days."""
    door = await new_doorstep(answering(OK))
    firefox = f"User-Agent: {door.browser.user_agent}"
    other = "User-Agent: Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
    audited(capsys, "")
    for agent in (firefox, other):
        door.house.pass_time(61)
        await asked(door, door.request("GET", "/api/v/x", agent))
        await door.browser.session()
    assert door.direct == [True, True]
    (event,) = audited(capsys, '"session_client_changed"')
    assert event["what"] == "browser"
