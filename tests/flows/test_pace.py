"""How fast a crowd whose tokens fall due together is renewed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bff.flows.refresh import RefreshFlow
from bff.session.refresh import RefreshPolicy
from tests.builders import a_key, a_session
from tests.flows.fleet import Fleet

STEP, TAKES = 0.002, 0.02
"""Seconds: somebody whose renewal is due asks so often; a renewal takes so long."""


@pytest.fixture
def refresh() -> Iterator[RefreshFlow]:
    """One process's, without jitter."""
    fleet = Fleet()
    yield replace(fleet.member().refresh, policy=RefreshPolicy(jitter=0.0))
    fleet.world.close()


def begun_at(refresh: RefreshFlow, lifetime: float, window: float, crowd: int) -> list[float]:
    """When each of a crowd began, in seconds after all fell due."""
    session = a_session()
    tokens = msgspec.structs.replace(session.tokens, expires_at=session.tokens.issued_at + lifetime)
    session = msgspec.structs.replace(session, tokens=tokens)
    due_at = tokens.expires_at - window
    flights: dict[Any, Any] = refresh.flights
    begun: list[float] = []
    now = due_at
    while len(begun) < crowd and now < tokens.expires_at:
        flights.clear()
        flights.update(
            {a_key(f"{at:A<43}"): None for at in begun[-5:] if now < due_at + at + TAKES}
        )
        if refresh.worth_starting(session, now):
            refresh.pace.last_at = now
            begun.append(now - due_at)
        now += STEP
    return begun


@pytest.mark.parametrize(
    ("lifetime", "window", "crowd"), [(900, 300, 1_000), (900, 300, 10_000), (180, 60, 1_000)]
)
def test_a_crowd_is_through_when_its_patience_ends(
    refresh: RefreshFlow, lifetime: float, window: float, crowd: int
) -> None:
    """Or just after, when nobody is put off any more, far from the tokens' end: a large crowd grows impatient."""
    begun = begun_at(refresh, lifetime, window, crowd)
    assert len(begun) == crowd
    assert begun[-1] <= window * 0.55


def test_a_small_crowd_takes_its_time(refresh: RefreshFlow) -> None:
    """A thousand with fifteen-minute tokens: never more than thirty in a second."""
    begun = begun_at(refresh, 900, 300, 1_000)
    in_seconds = [
        sum(at <= other < at + 1 for other in begun[n : n + 200]) for n, at in enumerate(begun)
    ]
    assert max(in_seconds) <= 30
    assert in_seconds[0] <= 9


def test_no_more_than_three_are_under_way(refresh: RefreshFlow) -> None:
    """While they can wait."""
    begun = begun_at(refresh, 180, 60, 1_000)
    patient = [at for at in begun if at < 30]
    assert all(later - at >= TAKES - STEP for at, later in zip(patient, patient[3:], strict=False))
