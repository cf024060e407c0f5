"""Bad days of the API, as data: POST /__faults with one fault or a list.

    {"fault": "status", "status": 502, "path": "/leads", "method": "POST", "count": 3}

invalid_token       401 with a bearer challenge, as if the token had just been revoked
insufficient_scope  403 with a bearer challenge
slow                hold the request for ``seconds``, or until the faults are cleared
status              ``status`` (default 503), with Retry-After ``retry_after`` if given
drop                close the connection without an answer

Each applies to ``count`` requests (default 1; null: until DELETE /__faults), of one ``method`` and
below one ``path`` if these are given.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from upstream_mocks.holding import Holding, Pause

Kind = Literal["invalid_token", "insufficient_scope", "slow", "status", "drop"]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a bad day; the module's docstring says what the fields mean."""

    fault: Kind
    method: str | None = None
    path: str = "/"
    count: int | None = 1
    seconds: float = 30.0
    status: int = 503
    retry_after: int | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about this request."""
        return self.method in {None, method} and path.startswith(self.path)


class Faults:
    """The faults in force."""

    def __init__(self, pause: Pause) -> None:
        self.holding = Holding(pause)
        self.in_force: list[Fault] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """From the next request on."""
        self.in_force.extend(faults)

    def clear(self) -> None:
        """None any more; whatever is held is let go."""
        self.in_force.clear()
        self.holding.let_go()

    def take(self, method: str, path: str) -> list[Fault]:
        """What this request has to suffer; each fault's count falls by one."""
        suffered = [fault for fault in self.in_force if fault.matches(method, path)]
        for fault in suffered:
            if fault.count is not None:
                fault.count -= 1
        self.in_force = [fault for fault in self.in_force if fault.count != 0]
        return suffered
