"""The indexes of the trail: which entries there are of a kind, or about somebody, newest first.

``low`` and ``high`` are ends of a span as XRANGE takes them: an id, or ``(`` and an id, ``-``, ``+``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bff.adapters.audit_names import AuditNames
from bff.adapters.audit_scripts import FETCH
from bff.audit.kinds import Kind
from bff.audit.record import Entry, Record

LEAST = 8
_decode = msgspec.json.Decoder(Record).decode
_kind = msgspec.json.Decoder(Kind).decode
Place = tuple[int, int]
Span = tuple[str, str]


class Among(msgspec.Struct, frozen=True):
    """Sorted sets whose members are what is meant, each in one of them; of each only what begins so."""

    keys: tuple[str, ...]
    begins: str = ""


class TrailIndexes:
    """Counts and finds. Raises what redis-py raises."""

    def __init__(self, redis: Redis, names: AuditNames) -> None:
        """Nothing is opened here."""
        self._redis = redis
        self._names = names
        self._fetch = redis.register_script(FETCH)

    async def kinds(self) -> dict[str, Kind]:
        """Every kind of entry there ever was, by name."""
        found: Any = await self._redis.hgetall(self._names.plain("kinds"))
        return {text(name): _kind(kind) for name, kind in found.items()}

    async def count(self, streams: Sequence[str], span: Span) -> list[int]:
        """How many each stream of ids holds in a span: they are numbered without a gap."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for stream in streams:
                pipe.xrange(stream, *span, count=1)
                pipe.xrevrange(stream, span[1], span[0], count=1)
            ends: list[Any] = await pipe.execute() if streams else []
        return [
            _number(last[0][1]) - _number(first[0][1]) + 1 if first and last else 0
            for first, last in zip(ends[::2], ends[1::2], strict=True)
        ]

    async def newest(self, streams: Sequence[str], span: Span, limit: int) -> list[str]:
        """The newest ids of all streams together."""
        found: list[str] = []
        low, high = span
        while streams and len(found) < limit:
            each = max(LEAST, 2 * (limit - len(found)) // len(streams))
            async with self._redis.pipeline(transaction=False) as pipe:
                for stream in streams:
                    pipe.xrevrange(stream, high, low, count=each)
                answers: list[Any] = await pipe.execute()
            ids = [[text(identifier) for identifier, _ in answer] for answer in answers]
            edges = [order(one[-1]) for one in ids if len(one) == each]
            edge = max(edges, default=(0, 0))
            found += sorted(
                (name for one in ids for name in one if order(name) >= edge),
                key=order,
                reverse=True,
            )
            if not edges:
                break
            high = f"({found[-1]}"
            streams = [s for s, one in zip(streams, ids, strict=True) if len(one) == each or (
                one and order(one[-1]) < edge)]  # fmt: skip
        return found[:limit]

    async def sizes(self, groups: Sequence[Among], span: Span) -> list[int]:
        """How many members each group has in a span; of a shared set all that are in it."""
        await self._forget_trimmed(groups)
        least, most = scores(span)
        async with self._redis.pipeline(transaction=False) as pipe:
            for group in groups:
                for key in group.keys:
                    pipe.zcount(key, least, most)
            counts = iter(await pipe.execute() if groups else [])
        return [sum(next(counts) for _ in group.keys) for group in groups]

    async def members(
        self, group: Among, span: Span, limit: int | None = None
    ) -> tuple[list[tuple[str, str]], bool]:
        """Ids with their kinds, newest first; and whether these are all.

        With a ``limit`` about so many of each set, and no millisecond in parts.
        """
        low, high = span
        while True:
            found: list[tuple[str, str]] = []
            edge = 0
            for key in group.keys:
                names, last = await self._some(key, scores((low, high)), limit)
                edge = max(edge, last)
                found += [_member(n, group.begins) for n in names if n.startswith(group.begins)]
            inside = [one for one in found if order(one[0])[0] >= edge and _below(one[0], span[1])]
            if inside or not edge:
                inside.sort(key=lambda one: order(one[0]), reverse=True)
                return inside, not edge
            high = f"({edge}"

    async def _some(
        self, key: str, span: tuple[str, str], limit: int | None
    ) -> tuple[list[str], int]:
        """The newest members, and the millisecond at which they stop; 0 if they are all."""
        if limit is None:
            every: Any = await self._redis.zrevrangebyscore(key, span[1], span[0])
            return [text(name) for name in every], 0
        read: Any = await self._redis.zrevrangebyscore(
            key, span[1], span[0], start=0, num=limit, withscores=True
        )
        if len(read) < limit:
            return [text(name) for name, _ in read], 0
        edge = int(read[-1][1])
        same: Any = await self._redis.zrangebyscore(key, edge, edge)
        newer = [text(name) for name, score in read if score > edge]
        return [*newer, *(text(name) for name in same)], edge

    async def fetch(self, ids: Sequence[str]) -> list[tuple[Entry, Record]]:
        """The entries that are still there, in one round trip."""
        if not ids:
            return []
        read: Any = await self._fetch(keys=[self._names.trail], args=list(ids))
        return [decoded(identifier, _pairs(flat)) for identifier, flat in read]

    async def spread(
        self, streams: Sequence[str], span: tuple[float, float], slices: int, each: int
    ) -> list[str]:
        """Ids spread over a time: all of a stream that has few, some of each slice of the others."""
        after, before = (int(end * 1000) for end in span)
        counts = await self.count(streams, (str(after), f"({before}"))
        step = max(1, (before - after) // slices)
        async with self._redis.pipeline(transaction=False) as pipe:
            for stream, count in zip(streams, counts, strict=True):
                if count <= slices * each // 4:
                    pipe.xrange(stream, after, f"({before}")
                    continue
                for low in range(after, before, step):
                    pipe.xrange(stream, low, f"({low + step}", count=each)
            answers: list[Any] = await pipe.execute() if streams else []
        return [text(identifier) for answer in answers for identifier, _ in answer]

    async def stretch(self, span: Span, limit: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """The newest entries of the trail itself, as Redis has them."""
        found: Any = await self._redis.xrevrange(self._names.trail, span[1], span[0], count=limit)
        return list(found)

    async def oldest(self, low: str, high: str) -> int | None:
        """The sequence number of a span's first entry."""
        found: Any = await self._redis.xrange(self._names.trail, low, high, count=1)
        return int(found[0][1][b"s"]) if found else None

    async def _forget_trimmed(self, groups: Sequence[Among]) -> None:
        """Take out of sorted sets what retention took out of the trail."""
        oldest: Any = await self._redis.xrange(self._names.trail, count=1)
        keys = [(group, key) for group in groups for key in group.keys]
        if not oldest:
            await self._redis.delete(*(key for _, key in keys)) if keys else None
            return
        first = text(oldest[0][0])
        edge = first.partition("-")[0]
        async with self._redis.pipeline(transaction=False) as pipe:
            for _, key in keys:
                pipe.zremrangebyscore(key, "-inf", f"({edge}")
                pipe.zrangebyscore(key, edge, edge)
            answers = await pipe.execute() if keys else []
        for (group, key), same in zip(keys, answers[1::2], strict=True):
            gone = [
                name
                for name in same
                if text(name).startswith(group.begins)
                and order(_member(text(name), group.begins)[0]) < order(first)
            ]
            if gone:
                await self._redis.zrem(key, *gone)


def entry_of(identifier: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """An entry in its place."""
    return Entry(
        id=text(identifier),
        seq=int(fields.get(b"s", 0)),
        chain=text(fields.get(b"c", b"")),
        number=int(fields.get(b"n", 0)),
        mac=fields.get(b"m", b""),
        body=fields.get(b"b", b""),
    )


def order(identifier: str) -> Place:
    """What ids are ordered by."""
    milliseconds, _, number = identifier.partition("-")
    return int(milliseconds), int(number or 0)


def scores(span: Span) -> tuple[str, str]:
    """The same span for sorted sets, to the millisecond."""
    least, most = (bound.removeprefix("(").partition("-")[0] for bound in span)
    return least or "-inf", "+inf" if span[1] == "+" else (
        f"({most}" if span[1].startswith("(") and "-" not in span[1] else most
    )


def text(value: bytes) -> str:
    """ASCII."""
    return value.decode("ascii", "replace")


def _below(identifier: str, high: str) -> bool:
    """Whether an id lies below an exclusive upper end; the rest is a matter of scores."""
    return not high.startswith("(") or order(identifier) < order(high[1:])


def _member(name: str, begins: str) -> tuple[str, str]:
    identifier, _, kind = name[len(begins) :].partition("/")
    return identifier, kind


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _number(fields: Mapping[bytes, bytes]) -> int:
    return int(fields[b"k"])


def decoded(identifier: bytes, fields: Mapping[bytes, bytes]) -> tuple[Entry, Record]:
    """An entry of the trail, and what it says."""
    entry = entry_of(identifier, fields)
    return entry, _decode(entry.body)
