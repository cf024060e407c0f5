"""The one place where everything meets.

The environment, the clock, the dice, the network, and the wires between them.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from bff.adapters.entropy import SystemEntropy
from bff.adapters.event_loop import BackgroundTasks, SystemClock
from bff.adapters.live_check import Finding, about_provider, about_redis
from bff.adapters.observation import LogTrail, Metrics, configure_logs
from bff.adapters.openid_provider import HttpOpenIDProvider
from bff.adapters.operators_server import OperatorsServer
from bff.adapters.rate_limits import RedisRateLimits
from bff.adapters.redis_client import redis_client
from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import RedisSessionStore, channel
from bff.adapters.redis_transactions import OneShotValues, RedisExitStore, RedisTransactionStore
from bff.adapters.resource_server import HttpResourceServer
from bff.adapters.session_record import SessionRecord
from bff.endpoints.api import ApiEndpoint
from bff.endpoints.app_shell import AppShell
from bff.endpoints.dependencies import BrowserCookies, Flows, Surroundings
from bff.endpoints.exceptions import exception_handlers
from bff.endpoints.gate import Bff, Gate
from bff.endpoints.health import OperatorsApp
from bff.endpoints.login import login_handlers
from bff.endpoints.logout import logout_handlers
from bff.endpoints.session import session_handlers
from bff.flows.access import AccessFlow
from bff.flows.api_call import ApiCallFlow
from bff.flows.breaker import Breaker
from bff.flows.client_token import ClientTokenFlow
from bff.flows.login import LoginFlow, LoginPolicy
from bff.flows.logout import LogoutFlow
from bff.flows.refresh import RefreshFlow
from bff.flows.renewal import RenewalFlow
from bff.flows.revocation import RevocationFlow
from bff.flows.token_set import TokenSetFlow
from bff.settings import values
from bff.settings.model import Settings
from bff.settings.read import load_settings

CONFIG_VARIABLE = "BFF_CONFIG"


@dataclass(frozen=True, slots=True)
class World:
    """What the app holds open while it runs."""

    settings: Settings
    log: Any
    metrics: Metrics
    clock: SystemClock
    background: BackgroundTasks
    redis: Redis
    news: RedisNews
    provider: HttpOpenIDProvider
    resource_server: HttpResourceServer


def create_app_from_environment() -> Bff:
    """The app of the file that ``BFF_CONFIG`` names: what worker processes start.

    Raises SettingsInvalid.
    """
    path = Path(os.environ.get(CONFIG_VARIABLE, "bff.toml"))
    settings, _ = load_settings(path.read_text(), os.environ, lambda name: Path(name).read_text())
    return create_app(settings)


def create_app(settings: Settings) -> Bff:
    """A Litestar app for these settings. Nothing is opened before its lifespan begins."""
    world = _open(settings)
    lookup_key = values.lookup_key(settings)
    trail = LogTrail(world.log, world.metrics)
    cookies = BrowserCookies(values.signing_keys(settings), lookup_key)
    around = Surroundings(
        public_origin=settings.server.public_url.encode("ascii"),
        routes=values.route_table(settings),
        clock=world.clock,
        trail=trail,
        rate_limits=RedisRateLimits(
            world.redis,
            {
                "sign_in": settings.limits.sign_in_per_minute,
                "refresh": settings.limits.refresh_per_minute,
                "backchannel": settings.limits.backchannel_per_minute,
            },
            lookup_key=lookup_key,
            prefix=settings.redis.prefix,
        ),
        trusted_proxies=settings.server.trusted_proxies,
    )
    flows = _flows(world, trail)
    app = Bff(
        route_handlers=[
            *session_handlers(flows, cookies, around),
            *login_handlers(flows, cookies, around),
            *logout_handlers(flows, cookies, around),
        ],
        exception_handlers=exception_handlers(world.log, https=around.https),
        lifespan=[lambda _app: _lifespan(world)],
        openapi_config=None,
        logging_config=None,
    )
    shell = AppShell(
        _folder(settings.app.static_dir), _folder(settings.app.client_dir), https=around.https
    )
    app.gate = Gate(
        app.beyond,
        ApiEndpoint(flows.api_call, cookies, around),
        shell,
        around,
        _new_request_id,
        world.log,
    )
    return app


def _open(settings: Settings) -> World:
    log = configure_logs(settings.logging.level, settings.logging.format)
    clock, entropy = SystemClock(), SystemEntropy()
    redis = redis_client(
        settings.redis.url.reveal(),
        timeout_seconds=settings.redis.timeout_seconds,
        max_connections=settings.redis.max_connections,
    )
    transport = httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_connections=64))
    provider = HttpOpenIDProvider(
        values.client_metadata(settings),
        settings.provider.issuer,
        transport,
        clock=clock,
        entropy=entropy,
        allow_http=settings.development,
        budget=settings.refresh.budget_seconds,
    )
    return World(
        settings=settings,
        log=log,
        metrics=Metrics(),
        clock=clock,
        background=BackgroundTasks(log),
        redis=redis,
        news=RedisNews(redis, channel(settings.redis.prefix)),
        provider=provider,
        resource_server=HttpResourceServer(),
    )


def _access_flow(
    world: World, trail: LogTrail, sessions: RedisSessionStore, token_sets: TokenSetFlow
) -> AccessFlow:
    settings, clock, background = world.settings, world.clock, world.background
    policy, entropy, breaker = values.refresh_policy(settings), SystemEntropy(), Breaker(clock)
    if not _shared_metrics():
        world.metrics.breaker_open.set_function(lambda: float(breaker.is_open))
    renewal = RenewalFlow(sessions, token_sets, breaker, background, clock, entropy, trail, policy)
    return AccessFlow(
        sessions,
        RefreshFlow(renewal, sessions, background, entropy, policy),
        token_sets.revocation,
        background,
        clock,
        trail,
        policy,
        values.session_limits(settings),
        settings.session.handle_grace_seconds,
    )


def _flows(world: World, trail: LogTrail) -> Flows:
    settings, clock, background, provider = (
        world.settings,
        world.clock,
        world.background,
        world.provider,
    )
    entropy, client, claims = (
        SystemEntropy(),
        values.client_metadata(settings),
        settings.provider.claims,
    )
    lookup_key, prefix, seal = (
        values.lookup_key(settings),
        settings.redis.prefix,
        values.seal(settings),
    )
    limits, lifetime = values.session_limits(settings), settings.refresh.default_lifetime_seconds
    record = SessionRecord(seal, lookup_key, os.urandom)
    sessions = RedisSessionStore(
        world.redis, record, world.news, limits=limits, lookup_key=lookup_key, prefix=prefix
    )
    one_shot = OneShotValues(world.redis, seal, os.urandom, lookup_key=lookup_key, prefix=prefix)
    transactions, exits = RedisTransactionStore(one_shot), RedisExitStore(one_shot)
    revocation = RevocationFlow(provider, background, clock, trail)
    token_sets = TokenSetFlow(provider, revocation, clock, client, claims, lifetime)
    access = _access_flow(world, trail, sessions, token_sets)
    policy = LoginPolicy(
        limits=limits,
        lookup_key=lookup_key,
        claim_names=claims,
        user_info=settings.provider.user_info,
    )
    client_tokens = ClientTokenFlow(
        provider, background, clock, lifetime, settings.refresh.hold_seconds
    )
    login = LoginFlow(
        provider,
        transactions,
        sessions,
        token_sets,
        revocation,
        clock,
        entropy,
        trail,
        client,
        policy,
    )
    max_age = settings.provider.logout_token_max_age_seconds
    strict = settings.provider.logout_token_strict_type
    logout = LogoutFlow(
        sessions, provider, revocation, clock, trail, exits, entropy, client, max_age, strict
    )
    return Flows(
        login=login,
        access=access,
        api_call=ApiCallFlow(access, client_tokens, world.resource_server, clock, trail),
        logout=logout,
    )


@asynccontextmanager
async def _lifespan(world: World) -> AsyncIterator[None]:
    """Hear Redis's news and the operators' questions.

    At the end let renewals finish, then close what is open.
    """
    server = world.settings.server
    hearing = asyncio.create_task(world.news.run())
    operators = OperatorsServer(_operators_app(world), server.operators_host, server.operators_port)
    answering = asyncio.create_task(operators.run())
    try:
        yield
    finally:
        cut = await world.background.drain(server.drain_seconds)
        world.log.info("drained", cut_off=cut)
        operators.should_exit = True
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
        await answering
        await world.resource_server.aclose()
        await world.provider.aclose()
        await world.redis.aclose()


def _operators_app(world: World) -> OperatorsApp:
    async def redis_answers() -> None:
        await world.redis.ping()

    async def provider_answers() -> None:
        await world.provider.metadata()

    checks = {"redis": redis_answers, "provider": provider_answers}
    return OperatorsApp(checks, lambda: world.metrics.render(shared=_shared_metrics()))


def _shared_metrics() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def _folder(name: str | None) -> Path | None:
    return Path(name) if name else None


def _new_request_id() -> str:
    return "req_" + secrets.token_urlsafe(9)


async def live_report(settings: Settings) -> list[Finding]:
    """Reach the provider and Redis as the app would; for ``bff check --live``."""
    world = _open(settings)
    try:
        provider = await about_provider(world.provider.metadata, settings.provider.auth_method)
        return [*provider, *await about_redis(world.redis)]
    finally:
        await world.provider.aclose()
        await world.redis.aclose()
