"""The register of live sessions: what the store knows of all of them together."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bff.session.model import SessionKey
from bff.session.overview import PagePlace, SessionOverview, SessionPage
from bff.session.resealing import Resealed


class SessionRegister(Protocol):
    """All live sessions, as reviewers and their users may see them.

    Every method raises StoreUnavailable. ``now`` is in Unix seconds.
    """

    async def count(self, now: float) -> int:
        """How many live, exactly; constant work."""
        ...

    async def page(self, after: PagePlace | None, limit: int, now: float) -> SessionPage:
        """The next ``limit`` sessions in the order in which they began, newest first.

        A place stays good whatever begins or ends meanwhile.
        """
        ...

    async def overviews(self, keys: Sequence[SessionKey]) -> list[SessionOverview]:
        """Those of ``keys`` that live, in their order."""
        ...

    async def end_everybody(self) -> int:
        """Begin a new epoch, and return its number.

        Every session of an earlier one has ended (admin), at once and in one step, however many
        there are.
        """
        ...


class SessionResealing(Protocol):
    """Seals stored tokens anew, under the newest key of the ring. Raises StoreUnavailable."""

    async def reseal(self, keys: Sequence[SessionKey]) -> Resealed:
        """Each of ``keys``, unless somebody else changes it at that moment: they seal it anew."""
        ...

    async def count_by_key(self, keys: Sequence[SessionKey]) -> Mapping[str, int]:
        """How many of ``keys`` are sealed under each key of the ring, by its id."""
        ...
