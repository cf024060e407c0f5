"""Values that are valid by default; a test overrides the one thing it is about."""

from typing import Any

from bff.session.handle import session_key
from bff.session.model import (
    Acknowledgement,
    Ref,
    RefreshJournal,
    Session,
    SessionCore,
    SessionId,
    SessionKey,
    TokenSet,
)

NOW = 1_700_000_000.0
ISSUER = "https://provider.example"
LOOKUP_KEY = b"lookup-key-of-the-tests-32-octets"
SESSION_ID = SessionId("A" * 43)


def a_key(session_id: str = SESSION_ID) -> SessionKey:
    """The key of a session id under the tests' lookup key."""
    return session_key(SessionId(session_id), LOOKUP_KEY)


def a_core(**overrides: Any) -> SessionCore:
    """Ada, signed in at NOW for seven days."""
    values: dict[str, Any] = {
        "ref": Ref("s_ada"),
        "issuer": ISSUER,
        "subject": "ada",
        "provider_sid": "sid-1",
        "created_at": NOW,
        "auth_time": int(NOW),
        "claims": {"name": "Ada Lovelace"},
        "absolute_expires_at": NOW + 604_800,
    }
    return SessionCore(**{**values, **overrides})


def a_token_set(**overrides: Any) -> TokenSet:
    """A 15-minute access token issued at NOW, and a refresh token."""
    values: dict[str, Any] = {
        "access_token": "access-0",
        "refresh_token": "refresh-0",
        "id_token": None,
        "issued_at": NOW,
        "expires_at": NOW + 900,
        "scope": ("openid", "leads.read"),
    }
    return TokenSet(**{**values, **overrides})


def a_session(**overrides: Any) -> Session:
    """A session just begun. ``core`` and ``tokens`` may be given as dictionaries of overrides."""
    core, tokens = overrides.pop("core", {}), overrides.pop("tokens", {})
    values: dict[str, Any] = {
        "key": a_key(),
        "core": core if isinstance(core, SessionCore) else a_core(**core),
        "tokens": tokens if isinstance(tokens, TokenSet) else a_token_set(**tokens),
        "generation": 0,
        "touched_at": NOW,
        "acknowledged": Acknowledgement(0, NOW, 0, NOW),
    }
    return Session(**{**values, **overrides})


def a_journal(**overrides: Any) -> RefreshJournal:
    """An attempt in flight since NOW."""
    values: dict[str, Any] = {"generation": 0, "since": NOW, "owner": "owner-1"}
    return RefreshJournal(**{**values, **overrides})
