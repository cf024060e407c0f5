"""What the provider and Redis say of themselves, for an operator who asks before starting."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bff.errors import ProviderError
from bff.oidc.metadata import ProviderMetadata


class Finding(msgspec.Struct, frozen=True):
    """One line of a live report."""

    what: str
    found: str
    fine: bool


async def about_provider(
    ask: Callable[[], Awaitable[ProviderMetadata]], auth_method: str
) -> list[Finding]:
    """Whether discovery answers, and what it offers."""
    try:
        metadata = await ask()
    except ProviderError as error:
        return [Finding("provider", f"{type(error).__name__}: {error}", fine=False)]
    offered = metadata.token_endpoint_auth_methods_supported
    pkce = "S256" in metadata.code_challenge_methods_supported
    return [
        Finding("provider", metadata.issuer, fine=True),
        Finding("PKCE S256", _yes(there=pkce), fine=True),
        Finding(
            "iss in responses",
            _yes(there=metadata.authorization_response_iss_parameter_supported),
            fine=True,
        ),
        Finding("revocation", _yes(there=metadata.revocation_endpoint), fine=True),
        Finding("end_session", _yes(there=metadata.end_session_endpoint), fine=True),
        Finding("auth method", auth_method, fine=auth_method in offered),
    ]


async def about_redis(redis: Redis) -> list[Finding]:
    """Whether it answers, survives a restart, and keeps what it was given."""
    try:
        info: Any = await redis.info()
    except (RedisError, OSError) as error:
        return [Finding("redis", type(error).__name__, fine=False)]
    policy = str(info.get("maxmemory_policy", "noeviction"))
    return [
        Finding("redis", str(info["redis_version"]), fine=True),
        Finding("append-only file", _yes(there=info.get("aof_enabled")), fine=True),
        Finding("eviction", policy, fine=policy == "noeviction" or policy.startswith("volatile")),
    ]


def _yes(*, there: object) -> str:
    return "yes" if there else "no"
