"""The OpenID Provider over HTTP: sends what :mod:`bff.oidc` describes, returns what it believes."""

import asyncio
from typing import Protocol, TypedDict

import httpx

from bff.adapters.provider_documents import Clock, ProviderDocuments
from bff.adapters.provider_http import Answer, Heard, ProviderHttp
from bff.errors import ProviderUnavailable
from bff.oidc.authorization import AuthorizationCode
from bff.oidc.keys import KeySet
from bff.oidc.metadata import ClientMetadata, ProviderMetadata
from bff.oidc.token import (
    TokenResponse,
    parse_revocation_response,
    parse_token_response,
    read_retry_after,
)
from bff.oidc.token_request import (
    FormRequest,
    authorization_code_request,
    client_credentials_request,
    refresh_request,
    revocation_request,
)
from bff.oidc.user_info import parse_user_info, user_info_request
from bff.session.audience import Audience

DOCUMENT_SECONDS = 10.0


class Entropy(Protocol):
    """The dice."""

    def urlsafe(self, octets: int) -> str:
        """``octets`` unpredictable bytes as base64url without padding."""
        ...


class Moment(TypedDict):
    """What makes one client assertion unlike every other: Unix seconds, and a random identifier."""

    now: float
    jti: str


class HttpOpenIDProvider:
    """One provider, spoken to as one client. No request is ever repeated here.

    A method that sends something ends within ``budget`` seconds, waiting for the metadata and for a
    free slot included. What fails before the request itself is under way says ``sent=False``.
    """

    def __init__(
        self,
        client: ClientMetadata,
        issuer: str,
        transport: httpx.AsyncBaseTransport,
        *,
        clock: Clock,
        entropy: Entropy,
        allow_http: bool = False,
        budget: float = 75.0,
        concurrency: int = 32,
    ) -> None:
        """Take over ``transport``; nothing is sent yet.

        ``transport`` must not read the environment (``trust_env=False``). ``allow_http`` accepts
        plain http URLs, for development. ``budget`` in seconds; ``concurrency`` in open requests.
        """
        self._client = client
        self._clock = clock
        self._entropy = entropy
        self._budget = budget
        self._http = ProviderHttp(transport, concurrency=concurrency)
        self._documents = ProviderDocuments(
            issuer, self._get_document, clock, allow_http=allow_http
        )

    async def metadata(self) -> ProviderMetadata:
        """Validated discovery document, kept for ten minutes, longer if no newer one can be had."""
        return await self._documents.metadata()

    @property
    def metadata_seen(self) -> tuple[float | None, bool]:
        """When the metadata in hand was fetched (Unix seconds), if it was; and whether the last try to fetch it failed."""
        return self._documents.metadata_seen

    async def signing_keys(self, kid: str | None) -> KeySet:
        """The published keys; refetched, at most every 30 s, when ``kid`` is not among them."""
        return await self._documents.signing_keys(kid)

    async def redeem(
        self, code: AuthorizationCode, code_verifier: str, redirect_uri: str
    ) -> TokenResponse:
        """Authorization code grant. Raises TokenRequestRejected, TokenResponseInvalid."""
        metadata, deadline = await self._begin()
        request = authorization_code_request(
            metadata,
            self._client,
            code=code,
            code_verifier=code_verifier,
            redirect_uri=redirect_uri,
            **self._moment(),
        )
        return await self._tokens(request, deadline)

    async def refresh(self, refresh_token: str, audience: Audience | None = None) -> TokenResponse:
        """Refresh token grant. Raises TokenRequestRejected, TokenResponseInvalid."""
        metadata, deadline = await self._begin()
        request = refresh_request(
            metadata,
            self._client,
            refresh_token=refresh_token,
            resource=audience.resource if audience else None,
            scope=audience.scopes if audience else (),
            **self._moment(),
        )
        return await self._tokens(request, deadline)

    async def client_credentials(
        self, scope: tuple[str, ...], resource: str | None
    ) -> TokenResponse:
        """Client credentials grant. Raises TokenRequestRejected, TokenResponseInvalid."""
        metadata, deadline = await self._begin()
        request = client_credentials_request(
            metadata, self._client, scope=scope, resource=resource, **self._moment()
        )
        return await self._tokens(request, deadline)

    async def revoke(self, token: str, token_type_hint: str) -> None:
        """RFC 7009; returns silently if there is no such endpoint. Raises TokenRequestRejected."""
        metadata, deadline = await self._begin()
        if metadata.revocation_endpoint is None:
            return
        request = revocation_request(
            metadata,
            self._client,
            token=token,
            token_type_hint=token_type_hint,
            **self._moment(),
        )
        answer = await self._post("revocation", request, deadline)
        parse_revocation_response(
            answer.status,
            answer.content_type,
            answer.body,
            retry_after_seconds=self._retry_after(answer),
        )

    async def user_info(self, access_token: str) -> dict[str, object]:
        """Claims as sent; whose they are the caller must check. Raises TokenResponseInvalid."""
        metadata, deadline = await self._begin()
        url, headers = user_info_request(metadata, access_token)
        answer = await self._http.get("userinfo", url, headers, deadline=deadline)
        return parse_user_info(
            answer.status,
            answer.content_type,
            answer.body,
            retry_after_seconds=self._retry_after(answer),
        )

    def listen(self, heard: Heard) -> None:
        """Tell ``heard`` of every exchange from now on; it must return at once."""
        self._http.listeners.append(heard)

    def invalidate(self) -> None:
        """Look for newer metadata and keys at their next use."""
        self._documents.invalidate()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _begin(self) -> tuple[ProviderMetadata, float]:
        """The metadata, and the time of the event loop at which the whole call must have ended."""
        deadline = asyncio.get_running_loop().time() + self._budget
        try:
            async with asyncio.timeout_at(deadline):
                return await self._documents.metadata(), deadline
        except TimeoutError:
            raise ProviderUnavailable("discovery: timeout", sent=False) from None

    async def _tokens(self, request: FormRequest, deadline: float) -> TokenResponse:
        answer = await self._post("token", request, deadline)
        return parse_token_response(
            answer.status,
            answer.content_type,
            answer.body,
            retry_after_seconds=self._retry_after(answer),
        )

    async def _post(self, endpoint: str, request: FormRequest, deadline: float) -> Answer:
        return await self._http.post(
            endpoint, request.url, request.headers, request.body, deadline=deadline
        )

    async def _get_document(self, name: str, url: str) -> bytes:
        deadline = asyncio.get_running_loop().time() + min(DOCUMENT_SECONDS, self._budget)
        headers = (("accept", "application/json"),)
        answer = await self._http.get(name, url, headers, deadline=deadline)
        if answer.status != 200:  # noqa: PLR2004  RFC 9110's own number
            raise ProviderUnavailable(
                f"{name}: status {answer.status}",
                sent=False,
                retry_after_seconds=self._retry_after(answer),
            )
        return answer.body

    def _moment(self) -> Moment:
        return Moment(now=self._clock.now(), jti=self._entropy.urlsafe(16))

    def _retry_after(self, answer: Answer) -> float | None:
        return read_retry_after(answer.retry_after, self._clock.now())
