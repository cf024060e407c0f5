"""What spreads sessions that would otherwise do the same at the same moment."""

import hashlib
from functools import lru_cache

from bff.session.model import SessionKey


@lru_cache(maxsize=16_384)
def share(key: SessionKey, number: int) -> float:
    """A number in [0, 1) fixed by the session and ``number``: the same in every process."""
    digest = hashlib.blake2b(f"{key}.{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
