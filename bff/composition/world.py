"""What the app holds open: log, clock, Redis, the provider, the proxied APIs."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from bff.adapters.access_log import AccessLog
from bff.adapters.closing import ProcessClosing
from bff.adapters.entropy import SystemEntropy
from bff.adapters.event_loop import BackgroundTasks, SystemClock
from bff.adapters.metrics import Metrics
from bff.adapters.observation import configure_logs
from bff.adapters.openid_provider import HttpOpenIDProvider
from bff.adapters.provider_transport import ProviderTransport
from bff.adapters.redis_client import redis_client
from bff.adapters.redis_news import RedisNews
from bff.adapters.redis_sessions import channel
from bff.adapters.renewal_trend import RenewalTrend
from bff.adapters.resource_server import HttpResourceServer
from bff.adapters.session_cache import SessionCache
from bff.adapters.session_calls import SessionCalls
from bff.composition.tracing import open_traces
from bff.settings import values
from bff.settings.model import Settings

if TYPE_CHECKING:
    from bff.adapters.traces import Traces


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
    session_cache: SessionCache | None
    session_calls: SessionCalls | None
    renewal_trend: RenewalTrend | None
    access_log: AccessLog | None
    provider: HttpOpenIDProvider
    resource_server: HttpResourceServer
    closing: ProcessClosing
    traces: "Traces | None"

    def begin_closing(self) -> None:
        """Let go what would stay open for ever: event streams, WebSockets."""
        self.closing.begin()
        self.news.wake_all()


def open_world(settings: Settings) -> World:
    """Make everything; nothing connects before it is used."""
    log = configure_logs(settings.logging.level, settings.logging.format)
    clock, entropy = SystemClock(), SystemEntropy()
    redis = redis_client(
        settings.redis.url.reveal(),
        timeout_seconds=settings.redis.timeout_seconds,
        max_connections=settings.redis.max_connections,
    )
    traces = open_traces(settings, log, clock.now)
    if traces is not None:
        redis = traces.redis(redis)
    transport = ProviderTransport(max_connections=64)
    provider = HttpOpenIDProvider(
        values.client_metadata(settings),
        settings.provider.issuer,
        transport,
        clock=clock,
        entropy=entropy,
        allow_http=settings.development,
        budget=settings.refresh.budget_seconds,
    )
    reviewed = bool(settings.review.reviewers or settings.review.admins)
    return World(
        settings=settings,
        log=log,
        metrics=Metrics(),
        clock=clock,
        background=BackgroundTasks(log),
        redis=redis,
        news=RedisNews(redis, channel(settings.redis.prefix)),
        session_calls=SessionCalls(redis, clock.now, prefix=settings.redis.prefix)
        if reviewed
        else None,
        renewal_trend=RenewalTrend(redis, prefix=settings.redis.prefix) if reviewed else None,
        access_log=AccessLog(1, clock.now) if settings.logging.format == "json" else None,
        session_cache=SessionCache(settings.redis.session_cache_entries, time.monotonic)
        if settings.redis.session_cache == "on"
        else None,
        provider=provider,
        resource_server=HttpResourceServer(
            max_connections=settings.upstreams.max_connections,
            keep_alive=settings.upstreams.keep_alive_seconds,
        ),
        closing=ProcessClosing(),
        traces=traces,
    )
