"""What is written of a session's use beside its requests: one record of many requests, and none that is lost for good."""

from collections.abc import Iterator

import pytest

from bff.errors import StoreUnavailable
from bff.session.limits import touch_turn_at
from bff.session.model import Session, SessionKey
from tests.builders import NOW, a_key
from tests.flows.fleet import Fleet


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """One world with one session."""
    fleet = Fleet()
    yield fleet
    fleet.world.close()


class Writes:
    """Counts what the store is asked to write, and refuses while ``away``."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.away = False

    async def watch(self, operation: str) -> None:
        """Before each operation."""
        name, _, when = operation.partition(":")
        if name in {"touch", "acknowledge"} and when == "there":
            self.seen.append(name)
            if self.away:
                raise StoreUnavailable


def use(
    fleet: Fleet, writes: Writes, session: Session, *seconds: float, generation: int = 0
) -> None:
    """Let a process use the session at these seconds after NOW, all before anything is written."""
    records = fleet.member("p1", writes.watch).records

    async def all_at_once() -> None:
        for moment in seconds:
            records.touch(session, NOW + moment)
            records.acknowledge(session, generation, NOW + moment)

    fleet.world.run(all_at_once())
    fleet.world.settle(1)


def test_many_uses_at_once_leave_one_record(fleet: Fleet) -> None:
    """Of each kind; the first one's."""
    writes = Writes()
    use(fleet, writes, fleet.begin(generation=1), 61, 62, 63, generation=1)
    assert sorted(writes.seen) == ["acknowledge", "touch"]
    stored = fleet.memory.sessions[a_key()]
    assert (stored.touched_at, stored.acknowledged.generation) == (NOW + 61, 1)


def test_a_use_that_says_nothing_new_is_not_written(fleet: Fleet) -> None:
    """Neither within the minute nor with the handle that is known."""
    writes = Writes()
    use(fleet, writes, fleet.begin(), 59)
    assert writes.seen == []


def crowd(fleet: Fleet, count: int) -> list[Session]:
    """Sessions that were last used at the same moment."""
    return [fleet.begin(key=a_key(f"{number:A<43}")) for number in range(count)]


def test_those_who_came_back_together_are_recorded_in_turn(fleet: Fleet) -> None:
    """Spread over half a minute, by their later uses; nobody twice."""
    writes, sessions = Writes(), crowd(fleet, 1_000)
    records = fleet.member("p1", writes.watch).records
    begun: dict[SessionKey, float] = {}
    for number in range(46_000):  # each asks every two seconds
        session, now = sessions[number % 1_000], NOW + 60 + number * 0.002
        if session.key not in begun and records.worth_touching(session, now):
            records.pace.last_at = begun[session.key] = now
    moments = sorted(begun.values())
    assert len(moments) == 1_000
    assert moments[-1] <= NOW + 92
    assert max(sum(at <= other < at + 1 for other in moments) for at in moments) <= 75
    assert moments[0] == NOW + 60, "the first at once"


def test_what_waits_is_made_by_a_later_use(fleet: Fleet) -> None:
    """Of two at the same moment one is recorded, and the other a little later."""
    writes, sessions = Writes(), crowd(fleet, 2)
    records = fleet.member("p1", writes.watch).records
    for seconds, written in ((60, 1), (60.01, 1), (60.1, 2)):
        for session in sessions:
            records.touch(session, NOW + seconds)
        assert len(records.writing) == written
    fleet.world.settle(1)
    assert writes.seen == ["touch", "touch"]


def test_a_record_that_waits_is_made_when_its_turn_has_come(fleet: Fleet) -> None:
    """However much else is being recorded; and a single one does not wait."""
    records = fleet.member().records
    (session,) = crowd(fleet, 1)
    turn = touch_turn_at(session, fleet.limits)
    assert NOW + 60 <= turn < NOW + 90
    assert records.worth_touching(session, NOW + 60)
    records.pace.last_at = turn - 0.02
    assert not records.worth_touching(session, turn - 0.01)
    assert records.worth_touching(session, turn)


def test_what_could_not_be_written_is_written_by_the_next_use(fleet: Fleet) -> None:
    """A store that is away costs precision, never the record."""
    writes, session = Writes(), fleet.begin()
    member = fleet.member("p1", writes.watch)
    for away in (True, False):
        writes.away = away
        member.records.touch(session, NOW + 90)
        fleet.world.settle(1)
    assert writes.seen == ["touch", "touch"]
    assert fleet.memory.sessions[a_key()].touched_at == NOW + 90
