"""python -m upstream_mocks.api --port 8720: the resource server on a socket."""

import argparse
from collections.abc import Sequence

import uvicorn

from upstream_mocks.api.app import create_api
from upstream_mocks.api.settings import AUDIENCE, ISSUER, ApiSettings


def parser() -> argparse.ArgumentParser:
    """What may be said on the command line."""
    described = argparse.ArgumentParser(prog="python -m upstream_mocks.api")
    described.add_argument("--host", default="127.0.0.1")
    described.add_argument("--port", type=int, default=8720)
    described.add_argument("--issuer", default=ISSUER)
    described.add_argument("--audience", default=AUDIENCE)
    described.add_argument("--jwks-uri", default="", help="default: ISSUER/jwks")
    return described


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop."""
    given = parser().parse_args(arguments)
    settings = ApiSettings(given.issuer, given.audience, given.jwks_uri)
    print(f"api: http://localhost:{given.port} for {settings.audience}", flush=True)
    uvicorn.run(
        create_api(settings),
        host=given.host,
        port=given.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
