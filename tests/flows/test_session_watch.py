"""What stays open is watched: it ends with its session, and with the process."""

from typing import Any

import pytest

from bff.adapters.closing import ProcessClosing
from bff.errors import (
    BffError,
    ReauthenticationRequired,
    ResourceServerResponseInvalid,
    SessionExpired,
    SessionRequired,
    StoreUnavailable,
)
from bff.flows.event_stream import EventStream, is_event_stream
from bff.flows.session_watch import RECHECK_SECONDS, SessionWatch
from bff.session.limits import SessionLimits
from bff.session.model import EndReason
from tests.flows.fakes import MemorySessionStore
from tests.flows.fleet import Fleet
from tests.flows.virtual_time import Process, Running, Signal

SOON = 0.5


class Watching:
    """One live session, and a watch over it."""

    def __init__(self, **limits: float) -> None:
        self.fleet = Fleet(limits=SessionLimits(**limits))
        self.world = self.fleet.world
        self.session = self.fleet.begin()
        self.away = False
        self.closing = ProcessClosing()
        self.store = MemorySessionStore(self.fleet.memory, self._hop)
        self.watch = SessionWatch(self.store, self.world, self.fleet.limits, self.closing)

    async def _hop(self, operation: str) -> None:
        if self.away and operation.startswith("load"):
            raise StoreUnavailable

    def begin(self) -> Running[BffError | None]:
        """Start to watch."""
        running: Running[BffError | None] = self.world.spawn(
            "p1", "watch", self.watch.ended(self.session.key)
        )
        self.world.settle()
        return running

    def result(self, running: Running[BffError | None]) -> BffError | None:
        """Why it ended, or None; it has ended."""
        assert running.finished()

        async def outcome() -> BffError | None:
            return await running.done

        return self.world.run(outcome())

    def end(self, reason: EndReason) -> None:
        """Somebody ends the session."""
        self.world.run(self.store.end(self.session.key, reason, self.world.now()))


@pytest.mark.req("N48")
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (EndReason.SIGNED_OUT, SessionRequired),
        (EndReason.REFRESH_REJECTED, ReauthenticationRequired),
        (EndReason.IDLE_TIMEOUT, SessionExpired),
    ],
)
def test_the_end_of_a_session_is_heard_at_once(reason: EndReason, error: type[BffError]) -> None:
    """By news, not by asking again and again."""
    watching = Watching()
    running = watching.begin()
    watching.world.settle(1)
    assert not running.finished()
    watching.end(reason)
    watching.world.settle(SOON)
    assert isinstance(watching.result(running), error)


def test_other_news_of_the_session_ends_nothing() -> None:
    """A renewal is news, too."""
    watching = Watching()
    running = watching.begin()
    watching.fleet.memory.tell(watching.session.key)
    watching.world.settle(SOON)
    assert not running.finished()


@pytest.mark.parametrize(
    ("limits", "limit"),
    [({"idle": 100.0}, "idle"), ({"idle": 1e9}, "absolute")],
)
def test_a_limit_that_passes_is_noticed_without_news(limits: dict[str, float], limit: str) -> None:
    """At its second, by our own clock."""
    watching = Watching(**limits)
    running = watching.begin()
    left = 100.0 if limit == "idle" else 604_800.0
    watching.world.settle(left - 1)
    assert not running.finished()
    watching.world.settle(1 + SOON)
    ended = watching.result(running)
    assert isinstance(ended, SessionExpired)
    assert ended.limit == limit


def test_use_elsewhere_moves_the_idle_limit() -> None:
    """The limit is read again when it seems to have passed."""
    watching = Watching(idle=100.0, touch_interval=10.0)
    running = watching.begin()
    watching.world.settle(90)
    watching.world.run(watching.store.touch(watching.session, watching.world.now()))
    watching.world.settle(50)
    assert not running.finished()
    watching.world.settle(60)
    assert isinstance(watching.result(running), SessionExpired)


def test_a_session_that_vanishes_without_a_word_is_noticed() -> None:
    """By looking again, after half a minute at most."""
    watching = Watching()
    running = watching.begin()
    del watching.fleet.memory.sessions[watching.session.key]
    del watching.fleet.memory.known[watching.session.key]
    watching.world.settle(RECHECK_SECONDS + SOON)
    assert isinstance(watching.result(running), SessionRequired)


@pytest.mark.req("S5")
def test_a_store_that_is_away_ends_nothing() -> None:
    """And what happened meanwhile is known soon after it came back."""
    watching = Watching()
    running = watching.begin()
    watching.away = True
    watching.world.settle(600)
    assert not running.finished()
    watching.end(EndReason.ADMIN)
    watching.away = False
    watching.world.settle(RECHECK_SECONDS + SOON)
    assert running.finished()


def test_a_process_that_ends_lets_go() -> None:
    """Woken by whoever says so."""
    watching = Watching()
    running = watching.begin()
    watching.closing.begin()
    watching.fleet.memory.tell(watching.session.key)
    watching.world.settle(SOON)
    assert watching.result(running) is None


class OpenBody:
    """A body that says one thing and then waits, as a source of events does."""

    def __init__(self, watching: Watching) -> None:
        self.broken: Signal[None] = Signal(watching.world)
        self.closed = False

    async def __aiter__(self) -> Any:
        yield b"data: 1\n\n"
        await self.broken

    async def aclose(self) -> None:
        self.closed = True
        self.broken.set(error=ResourceServerResponseInvalid("abandoned"))


def streaming(watching: Watching) -> tuple[OpenBody, EventStream, list[bytes], Running[None]]:
    """A stream of events that somebody reads."""
    body, got = OpenBody(watching), list[bytes]()
    stream = EventStream(body, watching.session.key, watching.watch, Process(watching.world, "p1"))
    running = watching.world.spawn("p1", "reader", _reading(stream, got))
    watching.world.settle()
    return body, stream, got, running


async def _reading(stream: EventStream, got: list[bytes]) -> None:
    got.extend([piece async for piece in stream])


@pytest.mark.req("N48")
def test_events_stop_with_the_session() -> None:
    """Cleanly; the API is let go."""
    watching = Watching()
    body, _, got, running = streaming(watching)
    watching.end(EndReason.ADMIN)
    watching.world.settle(SOON)
    assert (got, body.closed, running.finished()) == ([b"data: 1\n\n"], True, True)
    assert watching.world.failures == []


def test_an_api_that_breaks_off_breaks_the_stream() -> None:
    """It is not mistaken for the end of the session; nothing is watched any longer."""
    watching = Watching()
    body, _, _, running = streaming(watching)
    body.broken.set(error=ResourceServerResponseInvalid("truncated"))
    watching.world.settle(SOON)
    assert running.finished()
    assert [name for name, _ in watching.world.failures] == ["reader"]
    assert watching.fleet.memory.ears[watching.session.key] == []


def test_a_page_that_leaves_is_watched_no_longer() -> None:
    """Giving up the stream gives up the watch; twice is harmless."""
    watching = Watching()
    body, stream, _, _ = streaming(watching)
    watching.world.run(stream.aclose())
    watching.world.settle(SOON)
    assert body.closed
    assert watching.fleet.memory.ears[watching.session.key] == []
    untouched = EventStream(
        OpenBody(watching), watching.session.key, watching.watch, Process(watching.world, "p1")
    )
    watching.world.run(untouched.aclose())


def test_what_a_stream_of_events_looks_like() -> None:
    """By its media type, whatever its case and parameters."""
    assert is_event_stream([(b"content-type", b"text/event-stream; charset=utf-8")])
    assert is_event_stream([(b"content-type", b"Text/Event-Stream")])
    assert not is_event_stream([(b"content-type", b"text/plain")])
