"""Where the house is started: a Litestar app for a file, for settings, or for the environment."""

import gc
import os
from collections.abc import Sequence
from pathlib import Path

from bff.adapters.alarms import AlarmingTrail
from bff.adapters.browser_connection import BrowserConnection
from bff.adapters.browser_socket import BrowserSocketConnection
from bff.adapters.dev_server import HttpDevServer
from bff.adapters.entropy import RequestIds
from bff.adapters.live_check import Finding, about_provider, about_redis
from bff.composition.evidence import open_evidence
from bff.composition.flows import build_flows
from bff.composition.lifespan import lifespan
from bff.composition.surroundings import surroundings
from bff.composition.world import World, open_world
from bff.endpoints.api import ApiEndpoint
from bff.endpoints.app_shell import AppShell
from bff.endpoints.backchannel import backchannel_handlers
from bff.endpoints.console import console_handlers
from bff.endpoints.dependencies import BrowserCookies, Surroundings
from bff.endpoints.dev_shell import DevShell
from bff.endpoints.direct import DirectCalls
from bff.endpoints.events import SessionEvents
from bff.endpoints.exceptions import exception_handlers
from bff.endpoints.gate import Bff, Gate
from bff.endpoints.last_answers import LastAnswers
from bff.endpoints.login import login_handlers
from bff.endpoints.logout import logout_handlers
from bff.endpoints.own_sessions import own_sessions_handlers
from bff.endpoints.popup import popup_handlers
from bff.endpoints.reading import Readings
from bff.endpoints.session import session_handlers
from bff.endpoints.traced import TracedGate
from bff.endpoints.websocket import WebSocketEndpoint
from bff.flows.refresh_ports import AlarmHook
from bff.settings import values
from bff.settings.model import Settings
from bff.settings.read import load_settings

CONFIG_VARIABLE = "BFF_CONFIG"
PROTOCOL, SOCKET_PROTOCOL = BrowserConnection, BrowserSocketConnection
"""What uvicorn is to speak to browsers with."""


def create_app_from_environment() -> Bff:
    """The app of the file that ``BFF_CONFIG`` names: what worker processes start.

    Raises SettingsInvalid.
    """
    return _created_from_environment(last_answers=False)


def create_app_behind_granian() -> Bff:
    """The same, for a server that closes idle connections without a word."""
    return _created_from_environment(last_answers=True)


def _created_from_environment(*, last_answers: bool) -> Bff:
    path = Path(os.environ.get(CONFIG_VARIABLE, "bff.toml"))
    settings, _ = load_settings(path.read_text(), os.environ, lambda name: Path(name).read_text())
    app = create_app(settings, last_answers=last_answers)
    # What stands now stands until the process ends. Looking through it for garbage again and again
    # would hold up every call for some 40 ms each time.
    gc.collect()
    gc.freeze()
    return app


def create_app(
    settings: Settings, *, alarm_hooks: Sequence[AlarmHook] = (), last_answers: bool = False
) -> Bff:
    """A Litestar app for these settings. Nothing is opened before its lifespan begins.

    ``alarm_hooks`` are called with each event that should never happen, such as the replay of a
    superseded session handle; they must return at once. With ``last_answers`` a process that is
    replaced says in its answers that connections close, and ends some seconds later.
    """
    world = open_world(settings)
    evidence = open_evidence(world)
    trail = AlarmingTrail(evidence.trail, alarm_hooks, world.log)
    cookies = BrowserCookies(values.signing_keys(settings), values.lookup_key(settings))
    around = surroundings(world, trail)
    flows = build_flows(world, trail, evidence)
    app = Bff(
        route_handlers=[
            *session_handlers(flows, cookies, around),
            *login_handlers(flows, cookies, around),
            *popup_handlers(https=around.https),
            *logout_handlers(flows, cookies, around),
            *backchannel_handlers(flows, around),
            *own_sessions_handlers(flows, cookies, around),
            *console_handlers(flows.review, cookies, around),
        ],
        exception_handlers=exception_handlers(world.log, trail, https=around.https),
        lifespan=[lambda _app: lifespan(world, evidence, flows.ending.revocation)],
        openapi_config=None,
        logging_config=None,
    )
    shell = AppShell(
        _folder(settings.app.static_dir),
        _folder(settings.app.client_dir),
        _folder(settings.app.console_dir),
        https=around.https,
    )
    session_events = SessionEvents(
        flows.watch,
        cookies,
        around,
        world.closing,
        per_session=settings.limits.event_streams_per_session,
        per_process=settings.limits.event_streams,
    )
    request_ids = RequestIds(os.urandom)
    if flows.direct_call is not None:
        readings = Readings(cookies, around)
        app.direct = DirectCalls(flows.direct_call, readings, cookies, around, request_ids.new)
    gate = Gate(
        app.beyond,
        ApiEndpoint(flows.api_call, cookies, around),
        WebSocketEndpoint(
            flows.socket_call, cookies, around, settings.limits.websocket_message_bytes
        ),
        _page(settings, shell),
        session_events,
        around,
        request_ids.new,
        world.log,
    )
    app.closing = world.closing
    app.gate = _outermost(gate, world, around, last_answers=last_answers)
    return app


def _outermost(
    gate: Gate, world: World, around: Surroundings, *, last_answers: bool
) -> Gate | TracedGate | LastAnswers:
    """What everything passes first."""
    outer: Gate | TracedGate = gate
    if world.traces is not None:
        parents = values.trace_parents(world.settings)
        outer = TracedGate(gate, world.traces.spans, around, parents)
    if not last_answers:
        return outer
    world.closing.app_lingers = True
    return LastAnswers(outer, world.closing)


def _page(settings: Settings, shell: AppShell) -> AppShell | DevShell:
    """The built page; while it is being written, its dev server's."""
    server = settings.app.unsafe_dev_server
    return shell if server is None else DevShell(HttpDevServer(server), shell)


def _folder(name: str | None) -> Path | None:
    return Path(name) if name else None


async def live_report(settings: Settings) -> list[Finding]:
    """Reach the provider and Redis as the app would; for ``bff check --live``."""
    world = open_world(settings)
    try:
        provider = await about_provider(world.provider.metadata, settings.provider.auth_method)
        return [*provider, *await about_redis(world.redis)]
    finally:
        await world.provider.aclose()
        await world.redis.aclose()
