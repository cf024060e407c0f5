"""A search of the trail: by the narrowest indexes there are for it, exactly where they decide.

What is left to be judged entry by entry is judged for a bounded time; then the answer says how far
it has searched, and its cursor goes on from there.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from bff.adapters.audit_names import AuditNames
from bff.adapters.trail_indexes import Among, Span, TrailIndexes, order
from bff.adapters.trail_sources import Listed, Members, Read, Source, Streams, Whole
from bff.audit.kinds import Kind, kinds_meant, open_fields
from bff.audit.query import AuditQuery

SEARCH_SECONDS, CHUNK = 0.08, 250
MEMBERS = 10_000
"""So many entries about somebody are looked through by their kinds alone, whatever the page."""
DENSE = 0.25
"""If a query's kinds are more of the trail than this, words are looked for in the trail itself."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, newest first; the place after the last one; how many there are, exactly or at least.

    ``searched_until`` is the id at which a search stopped that took too long.
    """

    entries: tuple[Read, ...]
    next: str | None
    total: int
    exact: bool
    searched_until: str | None = None


class TrailSearch:
    """One query. Raises what redis-py raises."""

    def __init__(
        self, indexes: TrailIndexes, names: AuditNames, now: Callable[[], float], query: AuditQuery
    ) -> None:
        """``now`` bounds how long it may take."""
        self._indexes = indexes
        self._names = names
        self._now = now
        self._began = now()
        self._query = query
        self._who = self._groups()

    async def page(self, before: str | None, limit: int) -> Found:
        """The next ``limit`` entries older than ``before`` (an id)."""
        kinds = await self._indexes.kinds()
        meant = kinds_meant(kinds, self._query.wanted, self._query.unwanted)
        if not meant:
            return Found(entries=(), next=None, total=0, exact=True)
        if self._who:
            return await self._about(set(meant), before, limit, every=len(meant) == len(kinds))
        streams = [self._names.kind(name) for name in meant]
        if len(meant) == len(kinds):
            streams = [self._names.trail]
        if not self._undecided:
            return await self._of_kinds(streams, before, limit)
        return await self._words(kinds, meant, before, limit)

    async def tally(self, field: str) -> dict[str, int]:
        """How many of each value of a closed field; nothing for a query that kinds do not decide."""
        if self._who or self._undecided:
            return {}
        kinds = await self._indexes.kinds()
        meant = kinds_meant(kinds, self._query.wanted, self._query.unwanted)
        counts = await self._indexes.count(
            [self._names.kind(name) for name in meant], self._span(None)
        )
        tallied: dict[str, int] = {}
        for name, count in zip(meant, counts, strict=True):
            value = getattr(kinds[name], field)
            if value is not None and count:
                tallied[value] = tallied.get(value, 0) + count
        return tallied

    async def sample(self, span: tuple[float, float], slices: int, each: int) -> list[Read]:
        """Some of the entries, spread over a time."""
        kinds = await self._indexes.kinds()
        meant = kinds_meant(kinds, self._query.wanted, self._query.unwanted)
        streams = [self._names.kind(name) for name in meant]
        return await self._indexes.fetch(await self._indexes.spread(streams, span, slices, each))

    @property
    def _undecided(self) -> bool:
        """Whether entries must be read to know."""
        query = self._query
        unindexed = len(self._who) < len(open_fields(query.wanted))
        return bool(query.words or open_fields(query.unwanted) or unindexed)

    def _groups(self) -> list[Among]:
        """An index for each field that says who, where or which request."""
        groups = []
        for field in open_fields(self._query.wanted):
            values = dict.fromkeys(self._query.wanted[field])
            if field == "request_id":
                if len(values) == 1:
                    key, begins = self._names.request(next(iter(values)))
                    groups.append(Among((key,), begins))
            else:
                keys = (self._names.sets_where(field, value) for value in values)
                groups.append(Among(tuple(key for some in keys for key in some)))
        return groups

    async def _of_kinds(self, streams: Sequence[str], before: str | None, limit: int) -> Found:
        """Decided by kinds."""
        if streams == [self._names.trail]:
            total = await self._whole()
        else:
            total = sum(await self._indexes.count(streams, self._span(None)))
        ids = await self._indexes.newest(streams, self._span(before), limit)
        entries = await self._indexes.fetch(ids)
        return Found(
            entries=tuple(entries),
            next=ids[-1] if len(ids) == limit else None,
            total=total,
            exact=True,
        )

    async def _whole(self) -> int:
        """The trail's own length in a span: sequence numbers have no gap."""
        low, high = self._span(None)
        first = await self._indexes.oldest(low, high)
        last = await self._indexes.stretch((low, high), 1)
        if first is None or not last:
            return 0
        return int(last[0][1][b"s"]) - first + 1

    async def _about(
        self, meant: set[str], before: str | None, limit: int, *, every: bool
    ) -> Found:
        """Somebody's entries: what few there are whole, else the shortest list of them in order."""
        sizes = await self._indexes.sizes(self._who, self._span(None))
        few = [group for group, size in zip(self._who, sizes, strict=True) if size <= MEMBERS]
        alone = not self._undecided
        if few:
            ids = await self._intersection(few, meant)
            if alone and len(few) == len(self._who):
                return await self._picked(ids, before, limit)
            return await self._judged(Listed(self._indexes, ids), before, limit)
        shortest = min(range(len(sizes)), key=sizes.__getitem__)
        group = self._who[shortest]
        source = Members(self._indexes, group, meant)
        if alone and every and len(self._who) == 1:
            ids, _ = await source.some(self._span(before), limit)
            entries = await self._indexes.fetch(ids[:limit])
            following = ids[limit - 1] if len(ids) >= limit else None
            return Found(entries=tuple(entries), next=following, total=sizes[shortest], exact=True)
        return await self._judged(source, before, limit)

    async def _intersection(self, groups: Sequence[Among], meant: set[str]) -> list[str]:
        """The ids in all of them, of the kinds that are meant, newest first."""
        first, *others = groups
        members, _ = await self._indexes.members(first, self._span(None))
        ids = [name for name, kind in members if kind in meant]
        for group in others:
            more, _ = await self._indexes.members(group, self._span(None))
            among = {name for name, _ in more}
            ids = [name for name in ids if name in among]
        return ids

    async def _picked(self, ids: Sequence[str], before: str | None, limit: int) -> Found:
        """A page of ids that are all there are."""
        rest = [name for name in ids if before is None or order(name) < order(before)]
        entries = await self._indexes.fetch(rest[:limit])
        return Found(
            entries=tuple(entries),
            next=rest[limit - 1] if len(rest) > limit else None,
            total=len(ids),
            exact=True,
        )

    async def _words(
        self, kinds: Mapping[str, Kind], meant: Sequence[str], before: str | None, limit: int
    ) -> Found:
        """Entry by entry: of the kinds, or of the whole trail if that is about as long."""
        streams = [self._names.kind(name) for name in meant]
        if len(meant) < len(kinds):
            mine = sum(await self._indexes.count(streams, self._span(None)))
            if mine < DENSE * await self._whole():
                return await self._judged(Streams(self._indexes, streams), before, limit)
        return await self._judged(Whole(self._indexes, self._query), before, limit)

    async def _judged(self, source: Source, before: str | None, limit: int) -> Found:
        """One entry after the other, for ``SEARCH_SECONDS`` at most."""
        found: list[Read] = []
        place, seen, ended = before, 0, False
        while not ended and (self._now() - self._began < SEARCH_SECONDS or place == before):
            entries, following = await source.read(self._span(place), CHUNK)
            for entry, record in entries:
                if self._query.matches(record):
                    seen += 1
                    if len(found) < limit:
                        found.append((entry, record))
            ended = following is None
            place = following or place
        full = seen > limit
        return Found(
            entries=tuple(found),
            next=found[-1][0].id if full else (None if ended else place),
            total=seen,
            exact=ended and before is None,
            searched_until=None if ended or full else place,
        )

    def _span(self, before: str | None) -> Span:
        query = self._query
        low = "-" if query.after is None else str(int(query.after * 1000))
        if before is not None:
            return low, f"({before}"
        return low, "+" if query.before is None else f"({int(query.before * 1000)}"
