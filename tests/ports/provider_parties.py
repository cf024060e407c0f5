"""The two sides of the provider suite: the scripted fake; the real adapter before the mock."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn

from bff.adapters.openid_provider import HttpOpenIDProvider
from bff.adapters.provider_transport import ProviderTransport
from bff.flows.ports import OpenIDProvider
from bff.oidc.client_key import ClientKey
from bff.oidc.metadata import ClientMetadata, Secret
from tests.flows.fakes import SeededEntropy
from tests.flows.scripted_provider import ProviderState, ScriptedProvider
from tests.unit.oidc.parties import jwk, pem
from upstream_mocks.provider.app import create_provider
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.settings import SCOPES, ProviderSettings, client_at

ORIGIN = "http://localhost:8700"
REDIRECT_URI = f"{ORIGIN}/bff/callback"
SCOPE = ("openid", "profile", "email", "offline_access", "leads.read")


class Clock:
    """Time passes when a test says so, for both sides alike."""

    def __init__(self) -> None:
        self.t = 1_700_000_000.0

    def now(self) -> float:
        return self.t


def a_client(**changes: Any) -> ClientMetadata:
    """The demo's client."""
    values: dict[str, Any] = {
        "client_id": "eventlead-bff",
        "client_secret": Secret("demo-secret-not-for-production"),
        "redirect_uri": REDIRECT_URI,
        "post_logout_redirect_uri": f"{ORIGIN}/",
        "scope": SCOPE,
    }
    return ClientMetadata(**{**values, **changes})


def a_client_with_key(**changes: Any) -> ClientMetadata:
    """The same product, registered with a key instead."""
    return a_client(
        client_id="eventlead-key",
        client_secret=None,
        token_endpoint_auth_method="private_key_jwt",
        client_key=ClientKey(pem("ec/client"), kid="ec/client", alg="ES256"),
        **changes,
    )


class ProviderParty(Protocol):
    """What the suite asks of a provider beside its port."""

    port: OpenIDProvider
    clock: Clock
    client: ClientMetadata

    async def authorize(self, url: str, subject: str) -> dict[str, list[str]]:
        """The callback parameters of a user who signs in."""
        ...

    def reuse(self) -> int:
        """How often something spent was presented again."""
        ...

    def rotate_key(self) -> None:
        """Sign with a new key; the old one stays published."""
        ...


class ScriptedParty:
    """The fake."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.client = a_client()
        self.state = ProviderState(clock=self.clock)
        self.scripted = ScriptedProvider(self.state)
        self.port: OpenIDProvider = self.scripted

    async def authorize(self, url: str, subject: str) -> dict[str, list[str]]:
        return self.scripted.authorize(url, subject)

    def reuse(self) -> int:
        return self.state.reuse

    def rotate_key(self) -> None:
        self.state.rotate_key()


@dataclass
class MockProvider:
    """The mock provider on a socket; ``provider`` is its memory, in this process."""

    issuer: str
    provider: Provider
    clock: Clock

    def fault(self, **fault: Any) -> None:
        """Add to its bad day."""
        httpx.post(f"{self.issuer}/__faults", json=fault, trust_env=False).raise_for_status()

    def forgive(self) -> None:
        """Clear its faults."""
        httpx.delete(f"{self.issuer}/__faults", trust_env=False).raise_for_status()

    def requests(self, endpoint: str) -> int:
        """How many requests an endpoint has had."""
        return self.provider.stats.requests[endpoint]


@contextmanager
def mock_provider() -> Iterator[MockProvider]:
    """Serve the mock from a thread, on a port of its own."""
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        key = Client(
            client_id="eventlead-key",
            jwks=(jwk("ec/client", use=None),),
            redirect_uris=(REDIRECT_URI,),
            scopes=SCOPES,
            client_credentials_scopes=("events.read",),
        )
        settings = ProviderSettings(issuer=issuer, clients=(client_at(ORIGIN), key))
        app = create_provider(settings, clock=clock.now)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            ws="none",
            date_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield MockProvider(issuer, app.state.provider, clock)
        finally:
            server.should_exit = True
            thread.join()


class HttpParty:
    """The real adapter, speaking to the mock provider over HTTP."""

    def __init__(
        self, mock: MockProvider, client: ClientMetadata | None = None, **rest: Any
    ) -> None:
        self.mock = mock
        self.clock = mock.clock
        self.client = client or a_client()
        self.adapter = HttpOpenIDProvider(
            self.client,
            mock.issuer,
            ProviderTransport(max_connections=64),
            clock=self.clock,
            entropy=SeededEntropy(self.mock.requests("token")),
            allow_http=True,
            **rest,
        )
        self.port: OpenIDProvider = self.adapter

    async def authorize(self, url: str, subject: str) -> dict[str, list[str]]:
        async with httpx.AsyncClient(trust_env=False) as browser:
            response = await browser.get(f"{url}&mock_user={subject}")
        return parse_qs(urlsplit(response.headers["location"]).query)

    def reuse(self) -> int:
        events = self.mock.provider.stats.events
        return events["refresh_reuse_detected"] + events["code_reuse_detected"]

    def rotate_key(self) -> None:
        self.mock.provider.keys.rotate()
