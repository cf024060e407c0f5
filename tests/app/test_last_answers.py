"""What a process that is replaced says in its answers, behind a server whose connections it does not see."""

from typing import Any

import pytest

from bff.adapters.closing import ProcessClosing
from bff.endpoints.last_answers import LastAnswers

CLOSE = (b"connection", b"close")


async def answered(
    closing: ProcessClosing, *, version: str = "1.1", during: bool = False
) -> list[Any]:
    """The fields of an answer; ``during``: the process is replaced while the call is under way."""
    sent: list[dict[str, Any]] = []

    async def gate(_scope: Any, _receive: Any, send: Any) -> None:
        closing.leaving |= during
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"whole"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": version}
    await LastAnswers(gate, closing)(scope, None, send)
    assert sent[1] == {"type": "http.response.body", "body": b"whole"}
    fields: list[Any] = sent[0]["headers"]
    return fields


@pytest.mark.parametrize("during", [False, True])
async def test_each_answer_is_the_last_once_another_process_is_there(*, during: bool) -> None:
    """Also one to a call that was under way."""
    closing = ProcessClosing()
    assert CLOSE not in await answered(closing)
    closing.leaving = not during
    assert await answered(closing, during=during) == [(b"a", b"b"), CLOSE]


async def test_a_connection_of_many_streams_is_told_by_its_server() -> None:
    """HTTP/2 has no such field (RFC 9113, section 8.2.2)."""
    closing = ProcessClosing()
    closing.leaving = True
    assert await answered(closing, version="2") == [(b"a", b"b")]


async def test_a_socket_passes() -> None:
    """It is told by the app when it ends."""
    seen: list[Any] = []

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    await LastAnswers(gate, ProcessClosing())({"type": "websocket"}, 1, 2)
    assert seen == [({"type": "websocket"}, 1, 2)]
