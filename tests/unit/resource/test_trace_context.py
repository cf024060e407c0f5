"""What a caller says of its trace is read by the standard, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.resource.messages import Fields
from bff.resource.trace_context import TraceContext, read_trace_context, readable_fields

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01".encode()
ONE = TraceContext(int(TRACE, 16), int(SPAN, 16), 1)


def told(parent: bytes, *states: bytes) -> Fields:
    """The fields of a request."""
    return [(b"traceparent", parent), *[(b"tracestate", state) for state in states]]


def test_the_standards_own_example_is_read_and_written_again() -> None:
    """W3C Trace Context, section 3.2.3."""
    assert read_trace_context(told(PARENT)) == ONE
    assert ONE.fields() == told(PARENT)


MALFORMED = {
    "nothing": b"",
    "upper case": PARENT.upper(),
    "no flags": PARENT[:-3],
    "a short trace": b"00-" + TRACE[1:].encode() + b"-" + SPAN.encode() + b"-01",
    "trace zero": b"00-" + b"0" * 32 + b"-" + SPAN.encode() + b"-01",
    "span zero": b"00-" + TRACE.encode() + b"-" + b"0" * 16 + b"-01",
    "version ff": b"ff" + PARENT[2:],
    "more than version 00 has": PARENT + b"-00",
    "a line end": PARENT + b"\n",
    "a line end of a later version": b"cc" + PARENT[2:] + b"-\rx",
    "a list": PARENT + b", " + PARENT,
    "words": b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("parent", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_was_not_sent(parent: bytes) -> None:
    """Nor is its state (sections 3.2.2 and 3.3)."""
    fields = told(parent, b"a=1")
    assert read_trace_context(fields) is None
    assert readable_fields(fields) == []


def test_two_parents_are_none() -> None:
    """Some reader would believe the first and some the last."""
    fields = told(PARENT) + told(PARENT)
    assert read_trace_context(fields) is None
    assert readable_fields(fields) == []


def test_a_state_without_a_parent_is_not_looked_at() -> None:
    """Section 3.3."""
    assert read_trace_context([(b"tracestate", b"a=1")]) is None
    assert readable_fields([(b"tracestate", b"a=1")]) == []


@pytest.mark.parametrize("more", [b"", b"-what comes then"])
def test_a_later_version_is_read_as_far_as_it_is_known(more: bytes) -> None:
    """Of its flags only the one that says sampled (section 3.2.2)."""
    later = f"cc-{TRACE}-{SPAN}-07".encode() + more
    assert read_trace_context(told(later)) == ONE
    assert readable_fields(told(later)) == told(later)


def test_states_are_one_list_in_order() -> None:
    """Several fields, empty members and spaces between them (section 3.3.1)."""
    context = read_trace_context(told(PARENT, b"rojo=00f067, congo=t61 x", b",", b"t@v=1"))
    assert context is not None
    assert context.state == "rojo=00f067,congo=t61 x,t@v=1"
    assert context.fields()[1] == (b"tracestate", b"rojo=00f067,congo=t61 x,t@v=1")


STATES = {
    "no value": b"a",
    "an empty value": b"a=",
    "upper case": b"A=1",
    "twice": b"a=1,a=2",
    "a value with =": b"a=b=c",
    "too many": b",".join(b"k%d=1" % number for number in range(33)),
    "too long": b",".join(b"k%d=%b" % (number, b"x" * 200) for number in range(3)),
    "a line end": b"a=1\r\nx: y",
    "beyond ASCII": "a=é".encode(),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_state_that_cannot_be_read_goes_alone(state: bytes) -> None:
    """The parent stays (section 3.3.1.4)."""
    assert read_trace_context(told(PARENT, state)) == ONE
    assert readable_fields(told(PARENT, state)) == told(PARENT)


def test_a_readable_state_is_handed_on() -> None:
    """As it came."""
    assert readable_fields(told(PARENT, b"a=1", b"b=2")) == told(PARENT, b"a=1", b"b=2")


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_what_is_written_is_read(trace_id: int, parent_id: int, flags: int) -> None:
    """Any trace, any span."""
    context = TraceContext(trace_id, parent_id, flags, "a=1")
    assert read_trace_context(context.fields()) == context


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_are_read_or_not(parent: bytes, state: bytes) -> None:
    """Nothing raises, and what is handed on has no line end."""
    for _, value in readable_fields(told(parent, state)):
        assert not set(value) & set(b"\r\n\0")
