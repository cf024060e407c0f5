"""python -m upstream_mocks.provider --port 8710: the provider on a socket."""

import argparse
from collections.abc import Sequence

import uvicorn

from upstream_mocks.provider.app import create_provider
from upstream_mocks.provider.settings import (
    CLIENT_ORIGIN,
    ProviderSettings,
    client_at,
    eventlead_client,
)


def parser() -> argparse.ArgumentParser:
    """What may be said on the command line."""
    described = argparse.ArgumentParser(prog="python -m upstream_mocks.provider")
    add = described.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8710)
    add("--issuer", help="default: http://localhost:PORT")
    add("--access-token-seconds", type=int, default=ProviderSettings.access_token_seconds)
    add("--refresh-token-seconds", type=int, default=ProviderSettings.refresh_token_seconds)
    add(
        "--client-origin",
        nargs="+",
        action="extend",
        metavar="ORIGIN",
        help=f"where the client lives: all its addresses follow (default: {CLIENT_ORIGIN})",
    )
    add("--redirect-uri", action="append", metavar="URL", help="instead of what follows")
    add("--post-logout-redirect-uri", action="append", metavar="URL")
    add("--backchannel-logout-uri", metavar="URL")
    return described


def read_settings(
    arguments: Sequence[str] | None = None,
) -> tuple[argparse.Namespace, ProviderSettings]:
    """The command line, and the settings that follow from it."""
    given = parser().parse_args(arguments)
    derived = client_at(*(given.client_origin or [CLIENT_ORIGIN]))
    client = eventlead_client(
        redirect_uris=given.redirect_uri or derived.redirect_uris,
        post_logout_redirect_uris=given.post_logout_redirect_uri
        or derived.post_logout_redirect_uris,
        backchannel_logout_uri=given.backchannel_logout_uri or derived.backchannel_logout_uri,
    )
    settings = ProviderSettings(
        issuer=given.issuer or f"http://localhost:{given.port}",
        clients=(client,),
        access_token_seconds=given.access_token_seconds,
        refresh_token_seconds=given.refresh_token_seconds,
    )
    return given, settings


def main() -> None:
    """Serve until told to stop."""
    given, settings = read_settings()
    print(f"provider: {settings.issuer}", flush=True)
    uvicorn.run(
        create_provider(settings),
        host=given.host,
        port=given.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
