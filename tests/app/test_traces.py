"""Traces: what a request tells of itself, to whom it is told, and what is never in it."""

import asyncio
import io
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bff.adapters.access_log import AccessLog
from bff.adapters.observation import configure_logs
from bff.adapters.span_export import MOST_WAITING, Delivery
from bff.adapters.traces import Traces
from bff.composition.tracing import open_traces
from bff.errors import ResourceServerResponseInvalid
from bff.resource.messages import ApiRequest, ApiResponse
from bff.resource.routes import ApiRoute, Upstream
from bff.resource.sockets import Refusal
from bff.resource.trace_context import read_trace_context
from tests.app.house import Browser, House
from tests.flows.fakes import ScriptedBody
from upstream_mocks.provider.canary import CANARY_PATTERNS

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
ON: dict[str, object] = {"tracing.export": "otlp"}
TRUSTING = {**ON, "tracing.trusted_networks": ["127.0.0.0/8"]}


class Collected:
    """What the collector got of one house."""

    def __init__(self, house: House, exporter: InMemorySpanExporter) -> None:
        self.house = house
        self.exporter = exporter

    def all(self) -> Sequence[ReadableSpan]:
        """Since the last time."""
        traces = self.house.worlds[-1].traces
        assert traces is not None
        traces.flush()
        spans = self.exporter.get_finished_spans()
        self.exporter.clear()
        return spans

    async def of(self, browser: Browser, method: str, path: str, **options: Any) -> "Family":
        """The spans of one call, which must be one trace."""
        await self.house.settle()
        self.all()
        await browser.call(method, path, **options)
        await self.house.settle()
        return Family(self.all())


class Family:
    """The spans of one trace, by name."""

    def __init__(self, spans: Sequence[ReadableSpan]) -> None:
        self.spans = {span.name: span for span in spans}
        assert len({span.context.trace_id for span in spans if span.context}) == 1

    def __getitem__(self, name: str) -> ReadableSpan:
        return self.spans[name]

    def parent_of(self, name: str) -> str | None:
        """Whose child it is."""
        parent = self.spans[name].parent
        ids = {span.context.span_id: name for name, span in self.spans.items() if span.context}
        return None if parent is None else ids.get(parent.span_id, "somebody else")


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Keeps what would go to the collector."""
    kept = InMemorySpanExporter()
    monkeypatch.setattr("bff.adapters.span_export.otlp_exporter", lambda *_given: kept)
    return kept


@pytest.fixture
def new_traced(
    new_house: Callable[..., House], exporter: InMemorySpanExporter
) -> Iterator[Callable[..., Collected]]:
    """Makes houses whose requests have spans."""
    made: list[Collected] = []

    def make(values: dict[str, object] | None = None) -> Collected:
        made.append(Collected(new_house(values or ON), exporter))
        return made[-1]

    yield make
    for collected in made:
        for world in collected.house.worlds:
            assert world.traces is not None
            world.traces.close()


async def signed_in(collected: Collected) -> Browser:
    """Somebody, in this house."""
    browser = collected.house.browser()
    await browser.sign_in()
    return browser


async def test_a_call_is_one_trace_told_by_its_route_and_goes_on_at_the_api(
    new_traced: Callable[..., Collected],
) -> None:
    """Server, session, Redis, API: names and attributes are the conventions', values are ours."""
    collected = new_traced()
    browser = await signed_in(collected)
    family = await collected.of(browser, "GET", "/api/leads/4711?secret=1")
    assert family.spans.keys() == {
        "GET /api/leads/{path}",
        "GET /leads/{path}",
        "session read",
        "PIPELINE",
    }
    assert dict(family["GET /api/leads/{path}"].attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "server.address": "localhost",
        "server.port": 8700,
        "http.route": "/api/leads/{path}",
        "http.response.status_code": 200,
    }
    assert dict(family["GET /leads/{path}"].attributes or {}) == {
        "http.request.method": "GET",
        "url.template": "/leads/{path}",
        "server.address": "localhost",
        "server.port": 8720,
        "bff.route": "leads",
        "http.response.status_code": 200,
    }
    assert dict(family["session read"].attributes or {}) == {"bff.session.state": "live"}
    assert dict(family["PIPELINE"].attributes or {}) == {
        "db.system.name": "redis",
        "db.operation.batch.size": 2,
    }
    assert family.parent_of("GET /api/leads/{path}") is None
    assert family.parent_of("GET /leads/{path}") == "GET /api/leads/{path}"
    assert family.parent_of("session read") == "GET /api/leads/{path}"
    assert family.parent_of("PIPELINE") == "session read"
    told = read_trace_context(collected.house.api.asked[-1].headers)
    upstream = family["GET /leads/{path}"].context
    assert told is not None
    assert upstream is not None
    assert (told.trace_id, told.parent_id) == (upstream.trace_id, upstream.span_id)
    assert told.flags & 1


async def test_a_page_does_not_choose_its_trace(new_traced: Callable[..., Collected]) -> None:
    """A new one begins; there is a link to what the page said, and the API hears of ours alone."""
    collected = new_traced()
    browser = await signed_in(collected)
    headers = {"traceparent": PARENT, "tracestate": "a=1"}
    family = await collected.of(browser, "GET", "/api/leads", headers=headers)
    server = family["GET /api/leads/{path}"]
    assert server.parent is None
    assert [f"{link.context.trace_id:032x}" for link in server.links] == [TRACE]
    assert server.context is not None
    assert f"{server.context.trace_id:032x}" != TRACE
    asked = [field for field in collected.house.api.asked[-1].headers if b"trace" in field[0]]
    assert [name for name, _ in asked] == [b"traceparent"]
    assert TRACE.encode() not in asked[0][1]


async def test_a_proxy_of_ours_goes_on_with_its_trace(new_traced: Callable[..., Collected]) -> None:
    """Where the settings say that its word counts; its state goes along."""
    collected = new_traced(TRUSTING)
    browser = await signed_in(collected)
    headers = {"traceparent": PARENT, "tracestate": "a=1"}
    family = await collected.of(browser, "GET", "/api/leads", headers=headers)
    server = family["GET /api/leads/{path}"]
    assert server.parent is not None
    assert (f"{server.parent.trace_id:032x}", f"{server.parent.span_id:016x}") == (TRACE, SPAN)
    assert not server.links
    told = read_trace_context(collected.house.api.asked[-1].headers)
    assert told is not None
    assert (f"{told.trace_id:032x}", told.state) == (TRACE, "a=1")


async def test_a_proxy_of_ours_may_say_that_nothing_is_recorded(
    new_traced: Callable[..., Collected],
) -> None:
    """Then nothing is, and the API is told so."""
    collected = new_traced(TRUSTING)
    browser = await signed_in(collected)
    collected.all()
    await browser.call("GET", "/api/leads", headers={"traceparent": f"{PARENT[:-2]}00"})
    await collected.house.settle()
    assert collected.all() == ()
    told = read_trace_context(collected.house.api.asked[-1].headers)
    assert told is not None
    assert (f"{told.trace_id:032x}", told.flags & 1) == (TRACE, 0)


@pytest.mark.parametrize("values", [ON, TRUSTING], ids=["a page", "a proxy of ours"])
async def test_what_is_malformed_was_not_sent(
    new_traced: Callable[..., Collected], values: dict[str, object]
) -> None:
    """Whoever sends it (W3C Trace Context, section 3.2.2)."""
    collected = new_traced(values)
    browser = await signed_in(collected)
    headers = {"traceparent": PARENT.upper(), "tracestate": "a=1"}
    family = await collected.of(browser, "GET", "/api/leads", headers=headers)
    assert family["GET /api/leads/{path}"].parent is None
    assert not family["GET /api/leads/{path}"].links


async def test_a_ratio_of_none_records_nothing(new_traced: Callable[..., Collected]) -> None:
    """And a page that says "sampled" changes nothing about that."""
    collected = new_traced({**ON, "tracing.sample_ratio": 0.0})
    browser = await signed_in(collected)
    answer = await browser.call("GET", "/api/leads", headers={"traceparent": PARENT})
    assert answer.status_code == 200
    assert collected.all() == ()
    told = read_trace_context(collected.house.api.asked[-1].headers)
    assert told is not None
    assert told.flags & 1 == 0


async def test_a_renewal_tells_why_it_began_how_it_ended_and_who_waited(
    new_traced: Callable[..., Collected],
) -> None:
    """The provider's part lies within it; the provider is told of no trace."""
    collected = new_traced()
    house = collected.house
    browser = await signed_in(collected)
    house.pass_time(3_600)
    family = await collected.of(browser, "GET", "/api/leads")
    assert dict(family["refresh"].attributes or {}) == {
        "bff.refresh.trigger": "expired",
        "bff.refresh.outcome": "renewed",
        "bff.refresh.waiters": 1,
    }
    assert dict(family["POST token"].attributes or {}) == {
        "http.request.method": "POST",
        "bff.provider.endpoint": "token",
        "http.response.status_code": 200,
    }
    assert dict(family["wait for refresh"].attributes or {}) == {
        "bff.refresh.served": True,
        "bff.refresh.elsewhere": False,
    }
    assert family.parent_of("refresh") == "GET /api/leads/{path}"
    assert family.parent_of("POST token") == "refresh"
    assert family.parent_of("wait for refresh") == "GET /api/leads/{path}"


async def test_a_renewal_that_fails_says_so(new_traced: Callable[..., Collected]) -> None:
    """As an error, with the typed reason; so does the request that is told to come again."""
    collected = new_traced()
    browser = await signed_in(collected)
    collected.house.pass_time(3_600)
    await collected.house.provider_http.post("/__faults", json={"fault": "status", "count": 9})
    family = await collected.of(browser, "GET", "/api/leads")
    attributes = family["refresh"].attributes or {}
    assert attributes["bff.refresh.outcome"] == "unknown"
    assert "503" in str(attributes["error.type"])
    assert (family["POST token"].attributes or {})["error.type"] == "failed"
    assert (family["GET /api/leads/{path}"].attributes or {})["error.type"] == "503"


OTHER_PATHS = {
    "/bff/session": "GET /bff/session",
    "/bff/nothing/4711": "GET",
    "/api/unknown/4711": "GET",
    "/bff/console/api/sessions/s_4711": "GET /bff/console/api/sessions/{subject}",
    "/bff/login": "GET /bff/login",
    "/a/page/4711": "GET /{page}",
    "/bff/console/sessions/s_4711": "GET /bff/console/{page}",
}


@pytest.mark.parametrize("path", OTHER_PATHS)
async def test_every_address_is_told_by_its_template(
    new_traced: Callable[..., Collected], path: str
) -> None:
    """Or not at all."""
    collected = new_traced()
    browser = await signed_in(collected)
    family = await collected.of(browser, "GET", path)
    (name,) = [name for name, span in family.spans.items() if span.kind.name == "SERVER"]
    assert name == OTHER_PATHS[path]
    assert "4711" not in json.dumps([json.loads(span.to_json()) for span in family.spans.values()])


async def test_an_invented_method_is_not_repeated(new_traced: Callable[..., Collected]) -> None:
    """It is what somebody wrote."""
    collected = new_traced()
    browser = await signed_in(collected)
    family = await collected.of(browser, "WORDS", "/api/leads")
    assert (family["HTTP"].attributes or {})["http.request.method"] == "_OTHER"
    assert "WORDS" not in family["HTTP"].to_json()


@pytest.mark.req("N65", "N119")
async def test_no_span_carries_a_credential_or_what_somebody_wrote(
    new_traced: Callable[..., Collected],
) -> None:
    """The canary: sign-in, calls, a renewal, refusals, errors, sign-out; then every octet of every span."""
    collected = new_traced()
    house, browser = collected.house, collected.house.browser()
    browser.user_agent = "canary-agent"
    callback = await browser.consent(await browser.leave("return_to=/leads/canary-path"))
    await browser.come_back(callback)
    await browser.session()
    forbidden = {
        "canary-",
        browser.ref,
        *re.findall(r"(?:code|state)=([^&]+)", callback),
        *(
            piece
            for value, _ in browser.cookies.values()
            for piece in value.split(".")
            if len(piece) > 9
        ),
    }
    words = {"headers": {"x-request-id": "canary-request-id", "x-other": "canary-header"}}
    for method, path in (
        ("GET", "/api/leads/canary-id?canary-query=1"),
        ("POST", "/api/leads/canary-id"),
        ("GET", "/api/unknown/canary"),
        ("GET", "/bff/sessions"),
        ("POST", "/bff/session/extend"),
    ):
        await browser.call(method, path, **words)
    house.pass_time(3_600)
    await browser.call("GET", "/api/leads", **words)
    forbidden |= {
        field[1].removeprefix(b"Bearer ").decode()
        for request in house.api.asked
        for field in request.headers
        if field[0] == b"authorization"
    }
    forbidden |= {
        str(key).split("{")[1].split("}")[0] for key in await house.redis.keys("bff:{*}:session")
    }
    forbidden |= {
        piece
        for value, _ in browser.cookies.values()
        for piece in value.split(".")
        if len(piece) > 9
    }
    await browser.call("GET", "/api/leads", headers={"bff-session": "canary-ref"})
    await browser.call("POST", "/bff/logout")
    await house.settle()
    spans = collected.all()
    text = "\n".join(span.to_json() for span in spans)
    assert len(forbidden) > 8
    assert {secret for secret in forbidden if secret in text} == set()
    assert [pattern.pattern for pattern in CANARY_PATTERNS if pattern.search(text)] == []
    assert "ada" not in re.findall(r"\w+", text)
    names = {span.name for span in spans}
    assert {"refresh", "POST token", "GET /bff/callback", "POST /bff/logout"} <= names, names


@pytest.mark.req("N119")
async def test_the_log_and_the_trail_name_the_trace(
    new_traced: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever reads one finds the other."""
    lines: list[tuple[Any, ...]] = []
    monkeypatch.setattr(AccessLog, "write", lambda _log, *line: lines.append(line))
    collected = new_traced({**ON, "logging.format": "json"})
    browser = await signed_in(collected)
    family = await collected.of(browser, "GET", "/api/leads")
    context = family["GET /api/leads/{path}"].context
    assert context is not None
    assert lines[-1][-1] == f"{context.trace_id:032x}"
    out = io.StringIO()
    log = configure_logs("info", "json", out)
    monkeypatch.setattr("bff.composition.world.configure_logs", lambda *_given: log)
    app = collected.house.build()
    other = collected.house.browser(app)
    collected.all()
    await other.call("GET", "/api/leads", headers={"origin": "https://evil.example"})
    recorded = [json.loads(line) for line in out.getvalue().splitlines()]
    (refused,) = [line for line in recorded if line.get("audit") == "malicious_csrf"]
    (span,) = collected.all()
    assert span.context is not None
    assert refused["trace_id"] == f"{span.context.trace_id:032x}"


@pytest.mark.parametrize("breaks", [False, True], ids=["whole", "broken off"])
async def test_a_stream_ends_its_span_when_it_ends(
    new_traced: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch, *, breaks: bool
) -> None:
    """Not when its head came; and one that breaks off is an error."""
    collected = new_traced()
    browser = await signed_in(collected)
    collected.all()
    running: list[str] = []

    class Pieces(ScriptedBody):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"one"
            running.extend(span.name for span in collected.all())
            if breaks:
                raise ResourceServerResponseInvalid("truncated")
            yield b"two"

    async def send(*_given: Any) -> ApiResponse:
        return ApiResponse(200, [], Pieces())

    monkeypatch.setattr(collected.house.api, "send", send)
    with suppress(ResourceServerResponseInvalid):
        await browser.call("GET", "/api/leads")
    assert "GET /leads/{path}" not in running
    (upstream,) = [span for span in collected.all() if span.name == "GET /leads/{path}"]
    error = (upstream.attributes or {}).get("error.type")
    assert error == ("ResourceServerResponseInvalid" if breaks else None)


WITHOUT_THE_EXTRA = """
import pathlib, sys
from bff.settings.read import SettingsInvalid, load_settings
sys.modules.update({"opentelemetry": None, "requests": None, "google": None})
from bff.app import create_app
text = pathlib.Path("bff.toml").read_text()
settings, _ = load_settings(text, {}, str)
create_app(settings)
print(sorted(name for name in sys.modules if "trace" in name and name.startswith("bff.adapters")))
settings, _ = load_settings(text + '[tracing]\\nexport = "otlp"', {}, str)
try:
    create_app(settings)
except SettingsInvalid as error:
    print(error)
"""


def test_the_extra_is_missed_only_where_traces_are_on() -> None:
    """Without it the house stands; the settings that want it are told what to install."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "[]",
        'tracing.export: expected "off", or the extra: pip install "cookie-bff[otel]"',
    ]


async def test_traces_leave_no_direct_way(new_traced: Callable[..., Collected]) -> None:
    """It has no task, so nothing could tell whose call it is."""
    collected = new_traced()
    assert collected.house.app.direct is None
    assert collected.house.worlds[-1].session_cache is not None


class IllExporter(SpanExporter):
    """A collector that is away, or never answers."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.fails: Exception | None = None
        self.result = SpanExportResult.FAILURE

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.answers.wait(20)
        if self.fails is not None:
            raise self.fails
        return self.result

    def shutdown(self) -> None:
        self.answers.set()


async def test_a_collector_that_never_answers_holds_up_nobody(
    new_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls are answered while it is silent; what finds no room is dropped and counted."""
    ill = IllExporter()
    monkeypatch.setattr("bff.adapters.span_export.otlp_exporter", lambda *_given: ill)
    house = new_house(ON)
    traces = house.worlds[-1].traces
    assert traces is not None
    browser = house.browser()
    await browser.sign_in()
    try:
        for _ in range(MOST_WAITING + 600):
            traces.spans.calling("x", {}).end()
        async with asyncio.timeout(5):
            assert (await browser.call("GET", "/api/leads")).status_code == 200
        assert traces.delivery.dropped > 0
    finally:
        ill.answers.set()
        traces.close()
    metrics = house.worlds[-1].metrics
    text = metrics.render(shared=False)[0].decode()
    assert f'bff_spans_total{{outcome="dropped"}} {traces.delivery.dropped}.0' in text
    assert f'bff_spans_total{{outcome="failed"}} {traces.delivery.failed}.0' in text


def test_an_illness_is_told_once_and_so_is_its_end() -> None:
    """However many deliveries fail; an exporter that raises is ill as well."""
    out = io.StringIO()
    ill = IllExporter()
    ill.answers.set()
    delivery = Delivery(ill, configure_logs("info", "json", out))
    span: Any = object()
    for fails in (None, RuntimeError("canary-text"), None):
        ill.fails = fails
        assert delivery.export([span]) is SpanExportResult.FAILURE
    ill.result = SpanExportResult.SUCCESS
    for _ in range(2):
        assert delivery.export([span, span]) is SpanExportResult.SUCCESS
    events = [json.loads(line)["event"] for line in out.getvalue().splitlines()]
    assert events == ["traces_not_delivered", "traces_delivered_again"]
    assert "canary-text" not in out.getvalue()
    assert (delivery.exported, delivery.failed, delivery.dropped) == (4, 3, 0)


def test_off_opens_nothing(house: House) -> None:
    """The default."""
    assert house.worlds[-1].traces is None
    assert open_traces(house.worlds[-1].settings, None, float) is None


class ScriptedSockets:
    """The port SocketServer: gives or raises what it was told, and remembers what it was asked."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[ApiRequest] = []

    async def open(
        self, _route: ApiRoute, request: ApiRequest, _subprotocols: tuple[str, ...]
    ) -> Any:
        self.asked.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "status", "error"),
    [
        ("a socket", 101, None),
        (Refusal(403, []), 403, "403"),
        (ResourceServerResponseInvalid("handshake"), None, "ResourceServerResponseInvalid"),
    ],
    ids=["open", "refused", "broken"],
)
async def test_a_handshake_has_a_span_and_tells_the_api(
    exporter: InMemorySpanExporter, outcome: Any, status: int | None, error: str | None
) -> None:
    """It ends with the handshake, not with the socket; what the page said of a trace stays here."""
    traces = Traces(Delivery(exporter, None), {}, 1.0, time.time)
    route = ApiRoute(
        name="ws",
        prefix="/api/ws",
        upstream=Upstream("http", "api.example", 80, "/ws"),
        methods=("GET",),
        websocket=True,
    )
    request = ApiRequest("GET", b"/ws/4711?a=1", [(b"traceparent", PARENT.encode()), (b"a", b"b")])
    sockets = ScriptedSockets(outcome)
    with suppress(ResourceServerResponseInvalid):
        assert await traces.sockets(sockets).open(route, request, ()) == outcome
    traces.flush()
    traces.close()
    (span,) = exporter.get_finished_spans()
    attributes = span.attributes or {}
    assert span.name == "GET /ws/{path}"
    assert attributes.get("http.response.status_code") == status
    assert attributes.get("error.type") == error
    told = read_trace_context(sockets.asked[0].headers)
    assert told is not None
    assert span.context is not None
    assert (told.trace_id, told.parent_id) == (span.context.trace_id, span.context.span_id)
    assert (b"a", b"b") in sockets.asked[0].headers
