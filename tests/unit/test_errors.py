"""The error tree."""

import inspect
from typing import Any

import pytest

from bff import errors

SAMPLES = {
    "what": "path",
    "allowed": ("GET",),
    "limit_bytes": 5,
    "retry_after_seconds": 2.0,
    "sent": True,
}


def leaves(root: type[errors.BffError] = errors.BffError) -> list[type[errors.BffError]]:
    """Every class that is raised."""
    below = root.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [root]


def evidence(leaf: type[errors.BffError]) -> dict[str, Any]:
    """Sample arguments for a leaf."""
    if leaf.__init__ is Exception.__init__:
        return {}
    names = inspect.signature(leaf.__init__).parameters
    wanted = [name for name in names if name not in {"self", "args", "kwargs"}]
    return {name: SAMPLES.get(name, "word") for name in wanted}


def a_leaf(leaf: type[errors.BffError]) -> errors.BffError:
    """One of them, with its evidence."""
    return leaf(**evidence(leaf))


@pytest.mark.req("N122")
@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.__name__)
def test_an_error_carries_its_evidence_and_can_be_logged(leaf: type[errors.BffError]) -> None:
    """Each argument is kept under its own name, and the text is short."""
    error, given = a_leaf(leaf), evidence(leaf)
    assert {name: getattr(error, name) for name in given} == given
    assert len(str(error)) < 40


def test_the_drawing_names_every_leaf() -> None:
    """The docstring is the tree."""
    for leaf in leaves():
        assert leaf.__name__ in str(errors.__doc__)


def test_a_session_that_never_was_has_no_reason() -> None:
    """And says so."""
    assert errors.SessionRequired().reason is None
    assert str(errors.SessionRequired()) == "no session"
