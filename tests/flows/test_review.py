"""The reviewer at the door, and what a reviewer may end."""

import msgspec
import pytest

from bff.audit import operations
from bff.audit.acts import EndRequest
from bff.errors import (
    CountChanged,
    NotAReviewer,
    RequestMalformed,
    SessionRequired,
    StepUpRequired,
)
from bff.flows.review_reading import SessionFilter
from bff.session.model import EndReason
from tests.builders import NOW
from tests.flows.reviewing import Reviewing


@pytest.fixture
def review() -> Reviewing:
    """Everybody is signed in."""
    return Reviewing()


@pytest.mark.req("S11", "N59")
def test_a_role_opens_the_door_and_the_look_is_written_down(review: Reviewing) -> None:
    """An admin and a reviewer come in; each look names who looked at what."""
    assert review.admitted(review.rita).role == "admin"
    assert review.admitted(review.ralf).role == "reviewer"
    looks = review.trail.of(operations.Looked)
    assert [(look.actor, look.page, look.query) for look in looks] == [
        ("rita", "sessions", "q=x"),
        ("ralf", "sessions", "q=x"),
    ]


@pytest.mark.req("S11", "N118")
def test_an_ordinary_user_is_refused_and_that_is_written_down(review: Reviewing) -> None:
    """No role, no look; nobody at all is asked to sign in."""
    with pytest.raises(NotAReviewer):
        review.admitted(review.out.keys[0])
    refused = review.trail.of(operations.ReviewRefused)
    assert [(event.subject, event.reason) for event in refused] == [("ada", "role")]
    with pytest.raises(SessionRequired):
        review.world.run(review.flow.admit(None, "me", "", background=False))


def test_a_poll_is_no_second_look_and_does_not_slide_the_reviewers_session(
    review: Reviewing,
) -> None:
    """What repeats by itself every ten seconds is neither use nor news."""
    review.world.settle(120)
    review.admitted(review.rita, background=True)
    review.world.settle(1)
    assert review.trail.of(operations.Looked) == []
    assert review.out.memory.sessions[review.rita].touched_at == NOW


@pytest.mark.req("N61")
def test_ending_takes_a_recent_sign_in(review: Reviewing) -> None:
    """Five minutes after it, the reviewer is asked to sign in again, and nobody is signed out."""
    review.world.settle(301)
    with pytest.raises(StepUpRequired) as caught:
        review.world.run(
            review.flow.end(
                review.admitted(review.rita), EndRequest(reason="x", refs=("s_A",)), None
            )
        )
    assert caught.value.max_age_seconds == 300
    assert review.out.left() == [0, 1, 2]
    assert [event.reason for event in review.trail.of(operations.ReviewRefused)] == ["auth_time"]


@pytest.mark.req("N57", "N59")
def test_a_receipt_says_what_happened_and_what_stays_valid(review: Reviewing) -> None:
    """Deleted here, revoked there, and the access token lives on where APIs check it themselves."""
    answer = review.world.run(
        review.flow.end(
            review.admitted(review.ralf), EndRequest(reason="stolen", refs=("s_A",)), None
        )
    )
    (receipt,) = answer.receipts
    assert (receipt.deleted, receipt.revocation, receipt.subject) == (True, "revoked", "ada")
    assert receipt.stays_valid_seconds == 900
    assert review.out.left() == [1, 2]
    (acted,) = review.trail.of(operations.Acted)
    assert (acted.actor, acted.action, acted.count, acted.note) == (
        "ralf", "sessions_end", 1, "stolen",
    )  # fmt: skip


@pytest.mark.req("N57", "N59")
def test_all_of_a_user_end_only_when_as_many_as_were_confirmed(review: Reviewing) -> None:
    """A count that is no longer true ends nobody."""
    rita = review.admitted(review.rita)
    with pytest.raises(CountChanged):
        review.world.run(
            review.flow.end(rita, EndRequest(reason="x", subject="ada", expected=2), None)
        )
    assert review.out.left() == [0, 1, 2]
    answer = review.world.run(
        review.flow.end(rita, EndRequest(reason="x", subject="ada", expected=3), None)
    )
    assert answer.ended == 3
    assert review.out.left() == []


def test_what_a_filter_means_can_be_ended_but_not_a_filter_that_means_all(
    review: Reviewing,
) -> None:
    """`everybody` is a word of its own, for admins."""
    rita = review.admitted(review.rita)
    wanted = SessionFilter(subject="ada")
    answer = review.world.run(
        review.flow.end(rita, EndRequest(reason="x", filter="subject=ada", expected=3), wanted)
    )
    assert answer.ended == 3
    with pytest.raises(RequestMalformed):
        review.world.run(review.flow.end(rita, EndRequest(reason="x", filter=""), SessionFilter()))


@pytest.mark.req("N59")
def test_only_an_admin_ends_everybody(review: Reviewing) -> None:
    """A reviewer is refused; an admin's word ends five sessions, their own included."""
    everybody = EndRequest(reason="incident", everybody=True, expected=5)
    with pytest.raises(NotAReviewer):
        review.world.run(review.flow.end(review.admitted(review.ralf), everybody, None))
    answer = review.world.run(review.flow.end(review.admitted(review.rita), everybody, None))
    assert answer.ended == 5
    loaded = review.world.run(review.out.sessions.load(review.rita))
    assert getattr(loaded, "reason", None) is EndReason.ADMIN


@pytest.mark.parametrize(
    "asked",
    [
        EndRequest(reason="x"),
        EndRequest(reason="x", refs=("s_A",), subject="ada"),
        EndRequest(reason="x", everybody=True, filter="q=a"),
        EndRequest(reason="  ", refs=("s_A",)),
    ],
)
def test_a_request_names_one_thing_and_a_reason(review: Reviewing, asked: EndRequest) -> None:
    """Nothing, or two things, or no reason: refused."""
    with pytest.raises(RequestMalformed):
        review.world.run(review.flow.end(review.admitted(review.rita), asked, None))
    assert review.out.left() == [0, 1, 2]


def test_a_session_that_is_gone_already_has_a_receipt_that_says_so(review: Reviewing) -> None:
    """No error: two reviewers may press the same button. The own session goes last."""
    rita = review.admitted(review.rita)
    asked = EndRequest(reason="x", refs=("s_rita", "s_gone", "s_B"), expected=3)
    answer = review.world.run(review.flow.end(rita, asked, None))
    assert [(one.ref, one.deleted, one.own) for one in answer.receipts] == [
        ("s_gone", False, False),
        ("s_B", True, False),
        ("s_rita", True, True),
    ]


def test_me_says_until_when_acting_needs_no_new_sign_in(review: Reviewing) -> None:
    """And afterwards that it does."""
    rita = review.admitted(review.rita)
    assert review.flow.me(rita).fresh_until == NOW + 300
    review.world.settle(300)
    assert review.flow.me(rita).fresh_until is None


def test_no_body_of_the_console_has_a_field_for_a_secret(review: Reviewing) -> None:
    """What a session's page says, as JSON, holds none of its tokens and not its key."""
    detail = review.world.run(review.pages.session("s_A", review.admitted(review.rita)))
    said = msgspec.json.encode(detail).decode()
    session = review.out.memory.sessions[review.out.keys[0]]
    tokens = session.tokens
    for secret in (tokens.access_token, tokens.refresh_token, tokens.id_token, session.key):
        assert secret is not None
        assert secret not in said
