"""Puts spans around what stands behind the ports. Imported only where traces are on: it needs the extra ``otel``."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from redis.asyncio import Redis

from bff.adapters.provider_http import Exchange
from bff.adapters.redis_sessions import RedisSessionStore
from bff.adapters.session_cache import CachedSessionStore
from bff.adapters.span_export import Tracing
from bff.adapters.spans import current_trace_id
from bff.adapters.traced_calls import Calls, Sockets, TracedCalls, TracedSockets
from bff.adapters.traced_redis import TracedCachedSessionStore, TracedSessionStore, traced_redis
from bff.adapters.traced_renewal import (
    Attempted,
    Meter,
    Sought,
    TracedMeter,
    traced_provider,
    traced_renewals,
)

A = TypeVar("A", bound=Attempted)
S = TypeVar("S")


class Traces(Tracing):
    """What a process has of traces."""

    trace_id = staticmethod(current_trace_id)
    """The current one, in hexadecimal digits; None where there is none."""

    def redis(self, redis: Redis) -> Redis:
        """The same connections, with a span for each round trip."""
        return traced_redis(redis, self.spans)

    def sessions(self) -> type[RedisSessionStore]:
        """The store whose reads have spans."""
        return type("Sessions", (TracedSessionStore,), {"spans": self.spans})

    def held_sessions(self) -> type[CachedSessionStore]:
        """The same, for sessions that are held in the process."""
        return type("Sessions", (TracedCachedSessionStore,), {"spans": self.spans})

    def calls(self, calls: Calls) -> TracedCalls:
        """Calls with spans."""
        return TracedCalls(calls, self.spans)

    def sockets(self, sockets: Sockets[S]) -> TracedSockets[S]:
        """Handshakes with spans."""
        return TracedSockets(sockets, self.spans)

    def meter(self, meter: Meter) -> TracedMeter:
        """Waits for renewals with spans."""
        return TracedMeter(meter, self.spans)

    def renewals(
        self,
    ) -> Callable[[Sought, Callable[[], Awaitable[A]]], Coroutine[object, object, A]]:
        """Renewals with spans."""
        return traced_renewals(self.spans)

    def provider(self) -> Callable[[Exchange], None]:
        """Who hears of exchanges with the provider."""
        return traced_provider(self.spans)
