"""Which trace a request belongs to, as its caller says (W3C Trace Context, Recommendation of 2021).

What cannot be read is as if it had not been sent (section 3.2.2.5); a state without a readable parent
is never looked at (section 3.3).
"""

import re

import msgspec

NAMES = frozenset({b"traceparent", b"tracestate"})
STATE_MEMBERS = 32
"""How many members a state may have (section 3.3.1.1)."""
STATE_OCTETS = 512
"""How long a state is handed on; a longer one may be dropped (section 3.3.1.5)."""
SAMPLED = 1

_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]*)?")
_KEY = rb"[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(
    rb"(" + _KEY + rb")=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)


class TraceContext(msgspec.Struct, frozen=True):
    """A trace, the span in it that the request comes from, its flags; ``state`` as it is written."""

    trace_id: int
    parent_id: int
    flags: int
    state: str = ""

    def fields(self) -> list[tuple[bytes, bytes]]:
        """As it is told to the next party, in version 00."""
        parent = f"00-{self.trace_id:032x}-{self.parent_id:016x}-{self.flags:02x}"
        fields = [(b"traceparent", parent.encode("ascii"))]
        if self.state:
            fields.append((b"tracestate", self.state.encode("ascii")))
        return fields


def read_trace_context(fields: list[tuple[bytes, bytes]]) -> TraceContext | None:
    """What ``fields`` (names in lower case) say, or None if that is nothing, or unreadable."""
    parents = [value for name, value in fields if name == b"traceparent"]
    found = _PARENT.fullmatch(parents[0].strip(b" \t")) if len(parents) == 1 else None
    if found is None:
        return None
    version, trace_id, parent_id, flags = (int(found[number], 16) for number in range(1, 5))
    later = version != 0
    if version == 0xFF or not trace_id or not parent_id or (found[5] and not later):  # noqa: PLR2004  section 3.2.2.1
        return None
    states = [value for name, value in fields if name == b"tracestate"]
    return TraceContext(trace_id, parent_id, flags & SAMPLED if later else flags, _state(states))


def readable_fields(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Of ``fields``, all of them about a trace, what may be handed on by somebody who takes no part in it."""
    context = read_trace_context(fields)
    if context is None:
        return []
    return [field for field in fields if field[0] == b"traceparent" or context.state]


def _state(values: list[bytes]) -> str:
    """The list in one line; nothing if any of it cannot be read."""
    members = [member.strip(b" \t") for value in values for member in value.split(b",")]
    members = [member for member in members if member]
    found = [_MEMBER.fullmatch(member) for member in members]
    keys = {match[1] for match in found if match is not None}
    line = b",".join(members)
    if len(keys) != len(members) or len(members) > STATE_MEMBERS or len(line) > STATE_OCTETS:
        return ""
    return line.decode("ascii")
