"""Where entries that may be meant come from: ids in hand, a list about somebody, kinds, the whole trail."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from bff.adapters.trail_indexes import Among, Span, TrailIndexes, decoded, order, text
from bff.audit.query import AuditQuery
from bff.audit.record import TITLES, Entry, Record

Read = tuple[Entry, Record]


class Source(ABC):
    """Where entries that may be meant come from."""

    def __init__(self, indexes: TrailIndexes) -> None:
        """Nothing is read here."""
        self._indexes = indexes

    @abstractmethod
    async def read(self, span: Span, count: int) -> tuple[list[Read], str | None]:
        """The next entries, newest first, and the place after them; None at the end."""


class _Ids(Source):
    """Where ids come from first."""

    async def read(self, span: Span, count: int) -> tuple[list[Read], str | None]:
        """As its base says."""
        ids, ended = await self.some(span, count)
        return await self._indexes.fetch(ids), None if ended or not ids else ids[-1]

    @abstractmethod
    async def some(self, span: Span, count: int) -> tuple[list[str], bool]:
        """The next ids, and whether these are the last."""


class Listed(_Ids):
    """Ids in hand."""

    def __init__(self, indexes: TrailIndexes, ids: Sequence[str]) -> None:
        """Nothing is read here."""
        super().__init__(indexes)
        self._ids = ids

    async def some(self, span: Span, count: int) -> tuple[list[str], bool]:
        """As its base says."""
        high = span[1].removeprefix("(")
        rest = [n for n in self._ids if "-" not in high or order(n) < order(high)]
        return rest[:count], len(rest) <= count


class Members(Source):
    """A long list about somebody."""

    def __init__(self, indexes: TrailIndexes, group: Among, meant: set[str]) -> None:
        """Nothing is read here."""
        super().__init__(indexes)
        self._group = group
        self._meant = meant

    async def read(self, span: Span, count: int) -> tuple[list[Read], str | None]:
        """As its base says."""
        members, whole = await self._indexes.members(self._group, span, count)
        meant = [name for name, kind in members if kind in self._meant]
        return await self._indexes.fetch(meant), None if whole else members[-1][0]

    async def some(self, span: Span, count: int) -> tuple[list[str], bool]:
        """As its base says."""
        members, whole = await self._indexes.members(self._group, span, count)
        return [name for name, _ in members], whole


class Streams(_Ids):
    """Some kinds."""

    def __init__(self, indexes: TrailIndexes, streams: Sequence[str]) -> None:
        """Nothing is read here."""
        super().__init__(indexes)
        self._streams = streams

    async def some(self, span: Span, count: int) -> tuple[list[str], bool]:
        """As its base says."""
        ids = await self._indexes.newest(self._streams, span, count)
        return ids, len(ids) < count


class Whole(Source):
    """The trail itself; what cannot hold a word is not even read."""

    def __init__(self, indexes: TrailIndexes, query: AuditQuery) -> None:
        """Nothing is read here."""
        super().__init__(indexes)
        self._words = [
            word.encode()
            for word in query.words
            if word.isascii() and word.isprintable() and not {'"', "\\"} & set(word)
            and not any(word in title.lower() for title in TITLES.values())
        ]  # fmt: skip

    async def read(self, span: Span, count: int) -> tuple[list[Read], str | None]:
        """As its base says."""
        read = await self._indexes.stretch(span, count)
        near = [(identifier, fields) for identifier, fields in read if self._may(fields[b"b"])]
        entries = [decoded(identifier, fields) for identifier, fields in near]
        return entries, None if len(read) < count else text(read[-1][0])

    def _may(self, body: bytes) -> bool:
        lower = body.lower()
        return not body.isascii() or all(word in lower for word in self._words)
