"""Redis and the sessions in it, asked with spans. Names of commands are told, never keys or values."""

from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.trace import SpanKind
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from bff.adapters.redis_sessions import RedisSessionStore
from bff.adapters.session_cache import CachedSessionStore
from bff.adapters.spans import Spans
from bff.session.model import EndedSession, Session, SessionKey

_REDIS = {"db.system.name": "redis"}


class _TracedPipeline(Pipeline):
    spans: Spans

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002  as redis-py has it
        size = {"db.operation.batch.size": len(self.command_stack)}
        with self.spans.step("PIPELINE", {**_REDIS, **size}, SpanKind.CLIENT):
            return await super().execute(raise_on_error)


class TracedRedis(Redis):
    """A client each of whose round trips is a span, where somebody's request is behind it."""

    spans: Spans

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  as redis-py has it
        """Send one."""
        name = str(args[0])
        with self.spans.step(name, {**_REDIS, "db.operation.name": name}, SpanKind.CLIENT):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def around(self, names: list[str]) -> AbstractContextManager[object]:
        """A span for one round trip (:mod:`bff.adapters.round_trip`)."""
        if len(names) > 1:
            size = {"db.operation.batch.size": len(names)}
            return self.spans.step("PIPELINE", {**_REDIS, **size}, SpanKind.CLIENT)
        (name,) = names
        return self.spans.step(name, {**_REDIS, "db.operation.name": name}, SpanKind.CLIENT)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002  as redis-py has it
        """One round trip for several."""
        pipe = _TracedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        pipe.spans = self.spans
        return pipe


def traced_redis(redis: Redis, spans: Spans) -> TracedRedis:
    """The same connections."""
    traced = TracedRedis(connection_pool=redis.connection_pool)
    traced.spans = spans
    return traced


class _TracedReads(RedisSessionStore):
    spans: Spans

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """With a span around it, which says how it went."""
        with self.spans.step("session read", {}) as span:
            found = await super().load(key)
            if span is not None:
                span.set_attribute("bff.session.state", _state(found))
            return found


def _state(found: Session | EndedSession | None) -> str:
    if found is None:
        return "none"
    return "live" if isinstance(found, Session) else "ended"


class TracedSessionStore(_TracedReads, RedisSessionStore):
    """Sessions in Redis."""


class TracedCachedSessionStore(_TracedReads, CachedSessionStore):
    """Sessions in Redis, held in this process as well."""
