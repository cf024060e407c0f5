"""What a use of a held session leaves to begin beside it."""

from typing import Any

import pytest

from bff.flows.held_sessions import QuietSessions
from bff.session.held import HeldSession
from bff.session.limits import SessionLimits
from bff.session.model import Acknowledgement, Session
from bff.session.refresh import RefreshPolicy
from tests.builders import NOW, a_session

LIMITS = SessionLimits()


def leaves_something(
    session: Session,
    generation: int = 0,
    *,
    seconds: float = 0,
    background: bool = False,
    put_off: bool = False,
) -> bool:
    """Of a use so many seconds after NOW, that is served; ``put_off``: the process is busy with others'."""
    used: list[Any] = []
    copies = QuietSessions(
        get={session.key: HeldSession(session, 0.0)}.get,
        used=used.append,
        begins=lambda *_: not put_off,
        touches=lambda *_: not put_off,
        policy=RefreshPolicy(jitter=0.0),
        limits=LIMITS,
    )
    quiet = copies.at(NOW + seconds, session.key, generation, None)
    assert quiet is not None
    assert used == [session.key]
    return copies.leaves_something(quiet, generation, NOW + seconds, background=background)


@pytest.mark.parametrize(
    ("use", "something"),
    [
        ({"seconds": 59}, False),
        ({"seconds": 60}, True),
        ({"seconds": 60, "background": True}, False),
        ({"seconds": 60, "put_off": True}, False),
        ({"seconds": 600, "background": True}, True),
        ({"seconds": 600, "background": True, "put_off": True}, False),
    ],
    ids=["fresh", "use", "in the background", "use later", "renewal", "renewal later"],
)
def test_a_use_leaves_what_is_due_and_not_put_off(use: dict[str, Any], something: bool) -> None:
    """A record once a minute, by a person; a renewal from the tenth minute on."""
    assert leaves_something(a_session(), **use) is something


def test_a_new_handle_is_acknowledged_whatever_else_is_going_on() -> None:
    """Until that is known; an old one leaves nothing to write."""
    renewed = a_session(generation=1)
    assert leaves_something(renewed, 1, background=True, put_off=True)
    assert not leaves_something(renewed, 0)
    known = a_session(generation=1, acknowledged=Acknowledgement(1, NOW, 0, NOW))
    assert not leaves_something(known, 1)
