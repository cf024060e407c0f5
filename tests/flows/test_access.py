"""Using a session: nobody waits while the token is valid, and only the truth ends a session."""

from collections.abc import Iterator

import pytest

from bff.audit import events
from bff.errors import (
    ProviderUnavailable,
    ReauthenticationRequired,
    RefreshInProgress,
    SessionChanged,
    SessionExpired,
    SessionRequired,
    SessionRevoked,
)
from bff.flows.access import Access
from bff.session.model import EndReason
from bff.session.refresh import RefreshPolicy
from tests.builders import NOW, a_journal, a_key
from tests.flows.fleet import Fleet
from tests.flows.strict_provider import Fault
from tests.flows.virtual_time import Running


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """One world, one session to be begun."""
    fleet = Fleet()
    yield fleet
    fleet.world.close()


def result_of(fleet: Fleet, call: Running[Access]) -> Access:
    """What a call that has finished gave."""
    access = fleet.world.run(call.wait(0))
    assert access is not None
    return access


@pytest.mark.req("S13")
def test_a_fresh_token_is_used_without_a_word_to_the_provider(fleet: Fleet) -> None:
    """USE: no refresh starts."""
    session = fleet.begin()
    access = fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(60)
    assert access.session.tokens.access_token == "access-0"
    assert access.new_generation is None
    assert fleet.provider.counts["requests"] == 0


@pytest.mark.req("S13", "N69")
def test_in_the_window_the_request_goes_out_at_once_and_the_renewal_happens_behind_it(
    fleet: Fleet,
) -> None:
    """REFRESH_SOON: the old token is handed out in no time.

    The next request gets the new one, and a new handle.
    """
    session = fleet.begin()
    fleet.world.settle(601)
    before = fleet.world.now()
    access = fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert fleet.world.now() == before
    assert access.session.tokens.access_token == "access-0"
    fleet.world.settle(1)
    access = fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert access.session.tokens.access_token == "access-1"
    assert access.new_generation == 1


@pytest.mark.parametrize(
    ("age", "begun"), [(600, 1), (800, 20)], ids=["before their turns", "after them"]
)
def test_a_crowd_is_renewed_in_turn(fleet: Fleet, age: float, begun: int) -> None:
    """Nobody waits; who was put off is begun by a later request."""
    sessions = [fleet.begin(key=a_key(chr(65 + number) * 43)) for number in range(20)]
    fleet.world.settle(age)
    process = fleet.member()
    before = fleet.world.now()
    for session in sessions:
        fleet.world.run(process.usable(fleet.shown(session)))
    assert fleet.world.now() == before
    assert len(process.refresh.flights) == begun
    fleet.world.settle(1)
    assert not process.refresh.flights
    if begun < len(sessions):
        fleet.world.run(process.usable(fleet.shown(sessions[-1])))
        assert list(process.refresh.flights) == [sessions[-1].key]


def test_no_more_than_three_of_a_crowd_are_under_way(fleet: Fleet) -> None:
    """However long the provider takes."""
    sessions = [fleet.begin(key=a_key(chr(65 + number) * 43)) for number in range(20)]
    fleet.world.settle(601)
    fleet.provider.faults.extend([Fault(before=30.0)] * 20)
    process = fleet.member()
    for session in sessions:
        fleet.world.run(process.usable(fleet.shown(session)))
        fleet.world.settle(0.1)
    assert len(process.refresh.flights) == 3


@pytest.mark.req("R1", "N71", "S7")
def test_fifty_requests_at_expiry_make_one_grant(fleet: Fleet) -> None:
    """One process, one expired token, fifty requests: one grant, fifty new tokens."""
    session = fleet.begin()
    fleet.world.settle(900)
    calls = [
        fleet.world.spawn("p1", "call", fleet.member().usable(fleet.shown(session)))
        for _ in range(50)
    ]
    fleet.world.settle(3)
    assert {result_of(fleet, call).session.tokens.access_token for call in calls} == {"access-1"}
    assert fleet.provider.counts == {"requests": 1, "grants": 1}
    renewed = fleet.trail.of(events.SessionRenewed)[0]
    assert renewed.waiters == 50
    assert renewed.expires_at == fleet.memory.sessions[session.key].tokens.expires_at
    assert len(fleet.meter.waits) == 50
    assert all(served and seconds < 0.1 for seconds, served, _ in fleet.meter.waits)
    assert fleet.meter.attempts == [("renewed", "", "expired")]
    assert fleet.meter.locks == [True]


@pytest.mark.req("R2", "N71", "S7")
def test_four_processes_at_expiry_make_one_grant(fleet: Fleet) -> None:
    """Losers of the lock learn from the winner."""
    session = fleet.begin()
    fleet.world.settle(900)
    calls = [
        fleet.world.spawn(name, "call", fleet.member(name).usable(fleet.shown(session)))
        for name in ("p1", "p2", "p3", "p4") * 10
    ]
    fleet.world.settle(3)
    assert {result_of(fleet, call).session.tokens.access_token for call in calls} == {"access-1"}
    assert fleet.provider.counts == {"requests": 1, "grants": 1}
    assert fleet.meter.locks.count(True) == 1
    assert ("busy", "locked", "expired") in fleet.meter.attempts
    behind = [behind_lock for _, served, behind_lock in fleet.meter.waits if served]
    assert (len(behind), behind.count(False)) == (40, 10)


@pytest.mark.req("R3", "S14")
def test_a_provider_slower_than_the_hold_time_gives_503_and_one_grant(fleet: Fleet) -> None:
    """Waiting ends after two seconds; the renewal does not."""
    fleet.provider.faults.append(Fault(before=60))
    session = fleet.begin()
    fleet.world.settle(900)
    asked = fleet.world.now()
    with pytest.raises(RefreshInProgress) as waiting:
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert waiting.value.retry_after_seconds == 1
    assert 2.0 <= fleet.world.now() - asked < 2.3
    with pytest.raises(RefreshInProgress):
        fleet.world.run(fleet.member("p2").usable(fleet.shown(session)))
    fleet.world.settle(60)
    access = fleet.world.run(fleet.member("p2").usable(fleet.shown(session)))
    assert access.session.tokens.access_token == "access-1"
    assert fleet.provider.counts["grants"] == 1
    assert fleet.provider.counts["reuse"] == 0


@pytest.mark.req("R3")
def test_the_lease_is_renewed_while_the_provider_stalls(fleet: Fleet) -> None:
    """A stall longer than the lease brings no second caller to the provider."""
    fleet = Fleet(policy=RefreshPolicy(jitter=0, budget=20, lease=21))
    fleet.provider.budget = 100
    fleet.provider.faults.append(Fault(after=60))
    session = fleet.begin()
    fleet.world.settle(700)
    fleet.world.run(fleet.member("p1").usable(fleet.shown(session)))
    for _ in range(70):
        fleet.world.settle(1)
        fleet.world.run(fleet.member("p2").usable(fleet.shown(session)))
    assert fleet.provider.counts["requests"] == 1
    assert fleet.memory.sessions[session.key].generation == 1


@pytest.mark.req("R4")
def test_a_request_that_goes_away_does_not_take_the_renewal_with_it(fleet: Fleet) -> None:
    """Nobody's request owns the attempt: cancelled at any moment, it goes on."""
    session = fleet.begin()
    fleet.world.settle(900)
    call = fleet.world.spawn("p1", "call", fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(0.01)
    call.cancel()
    fleet.world.settle(1)
    assert fleet.memory.sessions[session.key].tokens.access_token == "access-1"


@pytest.mark.req("N74", "S5")
def test_a_provider_outage_is_invisible_while_the_token_is_valid(fleet: Fleet) -> None:
    """Two minutes of 503 in the window.

    Every request is served at once, and the session renews afterwards.
    """
    session = fleet.begin()
    fleet.world.settle(601)
    fleet.provider.down_until = NOW + 601 + 120
    for _ in range(180):
        before = fleet.world.now()
        access = fleet.world.run(fleet.member().usable(fleet.shown(session)))
        assert fleet.world.now() == before
        assert access.session.tokens.access_token in {"access-0", "access-1"}
        fleet.world.settle(1)
    assert fleet.memory.sessions[session.key].tokens.access_token == "access-1"
    assert fleet.provider.counts["requests"] < 12
    failed = fleet.trail.of(events.RefreshFailed)
    assert {(event.reason, event.error) for event in failed} == {("token: status 503", None)}
    left = [event.seconds_left or 0.0 for event in failed]
    assert left == sorted(left, reverse=True)
    assert 299 > left[0] > left[-1] > 150


@pytest.mark.req("N74", "S5", "S14")
def test_an_outage_past_expiry_says_when_to_come_back_and_keeps_the_session(fleet: Fleet) -> None:
    """503 with Retry-After, never the end; the provider is not asked by every request."""
    session = fleet.begin()
    fleet.world.settle(900)
    fleet.provider.down_until = NOW + 900 + 120
    for _ in range(50):
        with pytest.raises(ProviderUnavailable) as away:
            fleet.world.run(fleet.member().usable(fleet.shown(session)))
        assert away.value.retry_after_seconds >= 1  # type: ignore[operator]
    assert fleet.provider.counts["requests"] == 1
    fleet.world.settle(200)
    assert fleet.world.run(fleet.member().usable(fleet.shown(session))).session.generation == 1


@pytest.mark.req("N72", "S5", "N55")
def test_a_refused_refresh_token_ends_the_session_and_says_why(fleet: Fleet) -> None:
    """invalid_grant is the truth."""
    session = fleet.begin()
    fleet.provider.revoke()
    fleet.world.settle(900)
    with pytest.raises(ReauthenticationRequired):
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert fleet.memory.ended[session.key].reason is EndReason.REFRESH_REJECTED
    refused = fleet.trail.of(events.RefreshRefused)[0]
    assert (refused.reason, refused.trigger, refused.waiters) == ("refresh_rejected", "expired", 1)
    assert refused.error == "invalid_grant"
    assert refused.seconds_left is not None
    assert -1 < refused.seconds_left <= 0
    assert fleet.meter.attempts == [("ended", "refresh_rejected", "expired")]
    assert [event.reason for event in fleet.trail.of(events.SessionEnded)] == ["refresh_rejected"]


@pytest.mark.req("N74")
@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "unregistered_error"])
def test_our_own_misconfiguration_at_the_provider_ends_nobody(fleet: Fleet, error: str) -> None:
    """Every error but invalid_grant keeps the session."""
    fleet.provider.faults.append(Fault(error=error))
    session = fleet.begin()
    fleet.world.settle(900)
    with pytest.raises(ProviderUnavailable):
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    registered = None if error == "unregistered_error" else error
    assert fleet.trail.of(events.RefreshFailed)[0].error == registered
    fleet.world.settle(5)
    assert fleet.world.run(fleet.member().usable(fleet.shown(session))).session.generation == 1


@pytest.mark.req("R10", "N72")
@pytest.mark.parametrize(("acts", "outcome"), [(False, "renewed"), (True, "lost")])
def test_after_an_unknown_outcome_the_stored_token_is_tried_once(
    fleet: Fleet, acts: bool, outcome: str
) -> None:
    """If the provider had not acted, the session lives on.

    If it had, the end says that the answer was lost.
    """
    fleet.provider.faults.append(Fault(fails="connection lost", acts=acts))
    session = fleet.begin()
    fleet.world.settle(601)
    fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(5)
    assert fleet.trail.of(events.RefreshFailed)[0].unknown
    fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(5)
    if outcome == "renewed":
        assert fleet.trail.of(events.SessionRenewed)[0].after_unknown
    else:
        assert fleet.memory.ended[session.key].reason is EndReason.REFRESH_OUTCOME_LOST
        with pytest.raises(ReauthenticationRequired):
            fleet.world.run(fleet.member().usable(fleet.shown(session)))


@pytest.mark.req("R9")
def test_a_process_that_died_with_the_journal_open_is_taken_over_after_the_lease(
    fleet: Fleet,
) -> None:
    """Before that nobody else asks; then the stored token is tried once."""
    session = fleet.begin(journal=a_journal(since=NOW + 601))
    fleet.world.settle(610)
    fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(1)
    assert fleet.provider.counts["requests"] == 0
    fleet.world.settle(91)
    fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(4)
    assert fleet.provider.counts["grants"] == 1
    assert fleet.trail.of(events.SessionRenewed)[0].after_unknown


@pytest.mark.req("N53", "N54")
@pytest.mark.parametrize(("later", "limit"), [(86_400, "idle"), (604_800, "absolute")])
def test_a_limit_that_passed_ends_the_session_and_says_which(
    fleet: Fleet, later: float, limit: str
) -> None:
    """401 with its reason, and the tokens are revoked where Redis had not yet forgotten them."""
    touched = NOW + later - 10 if limit == "absolute" else NOW
    session = fleet.begin(touched_at=touched)
    fleet.memory.expires_at[session.key] = NOW + 10**9
    fleet.world.settle(later)
    with pytest.raises(SessionExpired) as expired:
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert expired.value.limit == limit
    fleet.world.settle(1)
    assert fleet.provider.counts["revocations"] == 1


@pytest.mark.req("N53")
def test_a_session_that_redis_forgot_still_has_its_reason(fleet: Fleet) -> None:
    """What Redis let expire is told as the limit it was."""
    session = fleet.begin()
    fleet.world.settle(86_401)
    with pytest.raises(SessionExpired) as expired:
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert expired.value.limit == "idle"


@pytest.mark.req("N36", "N52")
def test_an_unknown_handle_is_no_session(fleet: Fleet) -> None:
    """Nothing is created for it."""
    session = fleet.begin()
    del fleet.memory.sessions[session.key]
    fleet.memory.known.clear()
    with pytest.raises(SessionRequired):
        fleet.world.run(fleet.member().usable(fleet.shown(session)))
    assert not fleet.memory.sessions


@pytest.mark.req("S7", "S8")
def test_a_replayed_handle_ends_the_session_and_raises_an_alarm(fleet: Fleet) -> None:
    """Generation 0 after generation 1 was acknowledged and a grace has passed.

    Somebody holds a copy.
    """
    session = fleet.begin()
    member = fleet.member()
    fleet.world.settle(601)
    fleet.world.run(member.usable(fleet.shown(session)))
    fleet.world.settle(1)
    assert fleet.world.run(member.usable(fleet.shown(session))).new_generation == 1
    fleet.world.run(member.usable(fleet.shown(session, generation=1)))
    fleet.world.settle(59)
    assert fleet.world.run(member.usable(fleet.shown(session))).new_generation == 1
    fleet.world.settle(1)
    with pytest.raises(SessionRevoked) as revoked:
        fleet.world.run(member.usable(fleet.shown(session)))
    assert revoked.value.reason == EndReason.HANDLE_REPLAYED
    replay = fleet.trail.of(events.HandleReplayed)[0]
    assert (replay.presented, replay.generation) == (0, 1)
    with pytest.raises(SessionRevoked):
        fleet.world.run(member.usable(fleet.shown(session, generation=1)))


@pytest.mark.req("S7")
def test_a_lost_response_locks_nobody_out(fleet: Fleet) -> None:
    """As long as no newer handle was ever presented, the old one is honoured, for days."""
    session = fleet.begin()
    member = fleet.member()
    for _ in range(20):
        fleet.world.settle(601)
        fleet.world.run(member.usable(fleet.shown(session)))
    assert fleet.memory.sessions[session.key].generation >= 19


@pytest.mark.req("N48")
def test_a_page_pinned_to_another_session_gets_nothing(fleet: Fleet) -> None:
    """Before anything is forwarded."""
    session = fleet.begin()
    with pytest.raises(SessionChanged):
        fleet.world.run(fleet.member().usable(fleet.shown(session, pinned_ref="s_other")))
    fleet.world.run(fleet.member().usable(fleet.shown(session, pinned_ref="s_ada")))


def test_background_use_does_not_slide_the_idle_limit(fleet: Fleet) -> None:
    """Polling keeps nobody signed in; use does."""
    session = fleet.begin()
    fleet.world.settle(300)
    left = fleet.world.run(fleet.member().usable(fleet.shown(session), background=True))
    fleet.world.settle(1)
    assert fleet.memory.sessions[session.key].touched_at == NOW
    assert left.idle_expires_in == 86_100
    used = fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(1)
    assert fleet.memory.sessions[session.key].touched_at == NOW + 301
    assert used.idle_expires_in == 86_400


def test_extend_slides_the_idle_limit_at_once(fleet: Fleet) -> None:
    """What the page is told holds in the store."""
    session = fleet.begin()
    fleet.world.settle(30)
    state = fleet.world.run(fleet.member().extend(fleet.shown(session)))
    assert state.idle_expires_in == 86_400
    assert fleet.memory.sessions[session.key].touched_at == NOW + 30


@pytest.mark.req("S1", "S2")
def test_refresh_now_renews_once_however_often_it_is_asked(fleet: Fleet) -> None:
    """An impatient page does not reach the provider twice within ten seconds."""
    session = fleet.begin()
    fleet.world.settle(30)
    state = fleet.world.run(fleet.member().refresh_now(fleet.shown(session)))
    assert (state.generation, state.new_generation, state.renewal) == (1, 1, "ok")
    fleet.world.run(fleet.member().refresh_now(fleet.shown(session, generation=1)))
    assert fleet.provider.counts["grants"] == 1
    fleet.world.settle(10)
    fleet.world.run(fleet.member().refresh_now(fleet.shown(session, generation=1)))
    assert fleet.provider.counts["grants"] == 2


def test_the_state_says_how_renewal_stands(fleet: Fleet) -> None:
    """ok, renewing, stuck; and looking changes nothing."""
    session = fleet.begin()
    assert fleet.world.run(fleet.member().state(fleet.shown(session))).renewal == "ok"
    fleet.memory.sessions[session.key] = fleet.begin(journal=a_journal())
    assert fleet.world.run(fleet.member().state(fleet.shown(session))).renewal == "renewing"
    fleet.begin(journal=a_journal(outcome="token: status 503"))
    assert fleet.world.run(fleet.member().state(fleet.shown(session))).renewal == "stuck"
    assert fleet.provider.counts["requests"] == 0


def test_a_token_refused_by_an_api_is_renewed_once(fleet: Fleet) -> None:
    """And not at all when it is brand-new: then the API is wrong, or somebody makes us ask."""
    session = fleet.begin()
    member = fleet.member()
    assert fleet.world.run(member.after_challenge(fleet.shown(session), session)) is None
    fleet.world.settle(60)
    access = fleet.world.run(member.after_challenge(fleet.shown(session), session))
    assert access is not None
    assert access.session.tokens.access_token == "access-1"
    again = fleet.world.run(member.after_challenge(fleet.shown(session), session))
    assert again is not None
    assert again.session.generation == 1
    assert fleet.world.run(member.after_challenge(fleet.shown(session), again.session)) is None


@pytest.mark.req("R6", "N56")
def test_a_session_that_ends_during_its_renewal_stays_ended_and_the_new_tokens_are_revoked(
    fleet: Fleet,
) -> None:
    """The fence: no session, no write."""
    fleet.provider.faults.append(Fault(after=5))
    session = fleet.begin()
    fleet.world.settle(601)
    fleet.world.run(fleet.member().usable(fleet.shown(session)))
    fleet.world.settle(1)
    store = fleet.member().sessions
    fleet.world.run(store.end(session.key, EndReason.SIGNED_OUT, fleet.world.now()))
    fleet.world.settle(10)
    assert session.key not in fleet.memory.sessions
    assert fleet.provider.revoked
    with pytest.raises(SessionRequired):
        fleet.world.run(fleet.member().usable(fleet.shown(session)))


def test_the_key_of_the_tests_is_a_key() -> None:
    """43 characters of base64url."""
    assert len(a_key()) == 43
