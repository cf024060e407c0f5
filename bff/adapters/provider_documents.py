"""The provider's published documents, kept: metadata and signing keys.

A document that was valid once is used until a newer one is had: a provider that is away, or that
publishes nonsense, takes nothing from us.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from bff.errors import ProviderError
from bff.oidc.keys import KeySet, parse_jwks
from bff.oidc.metadata import ProviderMetadata, discovery_url, parse_provider_metadata

T = TypeVar("T")

FRESH_SECONDS = 600.0
REST_SECONDS = 30.0
"""How long a failed fetch is not repeated while an older document serves. Also the least time
between two fetches for a token with an unknown ``kid``: anybody could make us ask without end."""


class Clock(Protocol):
    """Wall time."""

    def now(self) -> float:
        """Unix seconds."""
        ...


class Kept(Generic[T]):
    """One document: the last valid one, fetched by one caller at a time."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock) -> None:
        """``fetch`` raises ProviderError leaves."""
        self.failure: ProviderError | None = None
        self.fetched_at: float | None = None
        self._fetch = fetch
        self._clock = clock
        self._document: T | None = None
        self._ask_at = 0.0
        self._asked_at = 0.0
        self._attempts = 0
        self._lock = asyncio.Lock()

    @property
    def is_being_fetched(self) -> bool:
        """Whether somebody is at it."""
        return self._lock.locked()

    async def get(self) -> T:
        """The document: from memory if it is fresh, or if it is all there is for now."""
        if self._document is None:
            return await self.fetch()
        if self._is_settled() or self.is_being_fetched:
            return self._document
        try:
            return await self.fetch()
        except ProviderError:
            return self._document

    async def fetch(self) -> T:
        """A newer document. Who comes while a fetch is under way shares its result, good or bad."""
        attempts = self._attempts
        async with self._lock:
            if self._attempts == attempts:
                await self._attempt()
            if self.failure is not None:
                raise self.failure.with_traceback(None)
            assert self._document is not None  # noqa: S101  an attempt ends in the one or the other
            return self._document

    def expire(self) -> None:
        """Ask again at the next use."""
        self._ask_at = 0.0

    async def _attempt(self) -> None:
        """A cancelled attempt counts for nothing: the next in line makes its own."""
        try:
            self._document = await self._fetch()
            self.failure = None
            self.fetched_at = self._clock.now()
        except ProviderError as error:
            self.failure = error
        self._attempts += 1
        self._asked_at = self._clock.now()
        self._ask_at = self._asked_at + (REST_SECONDS if self.failure else FRESH_SECONDS)

    def _is_settled(self) -> bool:
        """A clock set back makes it unsettled rather than fresh for long."""
        return self._asked_at <= self._clock.now() < self._ask_at


class ProviderDocuments:
    """Metadata and keys of one issuer. ``get_document`` takes a name for errors, and a URL."""

    def __init__(
        self,
        issuer: str,
        get_document: Callable[[str, str], Awaitable[bytes]],
        clock: Clock,
        *,
        allow_http: bool,
    ) -> None:
        """Nothing is fetched until it is asked for."""
        self._issuer = issuer
        self._get_document = get_document
        self._clock = clock
        self._allow_http = allow_http
        self._metadata = Kept(self._fetch_metadata, clock)
        self._keys = Kept(self._fetch_keys, clock)
        self._unknown_kid_at = float("-inf")

    @property
    def metadata_seen(self) -> tuple[float | None, bool]:
        """When the metadata in hand was fetched (Unix seconds), if it was; and whether the last try to fetch it failed."""
        return self._metadata.fetched_at, self._metadata.failure is not None

    async def metadata(self) -> ProviderMetadata:
        """The discovery document. Raises ProviderError leaves if there never was a valid one."""
        return await self._metadata.get()

    async def signing_keys(self, kid: str | None) -> KeySet:
        """The keys; asked for again, at most every 30 seconds, if ``kid`` is not among them.

        Raises ProviderError leaves if there never were any, or if newer ones cannot be had to look
        for ``kid`` in: nothing is known of the token then, and it must not be taken for a forgery.
        """
        keys = await self._keys.get()
        if keys.names(kid):
            return keys
        now = self._clock.now()
        if self._keys.is_being_fetched or not 0 <= now - self._unknown_kid_at < REST_SECONDS:
            self._unknown_kid_at = now
            return await self._keys.fetch()
        if self._keys.failure is not None:
            raise self._keys.failure.with_traceback(None)
        return keys

    def invalidate(self) -> None:
        """Ask for both again at their next use; if that fails, what we have still serves."""
        self._metadata.expire()
        self._keys.expire()

    async def _fetch_metadata(self) -> ProviderMetadata:
        raw = await self._get_document("discovery", discovery_url(self._issuer))
        return parse_provider_metadata(raw, self._issuer, allow_http=self._allow_http)

    async def _fetch_keys(self) -> KeySet:
        metadata = await self.metadata()
        return parse_jwks(await self._get_document("jwks", metadata.jwks_uri))
