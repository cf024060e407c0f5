"""A small internet in process: the mock provider, the mock API, and a client's back channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from upstream_mocks.api.app import create_api
from upstream_mocks.api.settings import ApiSettings
from upstream_mocks.provider.app import create_provider
from upstream_mocks.provider.clients import Client
from upstream_mocks.provider.party import Provider
from upstream_mocks.provider.settings import CLIENT_ORIGIN, ProviderSettings, client_at
from upstream_mocks.provider.token import challenge_of

ISSUER = "http://localhost:8710"
API = "http://localhost:8720"
CALLBACK = f"{CLIENT_ORIGIN}/bff/callback"
SECRET = ("eventlead-bff", "demo-secret-not-for-production")
SCOPE = "openid profile email offline_access leads.read leads.write events.read"
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_KEY = ec.generate_private_key(ec.SECP256R1())
START = 1_800_000_000.0


@dataclass
class Clock:
    """Time passes when a test says so."""

    t: float = START

    def __call__(self) -> float:
        """Unix seconds."""
        return self.t


@dataclass
class BackChannel:
    """The client's address for Logout Tokens."""

    status: int = 200
    received: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What httpx.MockTransport calls."""
        assert request.url == f"{CLIENT_ORIGIN}/bff/backchannel-logout"
        self.received.append(dict(parse_qsl(request.content.decode()))["logout_token"])
        return httpx.Response(self.status)


@dataclass
class Relying:
    """A client of the provider, and the browsers it sends there."""

    http: httpx.AsyncClient
    browser: httpx.AsyncClient
    provider: Provider

    async def authorize(self, **changed: str | None) -> httpx.Response:
        """An authorization request; None leaves a parameter out."""
        given = {
            "client_id": SECRET[0],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "a-state",
            "nonce": "a-nonce",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }
        sent = {name: value for name, value in given.items() if value is not None}
        return await self.browser.get(f"{ISSUER}/authorize", params=sent)

    async def code(self, user: str = "ada", **changed: str | None) -> str:
        """An authorization code."""
        return answered(await self.authorize(mock_user=user, **changed))["code"]

    async def token(self, grant_type: str, **form: str) -> httpx.Response:
        """A token request with the client's secret."""
        return await self.http.post(
            f"{ISSUER}/token", data={"grant_type": grant_type, **form}, auth=SECRET
        )

    async def redeem(self, code: str, **changed: str) -> httpx.Response:
        """A code for tokens."""
        form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changed}
        return await self.token("authorization_code", **form)

    async def sign_in(self, user: str = "ada", **changed: str | None) -> dict[str, Any]:
        """Everything at once: the token response."""
        answer = await self.redeem(await self.code(user, **changed))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        """A refresh request."""
        return await self.token("refresh_token", refresh_token=refresh_token, **form)

    async def fault(self, fault: str, **more: Any) -> None:
        """One more bad thing."""
        answer = await self.http.post(f"{ISSUER}/__faults", json={"fault": fault, **more})
        assert answer.status_code == 200, answer.text

    async def stats(self) -> Any:
        """What the provider counted."""
        return (await self.http.get(f"{ISSUER}/__stats")).json()

    async def keys(self) -> dict[str, jwt.PyJWK]:
        """What the provider publishes."""
        published = (await self.http.get(f"{ISSUER}/jwks")).json()
        return {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(published).keys}

    async def claims(self, token: str) -> dict[str, Any]:
        """The claims, once the signature is verified; time is not looked at."""
        key = (await self.keys())[jwt.get_unverified_header(token)["kid"]]
        off = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False)
        return jwt.decode(token, key, algorithms=["RS256", "ES256"], options=off)  # type: ignore[arg-type]


def in_process(app: Any) -> httpx.AsyncClient:
    """A client whose every address leads to ``app``."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, for at most ten seconds: what is awaited happens in another party."""
    async with asyncio.timeout(10):
        while not await reached():  # noqa: ASYNC110 - the other party has no event to wait for
            await asyncio.sleep(0)


def answered(response: httpx.Response) -> dict[str, str]:
    """The parameters with which the browser was sent back to the client."""
    assert response.status_code == 303, response.text
    location = urlsplit(response.headers["location"])
    assert location.geturl().startswith(f"{CALLBACK}?")
    return dict(parse_qsl(location.query))


def public_jwk() -> dict[str, Any]:
    """What the client registered for private_key_jwt."""
    return {**ECAlgorithm.to_jwk(CLIENT_KEY.public_key(), as_dict=True), "kid": "client-key"}


def asserting_client() -> Client:
    """Has a key and no secret."""
    return replace(
        client_at(CLIENT_ORIGIN),
        client_id="with-a-key",
        secret=None,
        jwks=(public_jwk(),),
        client_credentials_scopes=("events.read",),
        id_token_alg="ES256",
    )


@pytest.fixture
def clock() -> Clock:
    """Starts at a fixed moment."""
    return Clock()


@pytest.fixture
def back_channel() -> BackChannel:
    """Accepts every Logout Token."""
    return BackChannel()


@pytest.fixture
async def rp(clock: Clock, back_channel: BackChannel) -> AsyncIterator[Relying]:
    """A fresh provider, with the demo's client and one that has a key."""
    settings = ProviderSettings(clients=(client_at(CLIENT_ORIGIN), asserting_client()))
    outbound = httpx.AsyncClient(transport=httpx.MockTransport(back_channel))
    app = create_provider(settings, clock=clock, http_client=outbound)
    async with (
        outbound,
        in_process(app) as http,
        in_process(app) as browser,
    ):
        yield Relying(http, browser, app.state.provider)


@dataclass
class Caller:
    """Calls the API with a token."""

    http: httpx.AsyncClient
    token: str

    async def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; ``headers`` are added to the bearer token."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.http.request(method, API + path, headers=headers, **more)

    async def fault(self, fault: str, **more: Any) -> None:
        """One more bad thing."""
        answer = await self.http.post(f"{API}/__faults", json={"fault": fault, **more})
        assert answer.status_code == 200, answer.text

    async def stats(self) -> Any:
        """What the API counted."""
        return (await self.http.get(f"{API}/__stats")).json()


@pytest.fixture
def api_settings() -> ApiSettings:
    """The demo's."""
    return ApiSettings()


@pytest.fixture
async def call(rp: Relying, clock: Clock, api_settings: ApiSettings) -> AsyncIterator[Caller]:
    """The API, called as Grace."""
    app = create_api(api_settings, rp.http, clock=clock)
    tokens = await rp.sign_in("grace")
    async with in_process(app) as http:
        yield Caller(http, tokens["access_token"])


@pytest.fixture
def assertion(clock: Clock) -> Callable[..., str]:
    """Makes client assertions; a claim that is None is left out."""

    def make(*, key: ec.EllipticCurvePrivateKey = CLIENT_KEY, **changed: Any) -> str:
        claims = {
            "iss": "with-a-key",
            "sub": "with-a-key",
            "aud": ISSUER,
            "exp": int(clock.t) + 60,
            "jti": "an-assertion",
            **changed,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm="ES256", headers={"kid": "client-key"})

    return make
