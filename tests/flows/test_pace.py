"""How fast a crowd whose tokens fall due together is renewed."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bff.flows.refresh import EARLY_AT_ONCE, RefreshFlow
from bff.session.model import Session, SessionKey
from bff.session.refresh import RefreshPolicy, early_turn_at
from tests.builders import a_key, a_session
from tests.flows.fleet import Fleet

POLICY = RefreshPolicy(jitter=0.0)
WINDOW, SPREAD = 300.0, 200.0
"""Seconds before expiry that tokens of fifteen minutes fall due, and the first two thirds of them."""


@pytest.fixture
def refresh() -> Iterator[RefreshFlow]:
    """One process's, without jitter."""
    fleet = Fleet()
    yield replace(fleet.member().refresh, policy=POLICY)
    fleet.world.close()


def a_crowd(count: int, lifetime: float = 900.0) -> list[Session]:
    """Sessions that fall due at the same moment, in no order."""
    session = a_session()
    tokens = msgspec.structs.replace(session.tokens, expires_at=session.tokens.issued_at + lifetime)
    crowd = [
        msgspec.structs.replace(session, key=a_key(f"{number:A<43}"), tokens=tokens)
        for number in range(count)
    ]
    random.Random(7).shuffle(crowd)
    return crowd


def begun_at(
    refresh: RefreshFlow,
    crowd: list[Session],
    *,
    every: float,
    takes: float,
    window: float = WINDOW,
) -> list[tuple[float, Session]]:
    """When each began, in seconds after all fell due: they ask in turn, each so often; a renewal takes so long."""
    due_at = crowd[0].tokens.expires_at - window
    flights: dict[Any, Any] = refresh.flights
    under_way: list[tuple[float, Session]] = []
    begun: dict[SessionKey, tuple[float, Session]] = {}
    for number in range(int(window / every) * len(crowd)):
        session, passed = crowd[number % len(crowd)], number * every / len(crowd)
        while under_way and under_way[0][0] <= passed:
            del flights[under_way.pop(0)[1].key]
        if session.key not in begun and refresh.worth_starting(session, due_at + passed):
            refresh.pace.last_at = due_at + passed
            flights[session.key] = None
            under_way.append((passed + takes, session))
            begun[session.key] = passed, session
    return list(begun.values())


def most_in_a_second(begun: list[tuple[float, Session]]) -> int:
    """The largest number of renewals that begin within one."""
    moments = [at for at, _ in begun]
    return max(
        sum(at <= other < at + 1 for other in moments[n : n + 500]) for n, at in enumerate(moments)
    )


@pytest.mark.parametrize(
    ("count", "most"), [(1_000, 15), (10_000, 80)], ids=["a thousand", "ten thousand"]
)
@pytest.mark.parametrize("takes", [0.02, 2.0], ids=["quick provider", "slow provider"])
def test_a_crowd_is_spread_over_two_thirds_of_its_time(
    refresh: RefreshFlow, count: int, most: int, takes: float
) -> None:
    """Evenly, however large it is and however slow the provider, and with a third in hand."""
    begun = begun_at(refresh, a_crowd(count), every=5.0, takes=takes)
    assert len(begun) == count
    assert begun[-1][0] <= SPREAD + 5.0
    assert most_in_a_second(begun) <= most


def test_tokens_that_live_shortly_are_in_time_as_well(refresh: RefreshFlow) -> None:
    """Three minutes: due in the last, renewed in its first two thirds."""
    begun = begun_at(refresh, a_crowd(1_000, 180.0), every=2.0, takes=0.02, window=60.0)
    assert len(begun) == 1_000
    assert 38.0 <= begun[-1][0] <= 42.0


def test_a_small_crowd_need_not_wait(refresh: RefreshFlow) -> None:
    """Where little is renewed, a session is renewed as soon as it is due, whenever its turn would be."""
    begun = begun_at(refresh, a_crowd(20), every=1.0, takes=0.02)
    assert len(begun) == 20
    assert begun[0][0] < 0.1
    assert begun[-1][0] <= 10.0


def test_before_their_turn_no_more_than_three_are_under_way(refresh: RefreshFlow) -> None:
    """Their own or of those whose turn had come."""
    crowd = a_crowd(1_000)
    begun = begun_at(refresh, crowd, every=2.0, takes=2.0)
    due_at = crowd[0].tokens.expires_at - WINDOW
    for number, (at, one) in enumerate(begun):
        if due_at + at < early_turn_at(one, POLICY):
            before = [other for other, _ in begun[:number] if other > at - 2.0]
            assert len(before) < EARLY_AT_ONCE
    assert [due_at + at < early_turn_at(one, POLICY) for at, one in begun[:3]] == [True] * 3
