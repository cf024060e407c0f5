"""The names of indexes: keyed hashes, so that a reader of Redis learns of nobody."""

import hashlib
import hmac

from bff.session.model import Session

LIVE_BUCKETS = 16


class IndexNames:
    """Under which keys sessions are found by user, by provider session, and all together."""

    __slots__ = ("_lookup_key", "_prefix")

    def __init__(self, lookup_key: bytes, prefix: str) -> None:
        """``lookup_key`` hashes what the names are made of."""
        self._lookup_key = lookup_key
        self._prefix = prefix

    def named(self, kind: str, issuer: str, name: str) -> str:
        """The index of one ``kind`` (``subject``, ``sid``, ``jti``) for one name at one issuer."""
        content = f"{kind}\0{issuer}\0{name}".encode()
        digest = hmac.digest(self._lookup_key, content, hashlib.sha256)
        return f"{self._prefix}:{kind}:{digest.hex()[:40]}"

    def of(self, session: Session) -> list[str]:
        """Every index that holds this session."""
        core = session.core
        digest = hashlib.blake2b(session.key.encode(), digest_size=1).digest()
        names = [
            f"{self._prefix}:live:{digest[0] % LIVE_BUCKETS}",
            self.named("subject", core.issuer, core.subject),
        ]
        if core.provider_sid is not None:
            names.append(self.named("sid", core.issuer, core.provider_sid))
        return names
