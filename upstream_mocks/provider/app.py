"""create_provider(): the whole provider as one ASGI application."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
from litestar import Litestar, Response
from litestar.di import Provide

from upstream_mocks.connections import BreakableLitestar, ConnectionDropped, drop
from upstream_mocks.holding import Pause
from upstream_mocks.provider import authorization, control, discovery
from upstream_mocks.provider.answers import OAuthError, error_answer
from upstream_mocks.provider.end_session import end_session
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.revocation import revocation
from upstream_mocks.provider.settings import ProviderSettings
from upstream_mocks.provider.token import token
from upstream_mocks.provider.userinfo import userinfo

HANDLERS = (
    discovery.discovery,
    discovery.jwks,
    authorization.authorize,
    authorization.decide,
    token,
    revocation,
    userinfo,
    end_session,
    control.add_faults,
    control.list_faults,
    control.clear_faults,
    control.show_stats,
    control.reset_stats,
    control.reset,
    control.rotate_keys,
    control.mint_logout_token,
    control.send_logout_token,
    control.withdraw_consent,
)


def create_provider(
    settings: ProviderSettings | None = None,
    *,
    clock: Callable[[], float] = time.time,
    http_client: httpx.AsyncClient | None = None,
    pause: Pause = asyncio.sleep,
) -> Litestar:
    """A provider with an empty memory.

    ``clock`` gives Unix seconds; ``http_client`` carries Logout Tokens (one is opened if needed);
    ``pause`` waits for so many seconds when a fault says so. The provider's own state is
    ``app.state.provider``.
    """
    provider = Provider(
        settings or ProviderSettings(), clock=clock, http_client=http_client, pause=pause
    )

    def dated(response: Response[Any]) -> Response[Any]:
        response.headers.setdefault("Date", formatdate(provider.now(), usegmt=True))
        return response

    def the_provider() -> Provider:
        return provider

    app = BreakableLitestar(
        route_handlers=list(HANDLERS),
        dependencies={"provider": Provide(the_provider, sync_to_thread=False)},
        after_request=dated,
        exception_handlers={OAuthError: error_answer, ConnectionDropped: drop},
        on_shutdown=[provider.close],
        openapi_config=None,
        logging_config=None,
    )
    app.state.provider = provider
    return app
