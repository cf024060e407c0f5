"""A line for each request, written by somebody who has time to wait."""

import json
import os
import time
from typing import Any

import pytest

from bff.adapters.access_log import AccessLog
from bff.adapters.entropy import RequestIds


def a_log(descriptor: int) -> AccessLog:
    """At a moment that stands still."""
    return AccessLog(descriptor, lambda: 1_700_000_000.25)


async def written(*paths: str) -> list[dict[str, Any]]:
    """What comes out for requests to ``paths``."""
    reading, writing = os.pipe()
    log = a_log(writing)
    for path in paths:
        log.write("req_1", "GET", path, 200, 0.01234)
    log.close()
    os.close(writing)
    with os.fdopen(reading, "rb") as out:
        return [json.loads(line) for line in out.read().splitlines()]


async def test_a_request_is_one_line_of_json_in_order() -> None:
    """With the names of every other line of the log."""
    first, second = await written("/api/a", "/api/ü")
    assert first == {
        "request_id": "req_1",
        "method": "GET",
        "path": "/api/a",
        "status": 200,
        "ms": 12.3,
        "event": "request",
        "level": "info",
        "timestamp": "2023-11-14T22:13:20.250000Z",
    }
    assert second["path"] == "/api/ü"


@pytest.mark.req("N66", "N68")
@pytest.mark.parametrize(
    "path", ["/api/eyJhbGciOiJSUzI1NiJ9.x", "/api/Bearer abcdef", "/api/__Host-Http-bff=abcdef"]
)
async def test_what_looks_like_a_secret_goes_out_as_asterisks(path: str) -> None:
    """Somebody put it into an address."""
    (line,) = await written(path)
    assert "***" in line["path"]
    assert not {"eyJhbGciOiJSUzI1NiJ9", "abcdef"} & set(line["path"].replace("=", "/").split("/"))


async def test_a_reader_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() -> None:
    """A full pipe: lines are dropped and counted, the caller never waits."""
    reading, writing = os.pipe()
    log = a_log(writing)
    for _ in range(60):
        for _ in range(200):
            log.write("req_1", "GET", "/api/" + "a" * 200, 200, 0.0)
        log.flush()
    assert log.dropped > 0
    log.close(timeout_seconds=0.05)
    with os.fdopen(reading, "rb") as out:
        missed = log.dropped
        data = b""
        deadline = time.monotonic() + 20
        while b"access_lines_dropped" not in data:
            assert time.monotonic() < deadline
            data += os.read(out.fileno(), 65_536)
    os.close(writing)
    last = json.loads(data.splitlines()[-1])
    assert last == {"event": "access_lines_dropped", "level": "warning", "count": missed}


def test_request_ids_are_drawn_in_bulk_and_all_different() -> None:
    """Twelve characters of base64url, from a few draws."""
    draws: list[int] = []

    def dice(octets: int) -> bytes:
        draws.append(octets)
        return os.urandom(octets)

    ids = RequestIds(dice)
    drawn = {ids.new() for _ in range(1000)}
    assert len(drawn) == 1000
    assert len(draws) == 2
    assert all(len(name) == 16 and name.startswith("req_") for name in drawn)
