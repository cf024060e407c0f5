"""What re-sealing under the newest key has come to."""

import msgspec


class Resealed(msgspec.Struct, frozen=True):
    """Counts of sessions.

    ``done``: sealed anew. ``fresh``: sealed under the newest key already. ``changed``: somebody
    renewed it at that moment, and sealed it under their newest key. ``gone``: it has ended.
    ``unreadable``: sealed under a key that is not in the ring.
    """

    done: int = 0
    fresh: int = 0
    changed: int = 0
    gone: int = 0
    unreadable: int = 0

    @property
    def seen(self) -> int:
        """All of them."""
        return self.done + self.fresh + self.changed + self.gone + self.unreadable

    def __add__(self, other: "Resealed") -> "Resealed":
        """Both together."""
        return Resealed(
            self.done + other.done,
            self.fresh + other.fresh,
            self.changed + other.changed,
            self.gone + other.gone,
            self.unreadable + other.unreadable,
        )
