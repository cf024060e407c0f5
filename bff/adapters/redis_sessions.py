"""Sessions in Redis (or Valkey).

All keys of one session share a hash slot: ``bff:{key}:session``, ``:lock``, ``:ended``,
``:limits``.

Indexes live in :mod:`bff.adapters.redis_indexes`. Nothing here ever runs KEYS or SCAN.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters import redis_scripts
from bff.adapters.redis_client import redis_errors
from bff.adapters.redis_index_names import IndexNames
from bff.adapters.redis_indexes import RedisIndexes
from bff.adapters.redis_news import Ear, RedisNews
from bff.adapters.round_trip import round_trip
from bff.adapters.session_record import (
    SessionRecord,
    acknowledgement_text,
    journal_text,
    milliseconds,
)
from bff.errors import StoreUnavailable
from bff.session.limits import SessionLimits, record_expires_at
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
from bff.session.seal import SealBroken

_TOMBSTONE_MS = 86_400_000


class RedisSessionStore:
    """The port ``SessionStore`` over one Redis."""

    def __init__(
        self,
        redis: Redis,
        record: SessionRecord,
        news: RedisNews,
        *,
        limits: SessionLimits,
        lookup_key: bytes,
        prefix: str = "bff",
    ) -> None:
        """``lookup_key`` hashes what index names are made of, so that Redis keys name nobody."""
        self._redis = redis
        self._record = record
        self._news = news
        self._limits = limits
        self._index_names = IndexNames(lookup_key, prefix)
        self._indexes = RedisIndexes(redis, self._index_names)
        self._prefix = prefix
        self._channel = channel(prefix)
        self._scripts = redis_scripts.Scripts(redis)

    # --- the life of a session

    async def create(self, session: Session) -> bool:
        """Store a new session.

        Index entries come first: an ending by index that overtakes us leaves a tombstone we then
        find.
        """
        name = self._name(session.key, "session")
        async with redis_errors():
            core = msgspec.structs.replace(session.core, epoch=await self._indexes.epoch())
            session = msgspec.structs.replace(session, core=core)
            until = record_expires_at(session, session.touched_at, self._limits)
            await self._indexes.add(session.key, core, until)
            arguments: list[Any] = [
                milliseconds(until),
                msgspec.json.encode({"absolute_expires_at": core.absolute_expires_at}),
                milliseconds(core.absolute_expires_at) + _TOMBSTONE_MS,
            ]
            for field, value in self._record.fields(name, session).items():
                arguments += [field, value]
            keys = [name, self._name(session.key, "ended"), self._name(session.key, "limits")]
            return bool(await self._scripts.run(redis_scripts.CREATE, keys, arguments))

    async def load(self, key: SessionKey) -> Session | EndedSession | None:
        """One round trip for a live session, a second one to learn why there is none."""
        name = self._name(key, "session")
        async with redis_errors():
            pairs, epoch = await round_trip(
                self._redis, ("HGETALL", name), ("GET", self._index_names.epoch)
            )
            if not pairs:
                return await self._why_gone(key)
        return self._found(key, name, pairs, epoch)

    async def touch(self, session: Session, at: float) -> None:
        """Record use, in the session and in its bucket."""
        arguments = [milliseconds(at), milliseconds(self._limits.idle)]
        name = self._name(session.key, "session")
        async with redis_errors():
            if await self._scripts.run(redis_scripts.TOUCH, [name], arguments):
                until = record_expires_at(session, at, self._limits)
                await self._indexes.keep(session.key, session.core, until, at)

    async def acknowledge(self, key: SessionKey, acknowledged: Acknowledgement) -> None:
        """Record what the browser holds."""
        arguments = [acknowledged.generation, acknowledgement_text(acknowledged)]
        async with redis_errors():
            await self._scripts.run(
                redis_scripts.ACKNOWLEDGE, [self._name(key, "session")], arguments
            )

    async def end(
        self, key: SessionKey, reason: EndReason, at: float, *, only_generation: int | None = None
    ) -> Session | None:
        """Delete the session, leave a tombstone, tell everybody."""
        keys = [self._name(key, kind) for kind in ("session", "ended", "lock", "limits")]
        tombstone = msgspec.json.encode(EndedSession(reason, at))
        only = "" if only_generation is None else only_generation
        async with redis_errors():
            pairs = await self._scripts.run(
                redis_scripts.END, keys, [tombstone, _TOMBSTONE_MS, only, self._channel, key]
            )
            if not pairs:
                return None
            session = self._decode(key, keys[0], pairs)
            await self._indexes.remove(key, session.core)
            return session

    # --- refresh

    async def try_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> Locked | None:
        """SET NX with an owner, and the session, in one round trip."""
        name = self._name(key, "session")
        keys, arguments = [self._name(key, "lock"), name], [owner, milliseconds(lease_seconds)]
        async with redis_errors():
            pairs, epoch = await self._scripts.run_and_get(
                redis_scripts.LOCK, keys, arguments, self._index_names.epoch
            )
            if pairs is None:
                return None
            if not pairs:
                return Locked(await self._why_gone(key))
        return Locked(self._found(key, name, pairs, epoch))

    async def renew_lock(self, key: SessionKey, owner: str, lease_seconds: float) -> bool:
        """Compare and extend."""
        async with redis_errors():
            arguments = [owner, milliseconds(lease_seconds)]
            return bool(
                await self._scripts.run(redis_scripts.RENEW, [self._name(key, "lock")], arguments)
            )

    async def release_lock(self, key: SessionKey, owner: str) -> None:
        """Compare and delete."""
        async with redis_errors():
            await self._scripts.run(redis_scripts.RELEASE, [self._name(key, "lock")], [owner])

    async def write_journal(self, key: SessionKey, journal: RefreshJournal) -> Replaced:
        """Fenced by generation and by owner."""
        keys = [self._name(key, kind) for kind in ("session", "ended", "lock")]
        arguments = [journal.generation, journal_text(journal), journal.owner]
        async with redis_errors():
            return _replaced(await self._scripts.run(redis_scripts.JOURNAL, keys, arguments))

    async def replace_tokens(
        self,
        key: SessionKey,
        read_generation: int,
        tokens: TokenSet,
        core: SessionCore,
        owner: str = "",
    ) -> Replaced:
        """The fenced write. The buckets hear of it only if Redis keeps the session for another time than before."""
        keys = [name, *_] = [self._name(key, kind) for kind in ("session", "ended", "lock")]
        fields = self._record.token_fields(name, read_generation + 1, tokens, core)
        arguments = [
            read_generation,
            *(fields[field] for field in ("core", "tokens", "facts", "hard")),
            milliseconds(self._limits.idle),
            self._channel,
            key,
            owner,
        ]
        async with redis_errors():
            answer = await self._scripts.run(redis_scripts.REPLACE, keys, arguments)
            if isinstance(answer, bytes):
                return _replaced(answer)
            until, now = (int(moment) / 1000 for moment in answer)
            await self._indexes.keep(key, core, until, now)
            return Replaced.WRITTEN

    async def tell(self, key: SessionKey) -> None:
        """Publish the key."""
        async with redis_errors():
            await self._redis.publish(self._channel, key)

    def listen(self, key: SessionKey) -> AbstractContextManager[Ear]:
        """Open an ear."""
        return self._news.listen(key)

    # --- indexes

    async def keys_of_subject(self, issuer: str, subject: str) -> Sequence[SessionKey]:
        """From the subject's index."""
        async with redis_errors():
            return await self._indexes.members("subject", issuer, subject)

    async def keys_of_provider_session(self, issuer: str, sid: str) -> Sequence[SessionKey]:
        """From the provider session's index."""
        async with redis_errors():
            return await self._indexes.members("sid", issuer, sid)

    async def key_of_ref(self, ref: Ref) -> SessionKey | None:
        """By public reference."""
        async with redis_errors():
            return await self._indexes.named_by(ref)

    async def logout_token_seen(self, issuer: str, jti: str) -> bool:
        """Whether it was remembered."""
        async with redis_errors():
            return bool(await self._redis.exists(self._index_names.named("jti", issuer, jti)))

    async def remember_logout_token(self, issuer: str, jti: str, lifetime_seconds: float) -> None:
        """Remember it."""
        async with redis_errors():
            await self._redis.set(
                self._index_names.named("jti", issuer, jti), b"1", px=milliseconds(lifetime_seconds)
            )

    # --- below the surface

    def _name(self, key: SessionKey, kind: str) -> str:
        return f"{self._prefix}:{{{key}}}:{kind}"

    async def _why_gone(self, key: SessionKey) -> EndedSession | None:
        """A tombstone says it; a session that Redis let expire left its limits behind."""
        tombstone, limits = await self._redis.mget(
            self._name(key, "ended"), self._name(key, "limits")
        )
        if tombstone:
            return msgspec.json.decode(tombstone, type=EndedSession)
        if limits:
            seconds, microseconds = await self._redis.time()
            absolute = msgspec.json.decode(limits)["absolute_expires_at"]
            now = seconds + microseconds / 1_000_000
            return EndedSession(
                EndReason.ABSOLUTE_TIMEOUT if now >= absolute else EndReason.IDLE_TIMEOUT, now
            )
        return None

    def _found(
        self, key: SessionKey, name: str, pairs: Sequence[bytes], epoch: bytes | None
    ) -> Session | EndedSession:
        session = self._decode(key, name, pairs)
        if session.core.epoch < int(epoch or 0):
            return EndedSession(EndReason.ADMIN, session.touched_at)
        return session

    def _decode(self, key: SessionKey, name: str, pairs: Sequence[bytes]) -> Session:
        fields = dict(zip(pairs[::2], pairs[1::2], strict=True))
        try:
            return self._record.session(key, name, fields)
        except (SealBroken, msgspec.DecodeError, KeyError, ValueError) as error:
            raise StoreUnavailable from error


def channel(prefix: str) -> str:
    """Where changes of sessions are published."""
    return f"{prefix}:news"


def _replaced(answer: bytes) -> Replaced:
    return {b"written": Replaced.WRITTEN, b"conflict": Replaced.CONFLICT}.get(
        answer, Replaced.ENDED
    )
