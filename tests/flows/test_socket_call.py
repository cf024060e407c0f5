"""One WebSocket, told in virtual time: handshake, messages, and every way it can end."""

from collections import deque
from typing import Any

import pytest

from bff.adapters.closing import ProcessClosing
from bff.audit import events
from bff.errors import (
    BffError,
    ContentTooLarge,
    InsufficientScope,
    RateLimited,
    ResourceServerResponseInvalid,
    SessionChanged,
    SessionRequired,
    StepUpRequired,
    TokenLeaked,
)
from bff.flows.client_token import ClientTokenFlow
from bff.flows.session_watch import SessionWatch
from bff.flows.socket_call import SocketCall, SocketCallFlow
from bff.flows.user_token import UserTokenFlow
from bff.resource.messages import ApiRequest, Forwarded
from bff.resource.routes import ApiRoute, Upstream
from bff.resource.sockets import LOST, Close, Message, Refusal, SocketClosed, read_offer
from bff.session.model import EndReason
from tests.flows.fakes import MemorySessionStore
from tests.flows.fleet import Fleet
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.flows.virtual_time import Process, Running, Signal, World

SOON = 0.5
CHALLENGE = [(b"www-authenticate", b'Bearer error="invalid_token"')]


class End:
    """One end of a socket: what comes from it is put there by a test; what it gets is kept."""

    def __init__(self, world: World, *, subprotocol: str | None = None) -> None:
        self.world = world
        self.subprotocol = subprotocol
        self.accepted: list[str | None] = []
        self.got: list[Message] = []
        self.closed: list[Close | BffError] = []
        self.gone: Close | None = None
        self._coming: deque[Message | BffError] = deque()
        self._news: Signal[None] = Signal(world)

    def says(self, *messages: Message | BffError) -> None:
        """These come from it."""
        self._coming.extend(messages)
        self._wake()

    def leaves(self, close: Close) -> None:
        """It closes."""
        self.gone = close
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = Signal(self.world)

    async def accept(self, subprotocol: str | None) -> None:
        self.accepted.append(subprotocol)

    async def receive(self) -> Message:
        while not self._coming:
            if self.gone is not None:
                raise SocketClosed(self.gone)
            await self._news
        message = self._coming.popleft()
        if isinstance(message, BffError):
            raise message
        return message

    async def send(self, message: Message) -> None:
        if self.gone is not None:
            raise SocketClosed(self.gone)
        self.got.append(message)

    async def close(self, close: Close | BffError) -> None:
        self.closed.append(close)
        if self.gone is None:
            self.leaves(close if isinstance(close, Close) else LOST)


class Server:
    """The port SocketServer: hands out prepared ends or refusals."""

    def __init__(self, *ends: End | Refusal) -> None:
        self.ends = list(ends)
        self.asked: list[tuple[ApiRequest, tuple[str, ...]]] = []

    async def open(
        self, _route: ApiRoute, request: ApiRequest, subprotocols: tuple[str, ...]
    ) -> End | Refusal:
        self.asked.append((request, subprotocols))
        return self.ends.pop(0)


class Talking:
    """A signed-in user's page, an API, and the flow between them."""

    def __init__(self, *refusals: Refusal, subprotocol: str | None = None) -> None:
        self.fleet = Fleet()
        self.world = self.fleet.world
        self.session = self.fleet.begin()
        self.page = End(self.world)
        self.api = End(self.world, subprotocol=subprotocol)
        self.server = Server(*refusals, self.api)
        self.closing = ProcessClosing()
        self.store = MemorySessionStore(self.fleet.memory)
        process = Process(self.world, "p1")
        provider = ScriptedProvider(ProviderState(clock=self.world))
        self.flow = SocketCallFlow(
            self.fleet.member(),
            UserTokenFlow(self.fleet.member(), self.world, self.fleet.trail),
            ClientTokenFlow(provider, process, self.world, 300.0, 2.0),
            self.server,
            SessionWatch(self.store, self.world, self.fleet.limits, self.closing),
            process,
            self.world,
            self.fleet.trail,
            2,
        )

    def call(self, *offered: str, pinned: str | None = None, **overrides: Any) -> SocketCall:
        """GET /api/ws."""
        route: dict[str, Any] = {
            "name": "ws",
            "prefix": "/api/ws",
            "upstream": Upstream("https", "api.example", 443, "/ws"),
            "methods": ("GET",),
            "websocket": True,
        }
        presented = self.fleet.shown(self.session, pinned_ref=pinned)
        values: dict[str, Any] = {
            "target": b"/ws",
            "headers": [(b"user-agent", b"ua")],
            "offer": read_offer(offered),
            "forwarded": Forwarded("192.0.2.1", "app.example", "https", "req-1"),
            "presented": overrides.pop("presented", presented),
        }
        return SocketCall(route=ApiRoute(**{**route, **overrides}), **values)

    def begin(self, call: SocketCall | None = None) -> Running[Any]:
        """Open it, in the background."""
        running = self.world.spawn("p1", "socket", self.flow.run(call or self.call(), self.page))
        self.world.settle(SOON)
        return running

    def outcome(self, running: Running[Any]) -> Any:
        """How it ended; it has ended, and nothing is left of it."""
        assert running.finished()
        self.world.settle(SOON)
        assert not self.flow.open
        assert not any(self.fleet.memory.ears.values())

        async def result() -> Any:
            return await running.done

        return self.world.run(result())

    def sent(self, number: int = 0) -> dict[bytes, bytes]:
        """The fields of a handshake as the API saw them."""
        return dict(self.server.asked[number][0].headers)


@pytest.mark.req("N48", "N87")
def test_messages_go_both_ways_in_order() -> None:
    """With the user's token in the handshake's field, never in its target."""
    talking = Talking(subprotocol="chat")
    running = talking.begin(talking.call("chat", "bff-session.s_x", pinned="s_ada"))
    talking.page.says("one", b"two")
    talking.api.says(b"three", "four")
    talking.world.settle(SOON)
    assert (talking.api.got, talking.page.got) == (["one", b"two"], [b"three", "four"])
    assert talking.page.accepted == ["chat"]
    assert talking.server.asked[0][1] == ("chat",)
    assert talking.sent()[b"authorization"] == b"Bearer access-0"
    assert talking.server.asked[0][0].target == b"/ws"
    assert not running.finished()


def test_the_api_closes() -> None:
    """The page is told its code and its reason."""
    talking = Talking()
    running = talking.begin()
    talking.api.leaves(Close(3000, "enough"))
    talking.world.settle(SOON)
    assert talking.outcome(running) == Close(3000, "enough")
    assert talking.page.closed == [Close(3000, "enough")]


def test_an_api_that_breaks_off_is_no_good_end() -> None:
    """The page learns that it was not meant."""
    talking = Talking()
    running = talking.begin()
    talking.api.leaves(LOST)
    talking.world.settle(SOON)
    assert isinstance(talking.outcome(running), ResourceServerResponseInvalid)


@pytest.mark.parametrize(
    ("said", "told"), [(Close(4000, "done"), Close(4000, "done")), (LOST, Close(1001))]
)
def test_the_page_leaves(said: Close, told: Close) -> None:
    """The API is told, whether it said so or vanished."""
    talking = Talking()
    running = talking.begin()
    talking.page.leaves(said)
    talking.world.settle(SOON)
    assert talking.outcome(running) == said
    assert talking.api.closed[0] == told


def test_a_page_that_vanishes_while_it_is_sent_something() -> None:
    """The same."""
    talking = Talking()
    running = talking.begin()
    talking.page.gone = LOST
    talking.api.says("hello?")
    talking.world.settle(SOON)
    assert talking.outcome(running) == LOST
    assert talking.api.closed


def test_an_api_that_closes_while_it_is_sent_something() -> None:
    """Its own code counts."""
    talking = Talking()
    running = talking.begin()
    talking.api.gone = Close(1013, "later")
    talking.page.says("hello?")
    talking.world.settle(SOON)
    talking.api.leaves(Close(1013, "later"))
    talking.world.settle(SOON)
    assert talking.outcome(running) == Close(1013, "later")


@pytest.mark.req("N48")
def test_it_ends_with_the_session() -> None:
    """What the API said in that moment is not delivered any more."""
    talking = Talking()
    running = talking.begin()
    talking.world.run(talking.store.end(talking.session.key, EndReason.ADMIN, talking.world.now()))
    talking.world.settle(SOON)
    ending = talking.outcome(running)
    assert getattr(ending, "reason", None) == "admin"
    assert talking.page.closed == [ending]
    assert talking.api.closed[0] == Close(1000)


@pytest.mark.req("N48")
def test_nothing_is_delivered_after_the_end() -> None:
    """Not even what had arrived before the API's end was closed."""
    talking = Talking()
    running = talking.begin()
    async_close = talking.api.close

    async def slow_close(close: Close | BffError) -> None:
        talking.api.says("too late")
        await async_close(close)

    talking.api.close = slow_close  # type: ignore[method-assign]
    talking.world.run(talking.store.end(talking.session.key, EndReason.ADMIN, talking.world.now()))
    talking.world.settle(SOON)
    assert running.finished()
    assert talking.page.got == []


def test_a_process_that_ends_lets_go() -> None:
    """Going away, on both sides; also without a session."""
    for overrides in ({}, {"token": "none", "presented": None}):
        talking = Talking()
        running = talking.begin(talking.call(**overrides))
        talking.closing.begin()
        for key in list(talking.fleet.memory.ears):
            talking.fleet.memory.tell(key)
        talking.world.settle(SOON)
        assert talking.outcome(running) == Close(1001, "bff:going_away")
        assert talking.api.closed[0] == Close(1001)


@pytest.mark.req("N68")
@pytest.mark.parametrize("said", [["<access-0>"], [b"access", b"-0"]])
def test_a_token_in_messages_is_stopped(said: list[Message]) -> None:
    """In one, or across two; recorded."""
    talking = Talking()
    running = talking.begin()
    talking.api.says(*said)
    talking.world.settle(SOON)
    assert isinstance(talking.outcome(running), TokenLeaked)
    assert all("access-0" not in str(message) for message in talking.page.got)
    assert talking.fleet.trail.of(events.TokenLeakStopped)[0].place == "socket"


@pytest.mark.req("N68")
def test_a_token_in_the_reason_of_a_close_is_stopped() -> None:
    """The page sees our own reason."""
    talking = Talking()
    running = talking.begin()
    talking.api.leaves(Close(3000, "access-0"))
    talking.world.settle(SOON)
    assert isinstance(talking.outcome(running), TokenLeaked)


def test_the_guard_can_be_switched_off() -> None:
    """For a route."""
    talking = Talking()
    talking.begin(talking.call(leak_guard=False))
    talking.api.says("access-0")
    talking.world.settle(SOON)
    assert talking.page.got == ["access-0"]


def test_a_message_beyond_the_limit_ends_it() -> None:
    """Both sides are told."""
    talking = Talking()
    running = talking.begin()
    talking.page.says(ContentTooLarge(10))
    talking.world.settle(SOON)
    assert isinstance(talking.outcome(running), ContentTooLarge)
    assert talking.api.closed[0] == Close(1009)


def refused(talking: Talking, call: SocketCall) -> None:
    """Nothing was accepted, nothing is left."""
    talking.world.run(talking.flow.run(call, talking.page))
    assert talking.page.accepted == []


@pytest.mark.req("N52")
@pytest.mark.parametrize("token", ["user", "client"])
def test_without_a_session_there_is_no_socket(token: str) -> None:
    """Unless the route needs none."""
    talking = Talking()
    with pytest.raises(SessionRequired):
        refused(talking, talking.call(token=token, presented=None))
    assert not talking.server.asked


def test_a_page_that_believes_in_another_session_gets_no_socket() -> None:
    """Pinned as a call is."""
    talking = Talking()
    with pytest.raises(SessionChanged):
        refused(talking, talking.call(pinned="s_other"))


@pytest.mark.req("N76")
def test_a_narrowed_scope_gets_no_socket() -> None:
    """The route wants more than was granted."""
    talking = Talking()
    with pytest.raises(InsufficientScope):
        refused(talking, talking.call(scopes=("leads.write",)))


def test_a_client_route_acts_as_the_client() -> None:
    """For a user who is signed in."""
    talking = Talking()
    talking.begin(talking.call(token="client"))
    assert talking.sent()[b"authorization"] not in {b"", b"Bearer access-0"}


def test_what_the_api_refuses_is_handed_back() -> None:
    """The page is not accepted."""
    talking = Talking(Refusal(403, []))
    running = talking.begin()
    assert talking.outcome(running) == Refusal(403, [])
    assert talking.page.accepted == []


def test_an_invalid_token_challenge_brings_one_renewal_and_one_more_handshake() -> None:
    """And no third."""
    talking = Talking(Refusal(401, CHALLENGE))
    talking.world.settle(60)
    talking.begin()
    assert talking.sent(1)[b"authorization"] == b"Bearer access-1"
    assert talking.page.accepted == [None]
    young = Talking(Refusal(401, CHALLENGE))
    assert young.outcome(young.begin()) == Refusal(401, CHALLENGE)


@pytest.mark.req("N98")
def test_there_is_a_limit_for_each_session() -> None:
    """Recorded; a place that is left can be taken."""
    talking = Talking()
    others = [End(talking.world), End(talking.world)]
    talking.server.ends += others
    first = talking.begin()
    talking.page = End(talking.world)
    second = talking.begin()
    with pytest.raises(RateLimited):
        refused(talking, talking.call())
    assert talking.fleet.trail.of(events.RateLimitHit)[0].limit == "websockets"
    talking.api.leaves(Close(1000))
    talking.world.settle(SOON)
    assert first.finished()
    assert not second.finished()
    talking.page = End(talking.world)
    assert not talking.begin().finished()


@pytest.mark.req("N61")
@pytest.mark.parametrize("token", ["user", "client"])
def test_a_route_that_asks_for_a_recent_sign_in_asks_before_it_opens(token: str) -> None:
    """RFC 9470 at the handshake: no socket, nothing sent to the API."""
    talking = Talking()
    talking.world.settle(400)
    running = talking.begin(talking.call(max_age=300, token=token))
    with pytest.raises(StepUpRequired):
        talking.outcome(running)
    assert talking.server.asked == []
    assert talking.page.accepted == []
