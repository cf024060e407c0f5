"""A session as the fields of its Redis hash, and back.

Tokens are sealed for their key, field and generation; what is not sealed is worthless to a thief.
"""

import hashlib
import hmac
from collections.abc import Callable

import msgspec

from bff.session.model import (
    Acknowledgement,
    AudienceToken,
    RefreshJournal,
    Session,
    SessionCore,
    SessionKey,
    TokenSet,
)
from bff.session.overview import SessionOverview, TokenFacts
from bff.session.seal import NONCE_OCTETS, Seal

OVERVIEW_FIELDS = ("core", "facts", "touch", "refresh", "clients")
"""What an overview is made of."""


class SealedTokens(msgspec.Struct, frozen=True, array_like=True):
    """What is under the seal."""

    generation: int
    access_token: str
    refresh_token: str | None
    id_token: str | None
    issued_at: float
    expires_at: float
    refresh_expires_at: float | None
    scope: tuple[str, ...]
    audiences: dict[str, AudienceToken] = {}


_sealed_decoder = msgspec.msgpack.Decoder(SealedTokens)
_core_decoder = msgspec.json.Decoder(SessionCore)
_facts_decoder = msgspec.json.Decoder(TokenFacts)
_journal_decoder = msgspec.json.Decoder(RefreshJournal)
_clients_decoder = msgspec.json.Decoder(tuple[str, ...])
_encode_json = msgspec.json.Encoder().encode
_encode_msgpack = msgspec.msgpack.Encoder().encode


class SessionRecord:
    """Writes and reads the fields of a session's hash."""

    __slots__ = ("_lookup_key", "_random_octets", "_seal")

    def __init__(
        self, seal: Seal, lookup_key: bytes, random_octets: Callable[[int], bytes]
    ) -> None:
        """``lookup_key`` keys the fingerprints; ``random_octets`` makes the nonces."""
        self._seal = seal
        self._lookup_key = lookup_key
        self._random_octets = random_octets

    def fields(self, name: str, session: Session) -> dict[str, bytes | int]:
        """All fields of a new session stored under ``name``."""
        return {
            **self.token_fields(name, session.generation, session.tokens, session.core),
            "gen": session.generation,
            "touch": milliseconds(session.touched_at),
            "ack": acknowledgement_text(session.acknowledged),
        }

    def token_fields(
        self, name: str, generation: int, tokens: TokenSet, core: SessionCore
    ) -> dict[str, bytes | int]:
        """The fields that a refresh replaces."""
        sealed = SealedTokens(
            generation,
            tokens.access_token,
            tokens.refresh_token,
            tokens.id_token,
            tokens.issued_at,
            tokens.expires_at,
            tokens.refresh_expires_at,
            tokens.scope,
            tokens.audiences,
        )
        facts = TokenFacts(
            generation=generation,
            issued_at=tokens.issued_at,
            expires_at=tokens.expires_at,
            refresh_expires_at=tokens.refresh_expires_at,
            scope=tokens.scope,
            access_fingerprint=self._fingerprint(tokens.access_token),
            refresh_fingerprint=self._fingerprint(tokens.refresh_token)
            if tokens.refresh_token
            else None,
            sealed_under=self._seal.newest,
        )
        nonce = self._random_octets(NONCE_OCTETS)
        ends = [core.absolute_expires_at, tokens.refresh_expires_at or core.absolute_expires_at]
        return {
            "core": _encode_json(core),
            "tokens": self._seal.seal(_encode_msgpack(sealed), _place(name, generation), nonce),
            "facts": _encode_json(facts),
            "hard": milliseconds(min(ends)),
        }

    def session(self, key: SessionKey, name: str, fields: dict[bytes, bytes]) -> Session:
        """The session.

        Raises SealBroken if its tokens were not sealed for this place; msgspec.DecodeError,
        KeyError and ValueError if a field is not what this writes.
        """
        generation = int(fields[b"gen"])
        sealed = _sealed_decoder.decode(
            self._seal.open(fields[b"tokens"], _place(name, generation))
        )
        journal, clients = fields.get(b"refresh"), fields.get(b"clients")
        return Session(
            key=key,
            core=_core_decoder.decode(fields[b"core"]),
            tokens=TokenSet(
                access_token=sealed.access_token,
                refresh_token=sealed.refresh_token,
                id_token=sealed.id_token,
                issued_at=sealed.issued_at,
                expires_at=sealed.expires_at,
                refresh_expires_at=sealed.refresh_expires_at,
                scope=sealed.scope,
                audiences=sealed.audiences,
            ),
            generation=generation,
            touched_at=int(fields[b"touch"]) / 1000,
            acknowledged=_acknowledgement(fields[b"ack"]),
            journal=_journal_decoder.decode(journal) if journal else None,
            clients=_clients_decoder.decode(clients) if clients else (),
        )

    def sealed_anew(
        self, name: str, generation: int, sealed: bytes, facts: bytes
    ) -> tuple[bytes, bytes]:
        """The same tokens under the newest key, and facts that say so.

        Raises SealBroken, msgspec.DecodeError.
        """
        place = _place(name, generation)
        content = self._seal.open(sealed, place)
        known = _facts_decoder.decode(facts)
        renewed = msgspec.structs.replace(known, sealed_under=self._seal.newest)
        nonce = self._random_octets(NONCE_OCTETS)
        return self._seal.seal(content, place, nonce), _encode_json(renewed)

    @staticmethod
    def overview(
        key: SessionKey,
        core: bytes,
        facts: bytes,
        touch: bytes,
        journal: bytes | None,
        clients: bytes | None,
    ) -> SessionOverview:
        """The session without its tokens, from the fields of :data:`OVERVIEW_FIELDS`.

        Nothing is unsealed. Raises msgspec.DecodeError and ValueError.
        """
        read = _facts_decoder.decode(facts)
        return SessionOverview(
            key=key,
            core=_core_decoder.decode(core),
            facts=read,
            generation=read.generation,
            touched_at=int(touch) / 1000,
            journal=_journal_decoder.decode(journal) if journal else None,
            client_changed=clients is not None,
        )

    def _fingerprint(self, token: str) -> str:
        return hmac.digest(
            self._lookup_key, b"fingerprint\0" + token.encode(), hashlib.sha256
        ).hex()[:8]


def milliseconds(seconds: float) -> int:
    """Unix milliseconds, for Redis."""
    return int(seconds * 1000)


def acknowledgement_text(acknowledged: Acknowledgement) -> bytes:
    """``generation:at_ms:previous:previous_at_ms``.

    The first number first, so that a script can compare it.
    """
    return b"%d:%d:%d:%d" % (
        acknowledged.generation,
        milliseconds(acknowledged.at),
        acknowledged.previous,
        milliseconds(acknowledged.previous_at),
    )


def journal_text(journal: RefreshJournal) -> bytes:
    """JSON."""
    return _encode_json(journal)


def _acknowledgement(text: bytes) -> Acknowledgement:
    generation, at, previous, previous_at = (int(part) for part in text.split(b":"))
    return Acknowledgement(generation, at / 1000, previous, previous_at / 1000)


def _place(name: str, generation: int) -> bytes:
    return f"{name}\0tokens\0{generation}".encode()
