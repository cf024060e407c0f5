"""The provider itself: what its endpoints share."""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import httpx
from litestar import Request

from upstream_mocks.holding import Pause
from upstream_mocks.provider.answers import OAuthError
from upstream_mocks.provider.clients import Client, ClientAuthentication
from upstream_mocks.provider.faults import BadDay, Endpoint, Faults
from upstream_mocks.provider.grants import Family, Grants, Subject
from upstream_mocks.provider.keys import KeyRing
from upstream_mocks.provider.settings import ProviderSettings
from upstream_mocks.provider.stats import Stats

OUTBOUND_SECONDS = 5.0


class Provider:
    """Settings, memory, keys, faults and counters; ``clock`` gives Unix seconds."""

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        clock: Callable[[], float] = time.time,
        http_client: httpx.AsyncClient | None,
        pause: Pause,
    ) -> None:
        self.settings = settings
        self.now = clock
        self.users: dict[str, Subject] = {user.sub: user for user in settings.users}
        self.clients: dict[str, Client] = {client.client_id: client for client in settings.clients}
        self.keys = KeyRing(settings.issuer)
        self.grants = Grants()
        self.faults = Faults(pause)
        self.stats = Stats()
        self._authentication = ClientAuthentication(
            self.clients,
            frozenset({settings.issuer, self.url("/token"), self.url("/revoke")}),
        )
        self._http_client = http_client
        self._owns_http_client = http_client is None

    def url(self, path: str) -> str:
        """An endpoint's address."""
        return self.settings.issuer.rstrip("/") + path

    @property
    def http_client(self) -> httpx.AsyncClient:
        """For Logout Tokens; opened when first needed unless one was handed in."""
        if self._http_client is None:
            self._http_client = httpx.AsyncClient(timeout=OUTBOUND_SECONDS, trust_env=False)
        return self._http_client

    async def close(self) -> None:
        """Close what this provider opened."""
        if self._owns_http_client and self._http_client is not None:
            await self._http_client.aclose()

    def bad_day(self, endpoint: Endpoint, grant: str | None = None) -> BadDay:
        """Count a request, and say what it suffers."""
        self.stats.requests[endpoint] += 1
        day = self.faults.take(endpoint, grant)
        self.stats.events["faults_applied"] += len(day.faults)
        return day

    def authenticate(self, request: Request[Any, Any, Any], form: dict[str, str]) -> Client:
        """The client that sent ``form``; raises OAuthError."""
        try:
            client, method = self._authentication.authenticate(
                request.headers.get("authorization"), form, self.now()
            )
        except OAuthError:
            self.stats.events["client_auth_failures"] += 1
            raise
        self.stats.client_authentications[method] += 1
        return client

    def require_audiences(self, resources: list[str]) -> tuple[str, ...]:
        """RFC 8707, section 2; raises OAuthError(invalid_target)."""
        for resource in resources:
            if resource not in self.settings.audiences:
                raise OAuthError("invalid_target", "no such resource")
        return tuple(resources)

    def revoke(self, family: Family, why: str) -> None:
        """Nothing of this family works any more."""
        if family.revoked is None:
            family.revoked = why
            self.stats.events["families_revoked"] += 1

    def reuse_detected(self, family: Family, what: str) -> NoReturn:
        """What works once was used twice: all that came of it ends (RFC 9700, section 4.14.2)."""
        self.stats.events[f"{what}_reuse_detected"] += 1
        self.revoke(family, f"{what} reuse")
        raise OAuthError("invalid_grant", f"the {what} token or code was used before")
