"""The reviewer's list of sessions, and the pages about one of them."""

import msgspec
import pytest

from bff.audit.rows import AuditRow
from bff.errors import RequestMalformed, RouteNotFound
from bff.flows.review_reading import SessionFilter
from tests.builders import NOW, a_journal
from tests.flows.reviewing import Reviewing


@pytest.fixture
def review() -> Reviewing:
    """Everybody is signed in."""
    return Reviewing()


def an_entry(**changes: object) -> AuditRow:
    """One row of the trail."""
    row = AuditRow(
        seq=7, id="1-0", at=NOW, severity="info", event="session_ended", title="Session ended",
        actor=None, subject="ada", ref="s_gone_for_long", address=None, agent=None,
        outcome="success", reason="signed_out", request_id=None, chain="c", number=1, details={},
    )  # fmt: skip
    return msgspec.structs.replace(row, **changes)


def refs(review: Reviewing, wanted: SessionFilter, limit: int = 50) -> list[list[str]]:
    """All pages of a list."""
    pages, cursor = [], None
    while True:
        page = review.world.run(review.listing.page(wanted, cursor, limit, "s_rita"))
        pages.append([row.ref for row in page.rows])
        cursor = page.next
        if cursor is None:
            return pages


def test_the_plain_list_is_newest_first_exact_and_marks_ones_own(review: Reviewing) -> None:
    """Straight from the register, page after page, the reviewer's own session among them."""
    first = review.world.run(review.listing.page(SessionFilter(), None, 2, "s_rita"))
    assert (first.total, first.exact, first.complete) == (5, True, True)
    assert {row.ref for row in first.rows} == {"s_rita", "s_ralf"}
    assert {row.ref for row in first.rows if row.own} == {"s_rita"}
    assert sorted(ref for page in refs(review, SessionFilter(), 2) for ref in page) == [
        "s_A", "s_B", "s_C", "s_ralf", "s_rita",
    ]  # fmt: skip


@pytest.mark.parametrize("sort", ["subject", "-seen", "started", "access_left", "-refreshes"])
def test_every_order_pages_through_all_without_repeating(review: Reviewing, sort: str) -> None:
    """Two at a time; five in all; none twice."""
    pages = refs(review, SessionFilter(sort=sort), 2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({ref for page in pages for ref in page}) == 5


def test_a_page_after_a_change_goes_on_where_the_last_one_stopped(review: Reviewing) -> None:
    """The cursor is a place, not a number: one that ended meanwhile shifts nobody."""
    wanted = SessionFilter(sort="subject")
    first = review.world.run(review.listing.page(wanted, None, 2, ""))
    review.world.run(review.flow.ending.by_ref(first.rows[0].ref))  # type: ignore[arg-type]
    review.world.settle(11)
    second = review.world.run(review.listing.page(wanted, first.next, 2, ""))
    assert [row.ref for row in first.rows] == ["s_A", "s_B"]
    assert [row.ref for row in second.rows] == ["s_C", "s_ralf"]


def test_filters_and_facets(review: Reviewing) -> None:
    """Words, states and users; facets count what another state would show."""
    key = review.out.keys[1]
    stuck = msgspec.structs.replace(
        review.out.memory.sessions[key], journal=a_journal(outcome="timeout", attempts=2)
    )
    review.out.memory.sessions[key] = stuck
    page = review.world.run(review.listing.page(SessionFilter(state="stuck"), None, 50, ""))
    assert [row.ref for row in page.rows] == ["s_B"]
    assert page.facets["state"] == {"active": 4, "stuck": 1}
    assert refs(review, SessionFilter(q="RITA")) == [["s_rita"]]
    assert refs(review, SessionFilter(subject="nobody")) == [[]]


@pytest.mark.parametrize(
    ("sort", "cursor"), [("wrong", None), ("subject", "%%%"), ("seen", "WyJ4Il0")]
)
def test_an_order_or_a_cursor_of_somebody_elses_is_refused(
    review: Reviewing, sort: str, cursor: str | None
) -> None:
    """Before anything is shown."""
    with pytest.raises(RequestMalformed):
        review.world.run(review.listing.page(SessionFilter(sort=sort), cursor, 5, ""))


def test_states_follow_time_and_the_journal(review: Reviewing) -> None:
    """Fifteen minutes unseen is idle; a renewal in flight says so."""
    key = review.out.keys[0]
    review.out.memory.sessions[key] = msgspec.structs.replace(
        review.out.memory.sessions[key], journal=a_journal(outcome=None)
    )
    review.world.settle(901)
    states = {
        row.ref: row.state
        for row in review.world.run(review.listing.page(SessionFilter(), None, 50, "")).rows
    }
    assert states["s_A"] == "renewing"
    assert states["s_B"] == "idle"


def test_a_session_that_ended_is_told_from_the_trail(review: Reviewing) -> None:
    """When and why; without an entry there is nothing to say, and so for what is no reference."""
    rita = review.admitted(review.rita)
    with pytest.raises(RouteNotFound):
        review.world.run(review.pages.session("s_gone_for_long", rita))
    review.entries.rows = [an_entry()]
    detail = review.world.run(review.pages.session("s_gone_for_long", rita))
    assert detail.session is None
    assert detail.ended is not None
    assert (detail.ended.reason, detail.subject) == ("signed_out", "ada")
    with pytest.raises(RouteNotFound):
        review.world.run(review.pages.session('s_" or event:x', rita))


def test_a_users_page_has_all_that_concerns_them(review: Reviewing) -> None:
    """Sessions with their alerts, the calendar, the trail asked for exactly this user."""
    review.desk.by_ref = {"s_B": 2}
    user = review.world.run(review.pages.user("ada", review.admitted(review.rita)))
    assert {row.ref: row.alerts for row in user.sessions} == {"s_A": 0, "s_B": 2, "s_C": 0}
    assert [(day.success, day.failed) for day in user.sign_ins] == [(2, 1)]
    assert review.entries.asked == ['subject:"ada"']


@pytest.mark.parametrize(
    ("word", "kind", "to"),
    [
        ("ada", "user", "/user?subject=ada"),
        ("192.0.2.0/24", "address", "/audit?q=ip%3A192.0.2.0%2F24"),
        ("lovelace", "session", "/sessions?q=lovelace"),
    ],
)
def test_a_word_leads_somewhere(review: Reviewing, word: str, kind: str, to: str) -> None:
    """A user, an address, or sessions in whose row the word occurs."""
    hits = review.world.run(review.pages.search(word, review.admitted(review.rita))).hits
    assert [(hit.kind, hit.to) for hit in hits] == [(kind, to)]


def test_a_reference_and_a_request_are_found_by_what_is_known_of_them(review: Reviewing) -> None:
    """In the register or in the trail; unknown ones lead nowhere."""
    rita = review.admitted(review.rita)

    def found(word: str) -> list[str]:
        return [hit.kind for hit in review.world.run(review.pages.search(word, rita)).hits]

    assert found("s_unknown_reference") == []
    assert found("req_unknown") == []
    assert found("") == []
    review.entries.rows = [an_entry()]
    assert found("s_unknown_reference") == ["session"]
    assert found("req_unknown") == ["request"]


@pytest.mark.req("S11")
def test_who_asks_first_is_told_that_not_all_has_been_read(review: Reviewing) -> None:
    """A register that takes long: the first answer says that it is not complete, a later one is."""
    page_of = review.listing.register.page

    async def slow(*asked: object) -> object:
        await review.world.sleep(1.0)
        return await page_of(*asked)  # type: ignore[arg-type]

    object.__setattr__(review.listing.register, "page", slow)
    wanted = SessionFilter(state="active")
    first = review.world.run(review.listing.page(wanted, None, 50, ""))
    assert (first.rows, first.complete, first.exact) == ((), False, False)
    review.world.settle(2)
    second = review.world.run(review.listing.page(wanted, None, 50, ""))
    assert (second.total, second.complete, second.exact) == (5, True, True)


def test_a_reading_is_shown_while_the_next_one_is_made(review: Reviewing) -> None:
    """For a minute at most; what is to be ended is always read anew."""
    wanted = SessionFilter(sort="subject")
    first = review.world.run(review.listing.page(wanted, None, 50, ""))
    review.world.run(review.flow.ending.by_ref(first.rows[0].ref))  # type: ignore[arg-type]
    review.world.settle(30)
    assert review.world.run(review.listing.page(wanted, None, 50, "")).total == 5
    review.world.settle(1)
    assert review.world.run(review.listing.page(wanted, None, 50, "")).total == 4
    assert len(review.world.run(review.listing.refs(SessionFilter(q="s_")))) == 4
