"""Telling the provider that tokens are no longer wanted, until it has heard."""

import pytest

from bff.audit import events
from bff.errors import (
    ProviderMetadataInvalid,
    ProviderUnavailable,
    StoreUnavailable,
    TokenRequestRejected,
)
from bff.flows.ending import Revoke
from bff.flows.revocation import RevocationFlow
from bff.session.model import EndReason
from tests.builders import NOW, a_core, a_session
from tests.flows.signing_out import SigningOut

AWAY = ProviderUnavailable("revocation: status 503", sent=False)


@pytest.fixture
def out() -> SigningOut:
    """Ada is signed in three times."""
    return SigningOut()


def end_one(out: SigningOut) -> None:
    """One session ends, and what follows at once has followed."""
    out.world.run(out.ending.one(out.keys[0], EndReason.SIGNED_OUT))
    out.world.settle(1)


def drain(out: SigningOut, flow: RevocationFlow | None = None, *, after: float = 0.0) -> int:
    """A process looks into the queue."""
    out.world.settle(after)
    return out.world.run((flow or out.revocation).drain())


@pytest.mark.req("N84")
def test_a_revocation_that_works_at_once_leaves_nothing_behind(out: SigningOut) -> None:
    """One event, one request, an empty queue."""
    end_one(out)
    (event,) = out.trail.of(events.TokensRevoked)
    assert (event.token_kind, event.attempts, event.ref) == ("refresh_token", 1, "s_A")
    assert out.state.counts["revoke"] == 1
    assert out.queue.held == {}


@pytest.mark.req("N84", "N85")
def test_503_then_200_drains_and_the_trail_shows_both(out: SigningOut) -> None:
    """By another process than the one that began."""
    out.state.fail("revoke", AWAY)
    end_one(out)
    assert len(out.queue.held) == 1
    other = out.process("another")
    assert drain(out, other) == 0
    assert drain(out, other, after=10) == 1
    assert [event.reason for event in out.trail.of(events.RevocationFailed)] == [AWAY.what]
    (event,) = out.trail.of(events.TokensRevoked)
    assert event.attempts == 2
    assert out.queue.held == {}


@pytest.mark.req("N84")
def test_what_a_killed_process_began_another_one_ends(out: SigningOut) -> None:
    """It was in the queue before the provider was asked."""

    async def killed(operation: str) -> None:
        if operation == "revoke:there":
            out.world.kill("p1")
            await out.world.sleep(0)

    out.provider.hop = killed
    out.world.run(out.ending.one(out.keys[0], EndReason.SIGNED_OUT))
    out.world.settle(1)
    assert out.trail.of(events.TokensRevoked) == []
    out.provider.hop = _nothing
    other = out.process("another")
    assert drain(out, other) == 0
    assert drain(out, other, after=61) == 1
    assert len(out.trail.of(events.TokensRevoked)) == 1


def killed_while_ending(ticks: int) -> SigningOut:
    """Ada's first session is being ended, and the process dies after so many things have happened."""
    out = SigningOut()

    async def hop(_operation: str) -> None:
        await out.world.sleep(0)

    out.sessions.hop = out.provider.hop = hop
    out.world.spawn("p1", "ending", out.ending.one(out.keys[0], EndReason.SIGNED_OUT))
    out.world.tick(ticks)
    out.world.kill("p1")
    out.sessions.hop = out.provider.hop = _nothing
    return out


@pytest.mark.req("N84", "R9")
def test_a_process_killed_at_any_await_of_an_end_leaves_nothing_untold() -> None:
    """Either the session lives and its tokens were not touched, or it has ended and they are revoked."""
    seen = set()
    for ticks in range(1, 40):
        out = killed_while_ending(ticks)
        lives, told, kept = 0 in out.left(), out.state.counts["revoke"], len(out.queue.held)
        seen.add((lives, bool(told), kept))
        drain(out, out.process("another"), after=61)
        assert (0 in out.left()) == lives
        assert (out.state.counts["revoke"] > 0) == (not lives), f"killed after {ticks}"
        assert out.queue.held == {}
        assert out.left()[-2:] == [1, 2]
        out.world.close()
    assert seen == {
        (True, False, 0),  # before anything
        (True, False, 1),  # it was meant, and not done
        (False, False, 1),  # ended, and the provider not told yet
        (False, True, 1),
        (False, True, 0),  # all was done
    }


@pytest.mark.parametrize("way", ["one", "told"])
def test_an_end_that_found_nothing_withdraws_what_it_meant(out: SigningOut, way: str) -> None:
    """Somebody else was faster, and tells the provider."""
    end = out.ending.one if way == "one" else out.ending.told

    async def ended_meanwhile(operation: str) -> None:
        if operation == "end:there":
            out.sessions.hop = _nothing
            await out.sessions.end(out.keys[0], EndReason.ADMIN, NOW)

    out.sessions.hop = ended_meanwhile
    assert out.world.run(end(out.keys[0], EndReason.SIGNED_OUT)) is None
    assert out.queue.held == {}


def test_an_answer_that_was_lost_leaves_what_was_meant_to_be_judged(out: SigningOut) -> None:
    """Redis ended the session and could not say so: that its tokens are revoked does not depend on it."""

    async def lost(operation: str) -> None:
        if operation == "end:back":
            raise StoreUnavailable

    out.sessions.hop = lost
    with pytest.raises(StoreUnavailable):
        out.world.run(out.ending.one(out.keys[0], EndReason.SIGNED_OUT))
    out.sessions.hop = _nothing
    assert drain(out, after=61) == 1
    assert out.state.counts["revoke"] == 1


def test_a_session_that_cannot_be_read_holds_up_no_other_revocation(out: SigningOut) -> None:
    """Whether it lives is asked again when the hold is over; the next one is told now."""
    assert out.world.run(out.revocation.intend(out.keys[0])) is not None
    assert out.world.run(out.revocation.intend(out.keys[1])) is not None
    out.world.run(out.sessions.end(out.keys[0], EndReason.SIGNED_OUT, NOW))
    out.world.run(out.sessions.end(out.keys[1], EndReason.SIGNED_OUT, NOW))
    reads: list[str] = []

    async def unreadable(operation: str) -> None:
        if operation == "load:there":
            reads.append(operation)
            if len(reads) == 1:
                raise StoreUnavailable

    out.sessions.hop = unreadable
    assert drain(out, after=61) == 2
    assert (out.state.counts["revoke"], len(out.queue.held)) == (1, 1)
    assert drain(out, after=61) == 1
    assert (out.state.counts["revoke"], len(out.queue.held)) == (2, 0)


@pytest.mark.parametrize("offline", [False, True])
def test_what_is_not_to_be_revoked_is_not_meant_either(out: SigningOut, *, offline: bool) -> None:
    """A process that dies while the provider ends a session leaves alone what may outlive it."""
    out.change_tokens(0, scope=("openid", "offline_access") if offline else ("openid",))

    async def look(operation: str) -> None:
        if operation == "end:there":
            assert len(out.queue.held) == (0 if offline else 1)

    out.sessions.hop = look
    reason, revoke = EndReason.IDP_LOGOUT, Revoke.WITHOUT_OFFLINE_ACCESS
    assert out.world.run(out.ending.one(out.keys[0], reason, revoke)) is not None


def test_tokens_renewed_after_an_end_was_meant_are_the_ones_revoked(out: SigningOut) -> None:
    """What was kept is kept anew once it is known which tokens the session ended with."""

    async def renewed_meanwhile(operation: str) -> None:
        if operation == "end:there":
            out.change_tokens(0, refresh_token="refresh-newest")

    out.sessions.hop = renewed_meanwhile
    out.state.fail("revoke", AWAY)
    end_one(out)
    ((_, waiting),) = out.queue.held.values()
    assert (waiting.token, waiting.session) == ("refresh-newest", None)


async def _nothing(_operation: str) -> None:
    """The way is free."""


@pytest.mark.req("N84")
def test_two_processes_do_not_try_the_same_at_once(out: SigningOut) -> None:
    """Who takes it holds it for a minute."""
    out.state.fail("revoke", AWAY)
    end_one(out)
    out.world.settle(10)
    now = out.world.now()
    assert len(out.world.run(out.queue.take(now, now + 60, 10))) == 1
    assert drain(out, out.process("another")) == 0


@pytest.mark.req("N84", "N85")
def test_pauses_double_and_trying_ends_when_the_token_has_expired(out: SigningOut) -> None:
    """Not before; the end is recorded."""
    out.state.down = AWAY
    end_one(out)
    pauses = []
    for _ in range(5):
        ((due_at, _revocation),) = out.queue.held.values()
        pauses.append(round(due_at - out.world.now()))
        out.world.settle(due_at - out.world.now())
        drain(out)
    assert pauses == [4, 10, 20, 40, 80]
    out.world.settle(604_800)
    drain(out)
    assert out.queue.held == {}
    assert out.trail.of(events.RevocationFailed)[-1].reason == "expired"


@pytest.mark.parametrize(
    ("refusal", "kept"),
    [
        (TokenRequestRejected("unsupported_token_type"), 0),
        (TokenRequestRejected("invalid_client"), 1),
        (ProviderMetadataInvalid("issuer"), 1),
    ],
)
def test_a_refusal_is_final_unless_an_operator_can_mend_it(
    out: SigningOut, refusal: Exception, kept: int
) -> None:
    """Wrong credentials are tried again once they are right."""
    out.state.fail("revoke", refusal)  # type: ignore[arg-type]
    end_one(out)
    assert len(out.trail.of(events.RevocationFailed)) == 1
    assert len(out.queue.held) == kept


@pytest.mark.req("N84")
def test_a_provider_without_the_endpoint_is_not_said_to_have_revoked(out: SigningOut) -> None:
    """Nor is it tried again."""
    out.state.metadata["revocation_endpoint"] = None
    end_one(out)
    assert out.trail.of(events.TokensRevoked) == []
    assert out.queue.held == {}


def test_without_a_refresh_token_the_access_token_goes(out: SigningOut) -> None:
    """It is all there is."""
    out.revocation.soon(a_core(), a_session(tokens={"refresh_token": None}).tokens)
    out.world.settle(1)
    assert out.trail.of(events.TokensRevoked)[0].token_kind == "access_token"


def test_a_queue_that_is_away_or_full_is_recorded_and_the_provider_asked_all_the_same(
    out: SigningOut,
) -> None:
    """What cannot be kept is at least tried."""
    out.queue.available = False
    end_one(out)
    assert out.trail.of(events.RevocationFailed)[0].reason == "queue_unavailable"
    assert out.state.counts["revoke"] == 1
    out.state.fail("revoke", AWAY)
    out.revocation.soon(a_core(), a_session().tokens)
    out.world.settle(1)
    out.queue.available, out.queue.most = True, 0
    out.revocation.soon(a_core(), a_session().tokens)
    out.world.settle(1)
    assert out.trail.of(events.RevocationFailed)[-1].reason == "queue_full"
    assert out.world.now() >= NOW
