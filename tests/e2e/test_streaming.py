"""Bytes both ways through real processes: in flat memory, in time, and never passed off as whole."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.api_browser import ApiBrowser
from tests.e2e.processes import Stack
from tests.e2e.wire import Memory, head, wired

GIGABYTE = 1024**3
FLAT = 64 * 1024 * 1024
"""What a stream may add to the whole process, buffers of server and event loop included."""
PATIENCE_SECONDS = 20.0
BLOCK = bytes(1024 * 1024)


@pytest.fixture
def ada(stack: Stack) -> Iterator[ApiBrowser]:
    """Ada, signed in."""
    signed_in = ApiBrowser(stack.bff.url, stack.provider_url)
    signed_in.sign_in()
    yield signed_in
    signed_in.close()


def eventually(true: Callable[[], bool]) -> None:
    """Within a generous time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def abandoned(stack: Stack) -> int:
    """How many clients the API saw leave."""
    return int(stack.ask("api", "GET", "/__stats")["abandoned"])


@pytest.mark.req("N100")
@pytest.mark.parametrize("known", [True, False], ids=["content-length", "chunked"])
def test_a_gigabyte_goes_up_in_flat_memory(stack: Stack, ada: ApiBrowser, *, known: bool) -> None:
    """With a length and without one; the API counts every octet."""
    memory = Memory(stack.group("bff"))
    framing = f"Content-Length: {GIGABYTE}" if known else "Transfer-Encoding: chunked"
    frame = BLOCK if known else b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
    with wired(ada.origin) as wire:
        wire.send(head(ada, "POST", "/api/upload", framing))
        for _ in range(GIGABYTE // len(BLOCK)):
            wire.send(frame)
        if not known:
            wire.send(b"0\r\n\r\n")
        status, _ = wire.head()
        assert status == 200
        assert b'"bytes":%d' % GIGABYTE in wire.until(b"}").replace(b" ", b"")
    assert memory.grown() < FLAT


@pytest.mark.req("N100")
def test_a_gigabyte_comes_down_in_flat_memory(stack: Stack, ada: ApiBrowser) -> None:
    """Watched by the leak guard; to the last octet."""
    memory = Memory(stack.group("bff"))
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", f"/api/download?size={GIGABYTE}"))
        status, fields = wire.head()
        assert (status, fields["content-length"]) == (200, str(GIGABYTE))
        assert wire.count(GIGABYTE) == GIGABYTE
    assert memory.grown() < FLAT


def test_a_slow_browser_holds_the_api_back(stack: Stack, ada: ApiBrowser) -> None:
    """A gigabyte that nobody reads stays with the API; other calls go on."""
    memory = Memory(stack.group("bff"))
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", f"/api/download?size={GIGABYTE}"))
        wire.head()
        for _ in range(20):
            assert ada.send("GET", "/api/me").status_code == 200
        assert stack.ask("api", "GET", "/__stats")["in_flight"] >= 1
        assert memory.grown() < FLAT
        assert wire.count(8 * 1024 * 1024) == 8 * 1024 * 1024


@pytest.mark.req("N100")
def test_a_slow_api_is_given_up_and_harms_nobody(stack: Stack, ada: ApiBrowser) -> None:
    """504 after the route's own time (5 s here); meanwhile other routes answer."""
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", "/api/slow?seconds=30"))
        assert ada.send("GET", "/api/me").status_code == 200
        status, fields = wire.head()
    assert (status, fields["bff-error"], fields["bff-forwarded"]) == (
        504,
        "upstream_timeout",
        "yes",
    )


@pytest.mark.parametrize("framing", ["", "&chunked=1"], ids=["content-length", "chunked"])
def test_an_answer_that_breaks_off_looks_broken(ada: ApiBrowser, framing: str) -> None:
    """Fewer octets than promised, or chunks without the last one; never a whole-looking answer."""
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", f"/api/die?after=100000&length=200000{framing}"))
        status, fields = wire.head()
        body = wire.rest()
    assert status == 200
    if framing:
        assert fields["transfer-encoding"] == "chunked"
        assert not body.endswith(b"0\r\n\r\n")
    else:
        assert 0 < len(body) < int(fields["content-length"])


def test_an_api_that_hangs_up_before_its_answer_is_a_bad_gateway(ada: ApiBrowser) -> None:
    """A problem document that says that the request was forwarded."""
    answer = ada.send("GET", "/api/die?after=-1")
    assert (answer.status_code, answer.headers["bff-error"]) == (502, "upstream_broken")
    assert answer.headers["bff-forwarded"] == "yes"


@pytest.mark.parametrize(
    "path",
    ["/api/slow?seconds=60", "/api/sse?count=100&interval=60", "/api/stream?interval=60"],
    ids=["before the answer", "between events", "between pieces"],
)
def test_a_browser_that_leaves_takes_its_call_along(
    stack: Stack, ada: ApiBrowser, path: str
) -> None:
    """The API learns of it, whatever the call was waiting for."""
    before = abandoned(stack)
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", path))
        eventually(lambda: stack.ask("api", "GET", "/__stats")["in_flight"] > 0)
        if "slow" not in path:
            wire.head()
    eventually(lambda: abandoned(stack) == before + 1)


def test_events_come_as_they_happen(ada: ApiBrowser) -> None:
    """The first is here while the second has not been made."""
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", "/api/sse?count=2&interval=3600"))
        status, fields = wire.head()
        assert (status, fields["content-type"]) == (200, "text/event-stream")
        assert b'data: {"n": 1}' in wire.until(b"\n\n")


@pytest.mark.req("N48")
@pytest.mark.parametrize("end", ["signed out", "ended at the provider"])
def test_a_stream_of_events_ends_with_its_session(stack: Stack, ada: ApiBrowser, end: str) -> None:
    """Cleanly, and the next one is told why."""
    with wired(ada.origin) as wire:
        wire.send(head(ada, "GET", "/api/sse?count=100&interval=3600"))
        wire.head()
        wire.until(b"\n\n")
        if end == "signed out":
            assert ada.send("POST", "/bff/logout").status_code == 200
        else:
            stack.ask("provider", "POST", "/__backchannel-logout", {"sub": "ada"})
        assert wire.until(b"0\r\n\r\n")
