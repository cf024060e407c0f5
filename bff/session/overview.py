"""What reviewers and users may see of a session: no token, no session id, nothing a thief could use."""

import msgspec

from bff.session.model import RefreshJournal, SessionCore, SessionKey


class TokenFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be seen of a token set. Times are Unix seconds.

    Fingerprints are 8 hex digits of a keyed hash: they show that a token rotated. ``sealed_under``
    is the id of the sealing key.
    """

    generation: int
    issued_at: float
    expires_at: float
    refresh_expires_at: float | None
    scope: tuple[str, ...]
    access_fingerprint: str
    refresh_fingerprint: str | None
    sealed_under: str = ""


class SessionOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A live session without its tokens."""

    key: SessionKey
    core: SessionCore
    facts: TokenFacts
    generation: int
    touched_at: float
    journal: RefreshJournal | None = None
    client_changed: bool = False

    def __repr__(self) -> str:
        """The public reference and the generation."""
        return f"SessionOverview(ref={self.core.ref}, generation={self.generation})"


class PagePlace(msgspec.Struct, frozen=True, order=True):
    """Where a page of sessions ended, newest first: when the last one began (milliseconds), and its key."""

    began: int
    key: SessionKey


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some live sessions, newest first.

    It may hold fewer than were asked for; the end is where ``next`` is None.
    """

    sessions: tuple[SessionOverview, ...]
    next: PagePlace | None
