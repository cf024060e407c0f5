"""The hash chain: each entry's MAC covers the entry before it.

So none can be changed, moved or taken away unnoticed by anybody without the key.

One chain for each process, numbered from 1. Anchors (how far every chain has come) are entries of
other chains and lines of the log, so that an end cut off is missed. Retention leaves floors.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping

import msgspec

from bff.audit.record import Entry, Record

_decoder = msgspec.json.Decoder(Record)


class Link(msgspec.Struct, frozen=True):
    """A place in a chain: the entry with this number has this MAC."""

    chain: str
    number: int
    mac: bytes


def first_link(chain: str) -> Link:
    """The place before a chain's first entry."""
    return Link(chain, 0, b"")


def next_link(key: bytes, before: Link, body: bytes) -> Link:
    """The place of ``body`` after ``before``."""
    number = before.number + 1
    signed = b"\0".join((b"audit-1", before.chain.encode(), b"%d" % number, before.mac, body))
    return Link(before.chain, number, hmac.digest(key, signed, hashlib.sha256))


class Finding(msgspec.Struct, frozen=True, order=True):
    """What is wrong: ``altered``, ``missing``, ``moved``, ``cut_off``, ``cut_before``, ``repeated``, ``unreadable``."""

    chain: str
    number: int
    what: str
    until: int = 0

    def __str__(self) -> str:
        """For people."""
        numbers = f"{self.number} to {self.until}" if self.until > self.number else f"{self.number}"
        return f"{self.what.replace('_', ' ')}: entry {numbers} of chain {self.chain}"


class _Chain:
    """What has been seen of one chain."""

    __slots__ = ("began", "last", "missing")

    def __init__(self, entry: Entry) -> None:
        self.began = entry
        self.last = Link(entry.chain, entry.number, entry.mac)
        self.missing: set[int] = set()


class Verifier:
    """Reads the trail in its order; :meth:`findings` says what is wrong with it."""

    def __init__(self, key: bytes) -> None:
        """``key`` is the one the chains were made with."""
        self._key = key
        self._chains: dict[str, _Chain] = {}
        self._floors: dict[str, tuple[int, bytes]] = {}
        self._anchors: dict[str, int] = {}
        self._found: set[Finding] = set()
        self.entries = 0

    def read(self, entry: Entry) -> None:
        """The next entry."""
        self.entries += 1
        chain = self._chains.get(entry.chain)
        if chain is None:
            self._chains[entry.chain] = _Chain(entry)
            if entry.number == 1 and not self._follows(first_link(entry.chain), entry):
                self._note(entry, "altered")
        elif entry.number > chain.last.number:
            self._forward(chain, entry)
        elif entry.number in chain.missing:
            chain.missing.discard(entry.number)
            self._note(entry, "moved")
        else:
            self._note(entry, "repeated")
        self._learn(entry)

    def anchor(self, heads: Mapping[str, int]) -> None:
        """Chains are known to have come this far: from a log, or from where Redis keeps the heads."""
        for chain, number in heads.items():
            self._anchors[chain] = max(number, self._anchors.get(chain, 0))

    def findings(self) -> list[Finding]:
        """Everything that is wrong, in the chains' order."""
        return sorted({*self._found, *self._gaps(), *self._fronts(), *self._ends()})

    def _forward(self, chain: _Chain, entry: Entry) -> None:
        skipped = range(chain.last.number + 1, entry.number)
        chain.missing.update(skipped)
        if not skipped and not self._follows(chain.last, entry):
            self._note(entry, "altered")
        chain.last = Link(entry.chain, entry.number, entry.mac)

    def _follows(self, before: Link, entry: Entry) -> bool:
        return hmac.compare_digest(next_link(self._key, before, entry.body).mac, entry.mac)

    def _learn(self, entry: Entry) -> None:
        """Anchors and floors tell about other chains."""
        try:
            record = _decoder.decode(entry.body)
        except msgspec.DecodeError:
            self._note(entry, "unreadable")
            return
        if record.event == "audit_anchor":
            heads = record.details.get("heads")
            self.anchor({k: int(v) for k, v in heads.items()} if isinstance(heads, dict) else {})
        elif record.event == "audit_trimmed":
            floors = record.details.get("floors")
            for name, text in floors.items() if isinstance(floors, dict) else ():
                number, _, mac = str(text).partition(":")
                self._floors[name] = (int(number), bytes.fromhex(mac))

    def _gaps(self) -> Iterator[Finding]:
        for name, chain in self._chains.items():
            for start, end in _runs(sorted(chain.missing)):
                yield Finding(name, start, "missing", end)

    def _fronts(self) -> Iterator[Finding]:
        """What went before the first entry must have gone by retention."""
        for name, chain in self._chains.items():
            if chain.began.number == 1:
                continue
            number, mac = self._floors.get(name, (0, b""))
            if number + 1 != chain.began.number:
                yield Finding(name, number + 1, "cut_before", chain.began.number - 1)
            elif not self._follows(Link(name, number, mac), chain.began):
                yield Finding(name, chain.began.number, "altered")

    def _ends(self) -> Iterator[Finding]:
        for name, number in self._anchors.items():
            chain = self._chains.get(name)
            seen = chain.last.number if chain else self._floors.get(name, (0, b""))[0]
            if seen < number:
                yield Finding(name, seen + 1, "cut_off", number)

    def _note(self, entry: Entry, what: str) -> None:
        self._found.add(Finding(entry.chain, entry.number, what, entry.number))


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together."""
    start = end = None
    for number in numbers:
        if end is not None and number == end + 1:
            end = number
            continue
        if start is not None and end is not None:
            yield start, end
        start = end = number
    if start is not None and end is not None:
        yield start, end
