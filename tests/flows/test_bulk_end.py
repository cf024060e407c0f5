"""Ending more sessions than one answer can tell of: begun, watched, interrupted, resumed."""

import pytest

from bff.audit import events, operations
from bff.audit.acts import EndJob, EndRequest
from bff.errors import RequestMalformed, StepUpRequired
from bff.flows.bulk_end import BATCH
from tests.flows.reviewing import Reviewing

MANY = 230


@pytest.fixture
def review() -> Reviewing:
    """Eve has more sessions than fit into one answer."""
    made = Reviewing()
    made.many(MANY)
    return made


def begun(review: Reviewing) -> str:
    """Rita ends all of Eve's sessions; the job."""
    request = EndRequest(reason="stolen laptop", subject="eve", expected=MANY)
    rita = review.admitted(review.rita)
    answer = review.world.run(review.flow.end(rita, request, None))
    assert (answer.ended, answer.receipts) == (0, ())
    assert answer.job is not None
    return answer.job


def standing(review: Reviewing, job: str) -> EndJob:
    """How it stands."""
    found = review.world.run(review.flow.bulk.job(job))
    assert found is not None
    return found


def acts(review: Reviewing) -> list[tuple[str, str, int]]:
    """Who did what to how many."""
    return [(act.actor, act.action, act.count) for act in review.trail.of(operations.Acted)]


@pytest.mark.req("N57", "N59")
def test_many_end_behind_the_answer_each_with_a_receipt(review: Reviewing) -> None:
    """Progress while it goes on; at the end every receipt, page by page, and the trail has it all."""
    job = begun(review)
    assert standing(review, job).status == "running"
    review.world.settle(20)
    done = standing(review, job)
    assert (done.status, done.total, done.done, done.ended) == ("done", MANY, MANY, MANY)
    assert done.stays_valid_seconds == 900
    refs, cursor = [], None
    while True:
        page = review.world.run(review.flow.bulk.receipts(done, cursor, 100))
        refs += [receipt.ref for receipt in page.rows]
        assert {receipt.revocation for receipt in page.rows} == {"revoked"}
        assert page.total == MANY
        cursor = page.next
        if cursor is None:
            break
    assert refs == sorted(set(refs))
    assert len(refs) == MANY
    assert acts(review) == [("rita", "sessions_end_begun", MANY), ("rita", "sessions_end", MANY)]
    assert len(review.trail.of(events.SessionEnded)) == MANY
    assert review.out.left() == [0, 1, 2]
    (listed,) = review.world.run(review.flow.bulk.jobs()).jobs
    assert listed.id == job


@pytest.mark.req("N57", "N59")
@pytest.mark.parametrize("steps", [3, 60, 110, 180, 220])
def test_a_crash_leaves_the_truth_and_another_process_goes_on(
    review: Reviewing, steps: int
) -> None:
    """Nothing counts as done without a receipt; who resumes ends the rest, each exactly once."""
    job = begun(review)
    review.world.tick(steps)
    review.world.kill("p1")
    review.world.settle(31)
    stopped = standing(review, job)
    assert (stopped.status, stopped.done % BATCH) == ("interrupted", 0)
    ended = len(review.trail.of(events.SessionEnded))
    assert stopped.done <= ended < MANY
    resumed = review.world.run(review.bulk("p22").resume(job, "ralf"))
    assert resumed is not None
    assert resumed.status == "running"
    review.world.settle(20)
    done = standing(review, job)
    assert (done.status, done.done, done.ended) == ("done", MANY, MANY)
    assert len(review.trail.of(events.SessionEnded)) == MANY
    receipts = review.world.run(review.ledger.receipts(job, 0, 1_000))
    unknown = [receipt for receipt in receipts if receipt.revocation == "unknown"]
    assert len(unknown) == ended - stopped.done
    assert acts(review)[1:] == [
        ("ralf", "sessions_end_resumed", MANY - stopped.done),
        ("rita", "sessions_end", MANY),
    ]


@pytest.mark.req("N57")
def test_one_that_runs_or_is_done_is_not_worked_on_twice(review: Reviewing) -> None:
    """To resume it says how it stands, and does nothing."""
    job = begun(review)
    running = review.world.run(review.bulk("p22").resume(job, "ralf"))
    assert running is not None
    assert running.status == "running"
    review.world.settle(20)
    done = review.world.run(review.bulk("p22").resume(job, "ralf"))
    assert done is not None
    assert done.status == "done"
    assert [act[1] for act in acts(review)] == ["sessions_end_begun", "sessions_end"]
    assert review.world.run(review.flow.bulk.resume("e_none", "ralf")) is None


@pytest.mark.req("N61")
def test_resuming_takes_a_recent_sign_in(review: Reviewing) -> None:
    """As ending does."""
    job = begun(review)
    review.world.settle(301)
    with pytest.raises(StepUpRequired):
        review.world.run(review.flow.resume(review.admitted(review.rita), job))


def test_a_place_among_receipts_is_a_number(review: Reviewing) -> None:
    """Anything else was not given out here."""
    job = begun(review)
    with pytest.raises(RequestMalformed):
        review.world.run(review.flow.bulk.receipts(standing(review, job), "odd", 5))
