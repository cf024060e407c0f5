"""The session record: a value, never an actor."""

from enum import Enum, StrEnum, auto
from typing import NewType

import msgspec

SessionId = NewType("SessionId", str)
"""256 random bits, base64url without padding. Lives in the cookie only; never stored, never logged."""

SessionKey = NewType("SessionKey", str)
"""Keyed hash of a SessionId, 43 characters base64url: what Redis, logs and every flow know a session by.
Made only by :func:`bff.session.handle.session_key`; it does not allow sign-in (ASVS 5.0, 14.2.4)."""

Ref = NewType("Ref", str)
"""Public random reference of a session (``s_`` and 128 bits): safe to show, safe to log, worthless to a thief."""


class EndReason(StrEnum):
    """Why a session ended. Closed: pages, audit and tombstones use these words and no others."""

    SIGNED_OUT = "signed_out"
    REPLACED = "replaced"
    IDLE_TIMEOUT = "idle_timeout"
    ABSOLUTE_TIMEOUT = "absolute_timeout"
    ADMIN = "admin"
    IDP_LOGOUT = "idp_logout"
    REFRESH_REJECTED = "refresh_rejected"
    REFRESH_OUTCOME_LOST = "refresh_outcome_lost"
    SUBJECT_CHANGED = "subject_changed"
    ID_TOKEN_INVALID = "id_token_invalid"  # noqa: S105  a reason, not a password
    HANDLE_REPLAYED = "handle_replayed"


class SessionCore(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in, when, with what, and until when at most. Times are Unix seconds.

    Written at sign-in; claims again at a refresh. ``device`` and ``network`` are hints for people:
    words of our own (``Firefox on Linux``), and the address shortened to its network.
    """

    ref: Ref
    issuer: str
    subject: str
    provider_sid: str | None = None
    created_at: float
    auth_time: int | None = None
    nonce: str | None = None
    acr: str | None = None
    claims: dict[str, object] = {}
    absolute_expires_at: float
    epoch: int = 0
    device: str | None = None
    network: str | None = None


class AudienceToken(msgspec.Struct, frozen=True):
    """An access token for one API alone (RFC 8707). Times are Unix seconds by our clock."""

    access_token: str
    issued_at: float
    expires_at: float
    scope: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Its end only."""
        return f"AudienceToken(***, expires_at={self.expires_at:.0f})"


class TokenSet(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of one session. Times are Unix seconds by our clock.

    ``refresh_expires_at`` is set only if the provider said so; ``scope`` is what was granted,
    narrower or not (RFC 6749, 5.1). ``audiences`` are further access tokens, by the name of
    :class:`bff.session.audience.Audience`.
    """

    access_token: str
    refresh_token: str | None
    id_token: str | None
    issued_at: float
    expires_at: float
    refresh_expires_at: float | None = None
    scope: tuple[str, ...] = ()
    audiences: dict[str, AudienceToken] = {}

    def __repr__(self) -> str:
        """Presence and times, never values."""
        return (
            f"TokenSet(access_token=***, refresh_token={'***' if self.refresh_token else None}, "
            f"id_token={'***' if self.id_token else None}, expires_at={self.expires_at:.0f})"
        )


class Acknowledgement(msgspec.Struct, frozen=True):
    """The newest handle generation the browser has presented, since when, and the one before it."""

    generation: int
    at: float
    previous: int
    previous_at: float


class RefreshJournal(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the refresh under way, or of the last one that failed.

    Gone once a refresh has succeeded.

    ``outcome`` is None while in flight, else a typed reason. ``unknown`` says that the provider may
    have acted: the stored refresh token may be spent. ``attempts`` counts failures in a row; none
    before ``retry_at``.
    """

    generation: int
    since: float
    owner: str
    outcome: str | None = None
    unknown: bool = False
    attempts: int = 0
    retry_at: float = 0.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One live session as it was read. A new state is a new value.

    ``clients`` it was used with besides the one it began with (:mod:`bff.session.client`).
    """

    key: SessionKey
    core: SessionCore
    tokens: TokenSet
    generation: int
    touched_at: float
    acknowledged: Acknowledgement
    journal: RefreshJournal | None = None
    clients: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The public reference and the generation."""
        return f"Session(ref={self.core.ref}, generation={self.generation})"


class EndedSession(msgspec.Struct, frozen=True):
    """What a tombstone says: why, and when (Unix seconds)."""

    reason: EndReason
    at: float


class Locked(msgspec.Struct, frozen=True):
    """A session's lock is ours; ``found`` is what was stored, read with the lock in hand."""

    found: Session | EndedSession | None


class Replaced(Enum):
    """What became of a fenced write."""

    WRITTEN = auto()
    CONFLICT = auto()
    ENDED = auto()
