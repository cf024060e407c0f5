"""One attempt at renewing a session: what was wanted, and how it ended."""

from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from bff.session.model import SessionKey


class Trigger(Enum):
    """Why a refresh was wanted."""

    EARLY = "early"
    EXPIRED = "expired"
    FORCED = "forced"


class Outcome(Enum):
    """How an attempt ended. RENEWED and ADOPTED: newer tokens are stored.

    BUSY: somebody else is at it. ENDED: there is no session.
    """

    RENEWED = auto()
    ADOPTED = auto()
    BUSY = auto()
    RESTING = auto()
    FAILED = auto()
    ENDED = auto()


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

    ``waiters`` grows while it is under way.
    """

    key: SessionKey
    seen: int
    trigger: Trigger
    owner: str
    waiters: int = 0
