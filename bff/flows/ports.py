"""What the stories ask of the world: Protocols, and the few values that cross them."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from bff.audit.events import AuditEvent
from bff.oidc.authorization import AuthorizationCode
from bff.oidc.end_session import WayOut
from bff.oidc.metadata import ProviderMetadata
from bff.oidc.signed_jwt import KeySet
from bff.oidc.token import TokenResponse
from bff.resource.messages import ApiRequest, ApiResponse
from bff.resource.routes import ApiRoute
from bff.session.audience import Audience
from bff.session.model import (
    Acknowledgement,
    EndedSession,
    EndReason,
    Locked,
    Ref,
    RefreshJournal,
    Replaced,
    Session,
    SessionCore,
    SessionKey,
    TokenSet,
)
from bff.session.transaction import LoginTransaction

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Clock(Protocol):
    """Wall time."""

    def now(self) -> float:
        """Unix seconds."""
        ...


class Entropy(Protocol):
    """The dice."""

    def urlsafe(self, octets: int) -> str:
        """``octets`` unpredictable bytes as base64url without padding."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1), for jitter only."""
        ...


class Detached(Protocol[T_co]):
    """Work that no request owns: waiting for it can be given up, the work goes on."""

    async def wait(self, timeout_seconds: float) -> T_co | None:
        """The result, or None when the time is up first. Raises what the work raised."""
        ...

    def cancel(self) -> None:
        """Stop the work at its next await."""
        ...


class Background(Protocol):
    """Where detached work lives; drained at shutdown."""

    def start(self, name: str, work: Coroutine[object, object, T]) -> Detached[T]:
        """Start ``work`` now; an exception nobody waits for is logged under ``name``."""
        ...

    def later(
        self, seconds: float, name: str, work: Callable[[], Coroutine[object, object, None]]
    ) -> Callable[[], None]:
        """Start what ``work`` makes when ``seconds`` have passed. What comes back calls it off, begun or not."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        ...


class OpenIDProvider(Protocol):
    """The authorization server. Every method raises ProviderUnavailable or ProviderMetadataInvalid."""

    async def metadata(self) -> ProviderMetadata:
        """Validated discovery document, cached."""
        ...

    async def signing_keys(self, kid: str | None) -> KeySet:
        """The published keys; refetched, at a bounded rate, when ``kid`` is not among them."""
        ...

    async def redeem(
        self, code: AuthorizationCode, code_verifier: str, redirect_uri: str
    ) -> TokenResponse:
        """Authorization code grant. Raises TokenRequestRejected, TokenResponseInvalid."""
        ...

    async def refresh(self, refresh_token: str, audience: Audience | None = None) -> TokenResponse:
        """Refresh token grant, for an ``audience`` if one is named; never retried here.

        Raises TokenRequestRejected, TokenResponseInvalid.
        """
        ...

    async def revoke(self, token: str, token_type_hint: str) -> None:
        """RFC 7009; returns silently if the provider has no revocation endpoint.

        Raises TokenRequestRejected.
        """
        ...

    async def client_credentials(
        self, scope: tuple[str, ...], resource: str | None
    ) -> TokenResponse:
        """Client credentials grant (RFC 6749, section 4.4).

        Raises TokenRequestRejected, TokenResponseInvalid.
        """
        ...

    async def user_info(self, access_token: str) -> dict[str, object]:
        """OpenID Connect Core 1.0, section 5.3: claims as sent (JSON). Raises TokenResponseInvalid."""
        ...


class Listener(Protocol):
    """An ear for one session, opened before the state is read, so that no news falls between."""

    async def news(self, timeout_seconds: float) -> bool:
        """True when the session changed since the last call (or since the ear was opened).

        False when the time is up.
        """
        ...


class SessionStore(Protocol):
    """Our memory. Every method raises StoreUnavailable; none is retried here."""

    async def create(self, session: Session) -> bool:
        """Store a new session and its index entries; False if it was ended meanwhile."""
        ...

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """The session; why it ended; or None when nothing is known of it.

        An epoch that has passed reads as ended (admin).
        """
        ...

    async def touch(self, session: Session, at: float) -> None:
        """Record use at ``at`` and let the record live on accordingly.

        Nothing happens to a session that is gone.
        """
        ...

    async def acknowledge(self, key: SessionKey, acknowledged: Acknowledgement) -> None:
        """Record which handle generation the browser holds; never goes back."""
        ...

    async def end(
        self, key: SessionKey, reason: EndReason, at: float, *, only_generation: int | None = None
    ) -> Session | None:
        """End it; the session as it was, for revocation, or None if there was none.

        The first reason stays.

        With ``only_generation`` nothing happens to a session of another generation. Without it a
        key that names no session is marked as ended all the same, so that a sign-in completing at
        this moment does not slip through.
        """
        ...

    async def logout_token_seen(self, issuer: str, jti: str) -> bool:
        """Whether this Logout Token was acted upon before (OpenID Connect Back-Channel Logout 1.0, section 2.6)."""
        ...

    async def remember_logout_token(self, issuer: str, jti: str, lifetime_seconds: float) -> None:
        """Remember that it was acted upon, for as long as it would be valid."""
        ...

    async def keys_of_subject(self, issuer: str, subject: str) -> Sequence[SessionKey]:
        """Sessions of one user at one provider."""
        ...

    async def keys_of_provider_session(self, issuer: str, sid: str) -> Sequence[SessionKey]:
        """Sessions that grew from one provider session."""
        ...

    async def key_of_ref(self, ref: Ref) -> SessionKey | None:
        """The session with this public reference."""
        ...

    async def try_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> Locked | None:
        """Become the one refresher of this session and read it, or None: another is; never queues."""
        ...

    async def renew_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> bool:
        """Extend the lease if ``owner`` still holds it."""
        ...

    async def release_lock(self, key: SessionKey, owner: str) -> None:
        """Let go, if ``owner`` still holds it."""
        ...

    async def write_journal(self, key: SessionKey, journal: RefreshJournal) -> Replaced:
        """Record an attempt, fenced by ``journal.generation``, and by ``journal.owner``.

        Who holds the lock may begin an attempt, who began the one on record may say how it went.
        Anybody else gets CONFLICT.
        """
        ...

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """The fenced write.

        Only if the session lives and its generation is the one that was read, store ``tokens`` and
        ``core``, raise the generation by one, clear the journal, tell everybody, and let go of the
        lock if ``owner`` holds it: all in one step, or nothing of it.
        """
        ...

    async def tell(self, key: SessionKey) -> None:
        """Wake everybody who listens for this session; nothing was written."""
        ...

    def listen(self, key: SessionKey) -> AbstractContextManager[Listener]:
        """Open an ear for one session."""
        ...


class TransactionStore(Protocol):
    """Sign-ins between leaving and coming back. Raises StoreUnavailable."""

    async def put(self, state: str, transaction: LoginTransaction, lifetime_seconds: float) -> None:
        """Keep it under ``state``."""
        ...

    async def take(self, state: str) -> LoginTransaction | None:
        """Hand it out once, ever (RFC 9700, section 4.2.4)."""
        ...


class ExitStore(Protocol):
    """Ways out to the provider's end_session endpoint, between the page's sign-out and its navigation. Raises StoreUnavailable."""

    async def put(self, ticket: str, out: WayOut, lifetime_seconds: float) -> None:
        """Keep it under ``ticket``."""
        ...

    async def take(self, ticket: str) -> WayOut | None:
        """Hand it out once."""
        ...


class ResourceServer(Protocol):
    """The APIs behind the route table."""

    async def send(
        self, route: ApiRoute, request: ApiRequest, body: AsyncIterator[bytes] | None
    ) -> ApiResponse:
        """Send one request, hand back the response head and its body as a stream.

        Raises ResourceServerUnavailable (nothing was sent), ResourceServerTimedOut,
        ResourceServerResponseInvalid.
        """
        ...


class AuditTrail(Protocol):
    """Where events go. Never waits, never raises."""

    def record(self, event: AuditEvent) -> None:
        """Write one event down."""
        ...


class RateLimits(Protocol):
    """How often something may happen, counted across all processes."""

    async def hit(self, limit: str, who: str) -> None:
        """Count one.

        ``limit`` is a configured name, ``who`` a client address or session key. Raises RateLimited;
        a store that is away limits nothing.
        """
        ...
