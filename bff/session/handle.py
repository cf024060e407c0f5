"""The session handle.

What the cookie carries, how it becomes a key, and when an old one is a replay.

A handle is ``session id . generation``. The generation rises with each refresh; a response to a
request with an older one sets the new cookie; the first request that presents the new one
acknowledges it. A superseded handle is honoured until its successor has been acknowledged and a
grace has passed: a lost response locks nobody out, a stolen cookie is noticed (RFC 9700, section
4.14.2, in spirit).
"""

import base64
import hashlib
import hmac
import re
from enum import Enum, auto

import msgspec

from bff.session.model import Acknowledgement, Session, SessionId, SessionKey

_HANDLE = re.compile(r"([A-Za-z0-9_-]{43})\.(0|[1-9][0-9]{0,8})")


class Handle(msgspec.Struct, frozen=True):
    """A session id and the generation the browser holds."""

    session_id: SessionId
    generation: int

    def __repr__(self) -> str:
        """The generation only."""
        return f"Handle(***, generation={self.generation})"


class HandleVerdict(Enum):
    """What a presented handle means for a session."""

    CURRENT = auto()
    SUPERSEDED = auto()
    REPLAYED = auto()


def write_handle(handle: Handle) -> str:
    """The unsigned text form."""
    return f"{handle.session_id}.{handle.generation}"


def read_handle(text: str) -> Handle | None:
    """The handle, or None unless ``text`` is exactly what :func:`write_handle` writes for a 256-bit id."""
    match = _HANDLE.fullmatch(text)
    return Handle(SessionId(match[1]), int(match[2])) if match else None


def session_key(session_id: SessionId, lookup_key: bytes) -> SessionKey:
    """HMAC-SHA-256 of the id under ``lookup_key``.

    The only name by which the store knows the session.
    """
    digest = hmac.digest(lookup_key, b"session\0" + session_id.encode("ascii"), hashlib.sha256)
    return SessionKey(base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"))


def judge_handle(session: Session, generation: int, now: float, grace: float) -> HandleVerdict:
    """Say what a handle of ``generation`` means at ``now``; ``grace`` in seconds.

    A generation above the stored one is CURRENT: it was signed by us, and a restored older Redis
    snapshot is no theft.
    """
    acknowledged = session.acknowledged
    if generation >= session.generation:
        return HandleVerdict.CURRENT
    if generation >= acknowledged.generation:
        return HandleVerdict.SUPERSEDED
    superseded_at = (
        acknowledged.at if generation >= acknowledged.previous else acknowledged.previous_at
    )
    return HandleVerdict.SUPERSEDED if now < superseded_at + grace else HandleVerdict.REPLAYED


def acknowledgement_due(session: Session, generation: int) -> bool:
    """Whether presenting ``generation`` tells us something new."""
    return session.acknowledged.generation < generation <= session.generation


def acknowledge(acknowledged: Acknowledgement, generation: int, now: float) -> Acknowledgement:
    """The acknowledgement after ``generation`` was presented at ``now``."""
    return Acknowledgement(generation, now, acknowledged.generation, acknowledged.at)
