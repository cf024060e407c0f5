"""The API itself: what its endpoints share."""

from collections.abc import Callable
from typing import Any

import httpx
from litestar.types import Scope

from upstream_mocks.api.bearer import Claims, Verifier
from upstream_mocks.api.faults import Faults
from upstream_mocks.api.records import Records
from upstream_mocks.api.settings import ApiSettings
from upstream_mocks.api.stats import Stats
from upstream_mocks.holding import Pause

CLAIMS = "mock.claims"
TOKEN = "mock.token"


class Api:
    """Settings, records, verifier, faults and counters; ``now`` gives Unix seconds."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        clock: Callable[[], float],
        http_client: httpx.AsyncClient | None,
        pause: Pause,
    ) -> None:
        self.now = clock
        self.pause = pause
        self.verifier = Verifier(settings, clock, http_client)
        self.records = Records(clock())
        self.faults = Faults(pause)
        self.stats = Stats()


def api_of(scope: Scope) -> Api:
    """The API that serves this exchange."""
    api: Api = scope["litestar_app"].state.api
    return api


def claims_of(scope: Scope) -> Claims:
    """What the verified token of this exchange says; KeyError for a public endpoint."""
    claims: Claims = scope["state"][CLAIMS]
    return claims


def token_of(scope: Scope) -> str | None:
    """The token itself: only for the calls that leak it on purpose."""
    token: str | None = scope["state"].get(TOKEN)
    return token


def header_pairs(scope: Scope) -> list[tuple[str, str]]:
    """Every field line, in order, names as they came."""
    raw: Any = scope["headers"]
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]


def method_of(scope: Scope) -> str:
    """The request's method; a handshake has none of its own here."""
    raw: Any = scope
    return str(raw.get("method", "WEBSOCKET"))


def raw_path(scope: Scope) -> str:
    """The path as it was sent, percent-encoding and all."""
    raw: Any = scope.get("raw_path") or scope["path"].encode()
    return str(raw.decode("latin-1").partition("?")[0])
