"""Sealing at rest: AES-256-GCM under a ring of keys with ids (NIST SP 800-38D.

ASVS 5.0, 11.3 and 14.2.4).

A sealed value is ``key id . nonce . ciphertext``. The associated data names the place it belongs
to, so a value moved to another key, field or generation does not open. Random 96-bit nonces are
safe for 2**32 seals under one key: rotate the key long before.
"""

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_OCTETS = 12
KEY_OCTETS = 32


class SealBroken(Exception):
    """The value was not sealed here, for this place, under a key of this ring."""


class SealingKey(msgspec.Struct, frozen=True):
    """One key of the ring: ``id`` of 1 to 32 URL-safe characters, ``secret`` of 32 octets."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """The id only."""
        return f"SealingKey(id={self.id!r})"


class Seal:
    """Seals under the newest key of a ring, opens under any of them."""

    __slots__ = ("_ciphers", "newest")

    def __init__(self, ring: tuple[SealingKey, ...]) -> None:
        """Take the ring, newest key last.

        Raises ValueError if it is empty, repeats an id, or holds a key of another size.
        """
        if (
            not ring
            or len({key.id for key in ring}) != len(ring)
            or any(len(key.secret) != KEY_OCTETS for key in ring)
        ):
            msg = "a sealing ring needs at least one key, distinct ids, and 32 octets a key"
            raise ValueError(msg)
        self._ciphers = {key.id.encode("ascii"): AESGCM(key.secret) for key in ring}
        self.newest = ring[-1].id

    def seal(self, content: bytes, place: bytes, nonce: bytes) -> bytes:
        """Seal ``content`` for ``place`` with a fresh random ``nonce`` of 12 octets."""
        key_id = self.newest.encode("ascii")
        return b"%b.%b%b" % (key_id, nonce, self._ciphers[key_id].encrypt(nonce, content, place))

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The content. Raises SealBroken."""
        key_id, _, rest = sealed.partition(b".")
        cipher = self._ciphers.get(key_id)
        if cipher is None or len(rest) < NONCE_OCTETS:
            raise SealBroken
        try:
            return cipher.decrypt(rest[:NONCE_OCTETS], rest[NONCE_OCTETS:], place)
        except InvalidTag:
            raise SealBroken from None


def sealed_under(sealed: bytes) -> str:
    """The id of the key a value was sealed under, for reviewers and re-sealing.

    An unreadable value gives its first characters.
    """
    return sealed.partition(b".")[0][:32].decode("ascii", "replace")
