"""create_api(): the whole resource server as one ASGI application."""

import asyncio
import time
from collections.abc import Callable

import httpx
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from upstream_mocks.api import calls, control, eventlead, streams
from upstream_mocks.api.answers import invalid, refused
from upstream_mocks.api.gate import gate
from upstream_mocks.api.party import Api
from upstream_mocks.api.records import Invalid
from upstream_mocks.api.settings import ApiSettings
from upstream_mocks.connections import BreakableLitestar
from upstream_mocks.holding import Pause

HANDLERS = (
    eventlead.me,
    eventlead.list_events,
    eventlead.show_event,
    eventlead.list_leads_of_event,
    eventlead.add_lead_to_event,
    eventlead.list_leads,
    eventlead.add_lead,
    eventlead.show_lead,
    eventlead.change_lead,
    eventlead.remove_lead,
    calls.echo,
    calls.public_echo,
    calls.status,
    calls.headers,
    calls.redirect,
    calls.die,
    streams.slow,
    streams.stream,
    streams.sse,
    streams.upload,
    streams.download,
    streams.echo_socket,
    control.add_faults,
    control.list_faults,
    control.clear_faults,
    control.show_stats,
    control.reset_stats,
    control.reset,
)


def create_api(
    settings: ApiSettings | None = None,
    http_client: httpx.AsyncClient | None = None,
    *,
    clock: Callable[[], float] = time.time,
    pause: Pause = asyncio.sleep,
) -> Litestar:
    """A resource server with the first events and leads.

    ``http_client`` fetches the provider's keys (one is opened if needed); ``clock`` gives Unix
    seconds; ``pause`` waits for so many. The API's own state is ``app.state.api``.
    """
    api = Api(settings or ApiSettings(), clock=clock, http_client=http_client, pause=pause)

    def the_api() -> Api:
        return api

    app = BreakableLitestar(
        route_handlers=list(HANDLERS),
        dependencies={"api": Provide(the_api, sync_to_thread=False)},
        middleware=[gate],
        exception_handlers={Invalid: invalid, HTTPException: refused},
        on_shutdown=[api.verifier.close],
        openapi_config=None,
        logging_config=None,
    )
    app.state.api = api
    return app
