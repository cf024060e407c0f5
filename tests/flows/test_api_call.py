"""One proxied call."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bff.adapters.closing import ProcessClosing
from bff.audit import events
from bff.errors import InsufficientScope, ProviderUnavailable, SessionRequired, TokenLeaked
from bff.flows.api_call import REPLAYABLE_BODY_BYTES, ApiAnswer, ApiCall, ApiCallFlow
from bff.flows.client_token import ClientTokenFlow
from bff.flows.session_watch import SessionWatch
from bff.flows.user_token import UserTokenFlow
from bff.resource.messages import ApiResponse, Forwarded
from bff.resource.routes import ApiRoute, Upstream
from tests.builders import a_session
from tests.flows.fakes import MemorySessionStore, ScriptedBody, ScriptedResourceServer
from tests.flows.fleet import Fleet
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.flows.virtual_time import Process

CHALLENGE = [(b"www-authenticate", b'Bearer realm="api", error="invalid_token"')]


def a_route(**overrides: Any) -> ApiRoute:
    """GET and POST of leads, as the user."""
    values: dict[str, Any] = {
        "name": "leads",
        "prefix": "/api/leads",
        "upstream": Upstream("https", "api.example", 443, "/leads"),
        "methods": ("GET", "POST"),
    }
    return ApiRoute(**{**values, **overrides})


def an_answer(
    status: int = 200, body: bytes = b"ok", headers: Any = (), *, whole: bool = True
) -> ApiResponse:
    """What the API says."""
    return ApiResponse(
        status, list(headers), ScriptedBody(body[:3], body[3:]), body if whole else None
    )


class Calling:
    """A signed-in user, an API with prepared answers, and the flow between them."""

    def __init__(self, *answers: ApiResponse) -> None:
        self.fleet = Fleet()
        self.world = self.fleet.world
        self.session = self.fleet.begin()
        self.api = ScriptedResourceServer(*answers)
        self.provider = ProviderState(clock=self.world)
        clients = ClientTokenFlow(
            ScriptedProvider(self.provider), Process(self.world, "p1"), self.world, 300.0, 2.0
        )
        self.closing = ProcessClosing()
        self.flow = ApiCallFlow(
            self.fleet.member(),
            UserTokenFlow(self.fleet.member(), self.world, self.fleet.trail),
            clients,
            self.api,
            self.world,
            self.fleet.trail,
            SessionWatch(
                MemorySessionStore(self.fleet.memory), self.world, self.fleet.limits, self.closing
            ),
            Process(self.world, "p1"),
        )

    def call(self, **overrides: Any) -> ApiAnswer:
        """GET /api/leads?x=1, unless told otherwise."""
        values: dict[str, Any] = {
            "route": a_route(),
            "method": "GET",
            "target": b"/leads?x=1",
            "headers": [
                (b"accept", b"application/json"),
                (b"cookie", b"a=b"),
                (b"authorization", b"Bearer mine"),
            ],
            "body": None,
            "body_length": None,
            "forwarded": Forwarded("192.0.2.1", "app.example", "https", "req-1"),
            "presented": self.fleet.shown(self.session),
            "background": False,
        }
        return self.world.run(self.flow.call(ApiCall(**{**values, **overrides})))

    def sent(self, number: int = 0) -> dict[bytes, bytes]:
        """The header fields of a request as the API saw them."""
        return dict(self.api.asked[number][0].headers)


def a_body(content: bytes) -> AsyncIterator[bytes]:
    """A request body as it streams in."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content[:2]
        yield content[2:]

    return pieces()


@pytest.mark.req("N68", "N91", "N92", "N97")
def test_the_api_gets_the_users_token_and_nothing_of_the_browsers() -> None:
    """Bearer in, cookie and client-sent Authorization out."""
    calling = Calling(an_answer())
    answer = calling.call()
    assert calling.sent()[b"authorization"] == b"Bearer access-0"
    assert b"cookie" not in calling.sent()
    assert calling.api.asked[0][0].target == b"/leads?x=1"
    assert answer.response.complete == b"ok"
    assert answer.access is not None


def test_a_route_without_a_token_needs_no_session() -> None:
    """And sends no credentials."""
    calling = Calling(an_answer())
    answer = calling.call(route=a_route(token="none"), presented=None)
    assert b"authorization" not in calling.sent()
    assert answer.access is None


@pytest.mark.req("N52")
@pytest.mark.parametrize("token", ["user", "client"])
def test_every_other_route_needs_one(token: str) -> None:
    """No handle, no call."""
    calling = Calling()
    with pytest.raises(SessionRequired):
        calling.call(route=a_route(token=token), presented=None)


def test_a_client_route_acts_as_the_client_with_one_token_for_all() -> None:
    """Asked for once, used until a tenth of its life is left, then renewed."""
    calling = Calling(*(an_answer() for _ in range(3)))
    route = a_route(token="client", scopes=("billing.read",))
    calling.call(route=route)
    calling.call(route=route)
    assert (
        calling.sent(0)[b"authorization"] == calling.sent(1)[b"authorization"] != b"Bearer access-0"
    )
    calling.world.settle(810)
    calling.call(route=route)
    assert calling.provider.counts["client_credentials"] == 2


def test_a_client_that_gets_no_token_says_that_the_provider_is_the_trouble() -> None:
    """Refused or away, and asked again by the next call."""
    calling = Calling(an_answer())
    route = a_route(token="client")
    calling.provider.fail(
        "client_credentials", ProviderUnavailable("token: status 503", sent=False)
    )
    with pytest.raises(ProviderUnavailable):
        calling.call(route=route)
    assert calling.call(route=route).response.status == 200


@pytest.mark.req("N76")
def test_a_narrowed_scope_stops_the_call_before_it_is_made() -> None:
    """The route wants more than was granted."""
    calling = Calling()
    with pytest.raises(InsufficientScope):
        calling.call(route=a_route(scopes=("leads.write",)))
    assert not calling.api.asked


def test_an_invalid_token_challenge_brings_one_renewal_and_one_replay() -> None:
    """Body and all, and no third time."""
    calling = Calling(an_answer(401, headers=CHALLENGE), an_answer(401, headers=CHALLENGE))
    calling.world.settle(60)
    answer = calling.call(method="POST", body=a_body(b"lead"), body_length=4)
    assert [content for _, content in calling.api.asked] == [b"lead", b"lead"]
    assert calling.sent(1)[b"authorization"] == b"Bearer access-1"
    assert answer.response.status == 401
    assert answer.access is not None
    assert answer.access.new_generation == 1
    assert calling.fleet.provider.counts["grants"] == 1


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ([], 60),
        ([(b"www-authenticate", b"Basic")], 60),
        ([(b"www-authenticate", b"Bearer")], 60),
        (CHALLENGE, 5),
    ],
)
def test_any_other_401_is_the_apis_own_answer(headers: Any, age: float) -> None:
    """No challenge, another scheme, another reason, or a brand-new token: passed through untouched."""
    calling = Calling(an_answer(401, b"no", headers))
    calling.world.settle(age)
    assert calling.call().response.complete == b"no"
    assert calling.fleet.provider.counts["requests"] == 0


@pytest.mark.parametrize("length", [None, REPLAYABLE_BODY_BYTES + 1])
def test_a_body_that_cannot_be_sent_twice_is_not(length: int | None) -> None:
    """Unknown or great length: streamed once, the 401 passes through."""
    calling = Calling(an_answer(401, headers=CHALLENGE))
    calling.world.settle(60)
    assert (
        calling.call(method="POST", body=a_body(b"lead"), body_length=length).response.status == 401
    )
    assert len(calling.api.asked) == 1


def test_an_api_that_echoes_the_token_in_a_whole_answer_is_stopped() -> None:
    """Header or body: nothing of it gets out, and it is recorded."""
    for answer in (
        an_answer(body=b"<access-0>"),
        an_answer(headers=[(b"x-debug", b"Bearer access-0")]),
    ):
        calling = Calling(answer)
        with pytest.raises(TokenLeaked):
            calling.call()
        assert calling.fleet.trail.of(events.TokenLeakStopped)[0].route == "leads"
        assert answer.body.closed  # type: ignore[attr-defined]


def test_a_streamed_echo_is_cut_off_before_its_last_octet() -> None:
    """Also when the token is split across pieces."""
    calling = Calling(an_answer(body=b"xxaccess-0yy", whole=False))
    answer = calling.call()

    async def read() -> bytes:
        got = b""
        try:
            async for piece in answer.response.body:
                got += piece
        except TokenLeaked:
            return got
        raise AssertionError

    assert b"access-0" not in calling.world.run(read())
    assert calling.fleet.trail.of(events.TokenLeakStopped)[0].place == "body"


def test_a_harmless_stream_passes_whole_and_can_be_given_up() -> None:
    """Octet for octet."""
    calling = Calling(an_answer(body=b"xxacces-yyaccess", whole=False))
    answer = calling.call()

    async def read() -> bytes:
        return b"".join([piece async for piece in answer.response.body])

    assert calling.world.run(read()) == b"xxacces-yyaccess"
    calling.world.run(answer.response.body.aclose())


def test_the_guard_can_be_switched_off_for_a_route() -> None:
    """Where its cost is not wanted."""
    calling = Calling(an_answer(body=b"<access-0>"))
    assert calling.call(route=a_route(leak_guard=False)).response.complete == b"<access-0>"


def test_the_session_of_the_tests_is_adas() -> None:
    """As the builders say."""
    assert a_session().core.subject == "ada"
