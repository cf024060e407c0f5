"""One attempt at renewing a session: what was wanted, and how it ended."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from bff.session.audience import Audience
from bff.session.model import SessionKey


class Trigger(Enum):
    """Why a refresh was wanted."""

    EARLY = "early"
    EXPIRED = "expired"
    FORCED = "forced"


class Outcome(Enum):
    """How an attempt ended. RENEWED and ADOPTED: newer tokens are stored.

    BUSY: somebody else is at it. ENDED: there is no session. REFUSED: the provider gives no token
    for the audience, and the session goes on.
    """

    RENEWED = auto()
    ADOPTED = auto()
    BUSY = auto()
    RESTING = auto()
    FAILED = auto()
    ENDED = auto()
    REFUSED = auto()


class Attempt(msgspec.Struct, frozen=True):
    """The result everybody who waited gets; ``retry_after`` in seconds.

    ``unknown``: the provider may have acted.
    """

    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0
    unknown: bool = False


@dataclass(slots=True)
class Wanted:
    """One refresh as asked for: renew unless the generation has moved past ``seen``.

    ``waiters`` grows while it is under way. With an ``audience`` it is its token that is wanted,
    not the session's own.
    """

    key: SessionKey
    seen: int
    trigger: Trigger
    owner: str
    audience: Audience | None = None
    waiters: int = 0

    @property
    def place(self) -> SessionKey:
        """By which attempts of one process are told apart: one for each token of a session."""
        return flight_place(self.key, self.audience)


Fly = Callable[[], Awaitable[Attempt]]
Watched = Callable[[Wanted, Fly], Coroutine[object, object, Attempt]]
"""Makes an attempt, and may look on."""


async def unwatched(_wanted: Wanted, fly: Fly) -> Attempt:
    """Nobody looks on."""
    return await fly()


def flight_place(key: SessionKey, audience: Audience | None) -> SessionKey:
    """The session's key for its own token, a longer name for one of an audience."""
    return key if audience is None else SessionKey(f"{key} {audience.name}")
