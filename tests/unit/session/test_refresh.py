"""When a session is renewed."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.session.model import SessionKey
from bff.session.refresh import (
    RefreshPolicy,
    Verdict,
    after_failure,
    early_turn_at,
    in_flight,
    judge,
    outcome_unknown,
    refresh_due_at,
    resting,
)
from tests.builders import NOW, a_journal, a_key, a_session

POLICY = RefreshPolicy(jitter=0.0)


@pytest.mark.req("S13", "N69")
@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (0, Verdict.USE),
        (599, Verdict.USE),
        (600, Verdict.REFRESH_SOON),
        (894, Verdict.REFRESH_SOON),
        (895, Verdict.REFRESH_NOW),
        (100_000, Verdict.REFRESH_NOW),
    ],
)
def test_a_15_minute_token_is_renewed_5_minutes_early(age: float, verdict: Verdict) -> None:
    """Fifteen minutes of life, renewal from the tenth, no use in the last five seconds."""
    assert judge(a_session(), NOW + age, POLICY) is verdict


def test_a_turn_comes_in_the_first_two_thirds_of_the_time_for_it() -> None:
    """Of five minutes three and a third, evenly over sessions; fixed for each, and another after each renewal."""
    turns = [
        early_turn_at(a_session(key=a_key(f"{n:A<43}"), generation=g), POLICY) - NOW - 600
        for n in range(500)
        for g in (0, 1)
    ]
    assert min(turns) >= 0
    assert max(turns) < 200
    assert all(70 < sum(at <= turn < at + 20 for turn in turns) < 130 for at in range(0, 200, 20))
    assert turns == [
        early_turn_at(a_session(key=a_key(f"{n:A<43}"), generation=g), POLICY) - NOW - 600
        for n in range(500)
        for g in (0, 1)
    ]
    assert all(first != second for first, second in zip(turns[::2], turns[1::2], strict=True))


def test_a_token_without_any_life_waits_for_no_turn() -> None:
    """There is no third of nothing."""
    tokens = msgspec.structs.replace(a_session().tokens, expires_at=NOW, issued_at=NOW)
    assert early_turn_at(a_session(tokens=tokens), POLICY) == NOW


@pytest.mark.req("S13")
def test_a_short_token_is_renewed_in_its_last_third() -> None:
    """A window longer than a third of the lifetime shrinks to it."""
    session = a_session(tokens={"expires_at": NOW + 60})
    assert judge(session, NOW + 39.9, POLICY) is Verdict.USE
    assert judge(session, NOW + 40, POLICY) is Verdict.REFRESH_SOON


def test_the_skew_of_a_very_short_token_leaves_most_of_it_usable() -> None:
    """Five seconds of skew would eat a six-second token; a tenth is taken instead."""
    session = a_session(tokens={"expires_at": NOW + 6})
    assert judge(session, NOW + 5.3, POLICY) is Verdict.REFRESH_SOON
    assert judge(session, NOW + 5.5, POLICY) is Verdict.REFRESH_NOW


def test_without_a_refresh_token_the_access_token_is_used_to_its_end() -> None:
    """There is nothing to renew with: USE, then ENDED."""
    session = a_session(tokens={"refresh_token": None})
    assert judge(session, NOW + 894, POLICY) is Verdict.USE
    assert judge(session, NOW + 895, POLICY) is Verdict.ENDED


@given(st.text(min_size=1, max_size=43), st.integers(0, 10_000), st.floats(1, 100_000))
def test_the_jitter_only_delays_and_by_half_a_window_at_most(
    key: str, generation: int, lifetime: float
) -> None:
    """Renewal is due between the window's beginning and its middle, the same for all who ask."""
    session = a_session(
        key=SessionKey(key), generation=generation, tokens={"expires_at": NOW + lifetime}
    )
    policy = RefreshPolicy()
    due, window = refresh_due_at(session, policy), min(policy.window, lifetime / 3)
    assert NOW + lifetime - window <= due <= NOW + lifetime - window / 2
    assert due == refresh_due_at(session, policy)


@pytest.mark.req("S13")
def test_sessions_of_one_morning_do_not_renew_in_step() -> None:
    """A thousand sessions with the same times are spread over the whole jitter."""
    dues = sorted(
        refresh_due_at(a_session(key=SessionKey(f"k{n}")), RefreshPolicy()) for n in range(1000)
    )
    assert dues[-1] - dues[0] > 29
    assert max(later - earlier for earlier, later in pairwise(dues)) < 1


def test_a_lease_must_outlive_the_token_request() -> None:
    """Otherwise two holders could be at the provider at once."""
    with pytest.raises(ValueError, match="lease"):
        RefreshPolicy(budget=75, lease=75)


@pytest.mark.req("R9")
def test_an_entry_in_flight_turns_into_outcome_unknown_when_the_lease_is_over() -> None:
    """Until then somebody may be at the token endpoint."""
    journal = a_journal()
    assert in_flight(journal, NOW + 89.9, POLICY)
    assert not outcome_unknown(journal, NOW + 89.9, POLICY)
    assert not in_flight(journal, NOW + 90, POLICY)
    assert outcome_unknown(journal, NOW + 90, POLICY)


def test_no_journal_means_nothing_is_known_to_be_wrong() -> None:
    """Neither in flight, nor unknown, nor resting."""
    assert not in_flight(None, NOW, POLICY)
    assert not outcome_unknown(None, NOW, POLICY)
    assert not resting(None, NOW)


@pytest.mark.req("N74")
def test_failures_back_off_with_jitter_up_to_a_cap() -> None:
    """2, 4, 8, ... 60 seconds, of which a half is fixed and a half is chance."""
    journal, pauses = a_journal(), []
    for _ in range(8):
        journal = after_failure(
            journal,
            outcome="x",
            unknown=False,
            now=NOW,
            chance=0.0,
            retry_after=None,
            policy=POLICY,
        )
        pauses.append(journal.retry_at - NOW)
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert resting(journal, NOW + 29)
    assert not resting(journal, NOW + 30)
    assert not in_flight(journal, NOW, POLICY)


def test_the_providers_own_retry_after_is_honoured_within_the_cap() -> None:
    """Longer than our own pause: theirs; absurdly long: the cap."""
    for told, pause in ((20.0, 20.0), (0.0, 1.0), (86_400.0, 60.0)):
        failed = after_failure(
            a_journal(),
            outcome="x",
            unknown=False,
            now=NOW,
            chance=0.0,
            retry_after=told,
            policy=POLICY,
        )
        assert failed.retry_at - NOW == pause


@pytest.mark.req("R10")
def test_an_unknown_outcome_stays_unknown() -> None:
    """A later clean refusal to serve does not tell what the earlier attempt did."""
    unknown = after_failure(
        a_journal(),
        outcome="timeout",
        unknown=True,
        now=NOW,
        chance=0.0,
        retry_after=None,
        policy=POLICY,
    )
    still = after_failure(
        unknown, outcome="503", unknown=False, now=NOW, chance=0.0, retry_after=None, policy=POLICY
    )
    assert still.unknown
    assert outcome_unknown(still, NOW, POLICY)
