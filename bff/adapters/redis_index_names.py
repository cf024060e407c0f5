"""The names of indexes: keyed hashes, so that a reader of Redis learns of nobody."""

import hashlib
import hmac

from bff.session.model import Ref, SessionCore, SessionKey

LIVE_BUCKETS = 16


class IndexNames:
    """Under which keys sessions are found by user, by provider session, and all together."""

    __slots__ = ("_lookup_key", "_prefix")

    def __init__(self, lookup_key: bytes, prefix: str) -> None:
        """``lookup_key`` hashes what the names are made of."""
        self._lookup_key = lookup_key
        self._prefix = prefix

    @property
    def epoch(self) -> str:
        """The number that ends everybody when it rises."""
        return f"{self._prefix}:epoch"

    def ref(self, ref: Ref) -> str:
        """Where a public reference leads to its session."""
        return f"{self._prefix}:ref:{ref}"

    def named(self, kind: str, issuer: str, name: str) -> str:
        """The index of one ``kind`` (``subject``, ``sid``, ``jti``) for one name at one issuer."""
        content = f"{kind}\0{issuer}\0{name}".encode()
        digest = hmac.digest(self._lookup_key, content, hashlib.sha256)
        return f"{self._prefix}:{kind}:{digest.hex()[:40]}"

    def of(self, core: SessionCore) -> list[str]:
        """The indexes by user and by provider session that hold this session."""
        names = [self.named("subject", core.issuer, core.subject)]
        if core.provider_sid is not None:
            names.append(self.named("sid", core.issuer, core.provider_sid))
        return names

    def bucket_of(self, key: SessionKey, epoch: int) -> tuple[str, str]:
        """The bucket of live sessions that holds this one."""
        digest = hashlib.blake2b(key.encode(), digest_size=1).digest()
        return self.bucket(digest[0] % LIVE_BUCKETS, epoch)

    def bucket(self, number: int, epoch: int) -> tuple[str, str]:
        """One bucket of live sessions, in one hash slot.

        Scored by when Redis forgets each, and by when each began. A new epoch has new buckets: the
        old ones hold nobody who lives.
        """
        name = f"{self._prefix}:live:{{{epoch}.{number}}}"
        return f"{name}:until", f"{name}:began"
